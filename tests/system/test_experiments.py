# SPDX-License-Identifier: MIT
"""The experiments: the same static musl binary on Linux and in the guest prints the same; so does the one with our libc."""

import os
import re

import pytest

import lab

# musl's sbrk() refuses every argument but 0, on Linux too: those that are about the break are linked with our libc.
NEEDS_OUR_LIBC = {"sbrk100m"}
# The tour shows the machine beneath (frames, ledger) and is judged by its own tests.
NOT_COMPARED = {"tour"}

NAMES = [name for name in lab.sources("user/demo") if name not in NOT_COMPARED]
CASES = [("ours", name) for name in NAMES] + [("musl", name) for name in NAMES if name not in NEEDS_OUR_LIBC]


def binary(library, name):
    if library == "musl":
        return os.path.join(lab.BUILD, "tests", "demo", name)
    return os.path.join(lab.BUILD, "user", "demo", name + ".elf")


def linux_swaps():
    with open("/proc/swaps", encoding="ascii") as file:
        return len(file.readlines()) > 1


@pytest.mark.parametrize("library,name", CASES)
def test_same_as_on_linux(library, name):
    if not lab.judged(name):
        pytest.skip("this machine's Linux has no page of zeros; make diff compares the program with Debian's")
    if name == "beyond" and linux_swaps():
        pytest.skip("this machine's Linux has swap, and the guest has none: that is the first thing the experiment says")
    expected, got = lab.compare([binary(library, name)])
    assert lab.normal.without_process_numbers(got[0]) == lab.normal.without_process_numbers(expected[0])
    assert got[1] == expected[1]


@pytest.mark.parametrize("name", NAMES)
def test_runs_by_name_and_gives_everything_back(name):
    result = lab.guest([name], options=[])
    assert "ledger: balanced" in lab.log_of(result)
    assert result.returncode != 125


def test_the_gibibyte_in_each_overcommit_mode():
    """128 MiB of RAM: Linux refuses in modes 0 and 2, as the article's readers find; ours begins in mode 1."""
    result = lab.guest(["sh"], stdin=b"vmrss -modes; cat /proc/sys/vm/overcommit_memory; exit 0\n")
    assert re.findall(r"mode (\d), \w+ +malloc\(1 GiB\) (.*)", result.stdout.decode()) == [
        ("0", "= NULL: it is refused"), ("1", "succeeds"), ("2", "= NULL: it is refused")]
    assert result.stdout.endswith(b"\n1\n")
