# SPDX-License-Identifier: MIT
"""The programs of tests/guest, Linux first and then the guest: output and status must be equal.

Each is linked with musl and with our own libc, so both the kernel and the libc stand between the same two judges.
Those called malloc_* are about our malloc, and thread_make asks what musl does not: they are linked with our libc only. Those called
errors_* make raw calls, those called linux_* what only Linux has: they are linked with musl only.
"""

import os
import subprocess

import pytest

import lab

NAMES = lab.sources("tests/guest")
CASES = ([("ours", name) for name in NAMES if not name.startswith(("errors_", "linux_"))] +
         [("musl", name) for name in NAMES if not name.startswith("malloc_") and name != "thread_make"])


@pytest.mark.parametrize("library,name", CASES)
def test_same_as_on_linux(library, name):
    path = os.path.join(lab.BUILD, "tests", library, name)
    result = lab.guest([path])
    if not lab.judged(name):    # the program itself knows what it should find
        assert result.returncode == 0, result.stdout.decode()
        return
    expected = lab.linux([path])
    assert expected.returncode == 0, f"fails on Linux:\n{expected.stdout.decode()}"
    assert result.stdout.decode() == expected.stdout.decode()
    assert result.returncode == expected.returncode


def test_registers_while_calls_are_watched():
    """Then the kernel's entry leads elsewhere, and the registers that fork copies are saved on another way."""
    path = os.path.join(lab.BUILD, "tests", "musl", "sys_registers")
    result = lab.guest([path], options=["--append", "strace"])
    assert b"vfork(" in result.stderr
    assert result.stdout.decode() == lab.linux([path]).stdout.decode()


@pytest.mark.parametrize("name,certain", [("commands", b"none: an interrupt is heeded"), ("dates", b"2024-02-29 10:20:00 weekday 4 day 59 zone 19800"),
                                          ("trees", b"elsewhere: 0, back: 0")])
def test_same_as_with_glibc(tmp_path, name, certain):
    """system in threads, and what strptime, glob and nftw have beyond musl's."""
    judge = str(tmp_path / "judge")
    subprocess.run(["gcc", "-pthread", "-w", "-o", judge, os.path.join(lab.ROOT, "tests/system/ours", name + ".c")], check=True)
    expected = lab.linux([judge])
    assert expected.returncode == 0 and certain in expected.stdout
    ours = os.path.join(lab.BUILD, "tests", "ours", name)
    for found in lab.linux([ours]), lab.guest([ours]):
        assert (found.returncode, found.stdout) == (0, expected.stdout)
