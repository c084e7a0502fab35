# SPDX-License-Identifier: MIT
"""The sessions and outputs that the documents show are those of today: sessions.py types them and compares."""

import pytest

import sessions

SHOWN = [session for document in sessions.DOCUMENTS for session in sessions.sessions(document)]


def test_there_are_some():
    assert len(SHOWN) > 10 and {session.document for session in SHOWN} == set(sessions.DOCUMENTS)


@pytest.mark.parametrize("session", SHOWN, ids=lambda session: f"{session.document}:{session.command.split('/')[-1]}")
def test_what_is_shown_is_what_is_said(session):
    _, wrong = sessions.replay(session)
    assert not wrong, wrong + "\n(make sessions writes today's numbers; words are for a person to mend)"


REAL = ["pid 2 vmrss   VSZ 1048940 KiB", " 0x400000 0x401000 r--p   4K", " 0x401000 0x402000 r-xp   8K", "end"]


@pytest.mark.parametrize("shown, said", [
    (["pid 7 vmrss VSZ 12 KiB", " 0x1 0x2 r--p 4K", " 0x3 0x4 r-xp  16K", "end"], ""),
    (["pid 7 vmrss VSZ 12 KiB", "...", "end"], ""),
    (["...", " 0x3 0x4 r-xp  16K", "end"], ""),
    (["pid 7 vmrss VSZ 12 KiB", "..."], ""),
    (["pid 7 other VSZ 12 KiB", "..."], "the document has\n    pid 7 other"),
    (["...", " 0x1 0x2 r--p 4K", "end"], "the document has\n    end"),
    (["pid 7 vmrss VSZ 12 KiB"], "the document does not have\n     0x400000"),
    (REAL + ["more"], "the document has\n    more\nand there stands\n    (nothing)"),
])
def test_a_document_that_is_wrong_is_noticed(shown, said):
    made, wrong = sessions.matched(shown, REAL)
    assert wrong.startswith(said) and bool(wrong) == bool(said)
    assert said or [line for line in made if line != "..."] == [line for line in REAL if line in made]
