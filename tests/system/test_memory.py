# SPDX-License-Identifier: MIT
"""What memory management must show from outside: maps like Linux's, exact counts, and an end without harm when RAM ends."""

import re

import pytest

import lab


def test_maps_are_linux_maps():
    expected, got = lab.compare([lab.program("maps")])
    assert got == expected
    assert expected[0].count("\n") >= 10


def test_every_row_of_maps_is_padded_as_on_linux():
    for line in lab.guest([lab.program("maps")]).stdout.decode().splitlines():
        row = re.match(r"^[0-9a-f]{8,}-[0-9a-f]{8,} [r-][w-][x-]p [0-9a-f]{8} [0-9a-f]{2,}:[0-9a-f]{2,} \d+ *(.*)$", line)
        assert row, line
        assert not row.group(1) or line.index(row.group(1)) == 73, line


@pytest.mark.parametrize("memory", [16, 128])
def test_memory_ends(memory):
    """More than the machine has: the program is refused or ended with an explanation, the parent goes on."""
    result = lab.guest([lab.program("parent"), lab.program("eat"), str(2 * memory)],
                       options=["-m", str(memory), "-f", lab.program("eat")])
    log = lab.log_of(result)
    assert result.returncode == 0, log
    assert "ended by signal 9" in result.stdout.decode() or "refused after" in result.stdout.decode()
    assert re.search(r"out of memory", log, re.IGNORECASE), log
    assert "ledger: balanced" in log


def test_nearly_all_memory_can_be_used():
    result = lab.guest([lab.program("eat"), "100"], options=["-m", "128"])
    assert (result.returncode, result.stdout) == (0, b"all 100 MiB\n"), lab.log_of(result)


def test_memory_can_be_used_again_and_again():
    script = "".join(f"{lab.program('eat')} 80\n" for _ in range(8)) + "exit 0\n"
    result = lab.guest(["sh"], stdin=script.encode(), options=["-m", "128", "-f", lab.program("eat")])
    assert result.stdout.decode().count("all 80 MiB") == 8, lab.log_of(result)
    assert "ledger: balanced" in lab.log_of(result)


def test_a_fault_explains_itself():
    result = lab.guest(["bug-unalloc"], options=[])
    log = lab.log_of(result)
    assert re.search(r"bug-unalloc\[\d+\]: segfault at [0-9a-f]+ ip [0-9a-f]+ sp [0-9a-f]+ error [0-9a-f]+", log), log
    assert re.search(r"user/demo/bug-unalloc\.c:\d+", log), log
