# SPDX-License-Identifier: MIT
"""What memory management must show from outside: maps like Linux's, exact counts, and an end without harm when RAM ends."""

import os
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


# What `overcommit MODE 50 check` must say of the calls that differ by mode, as Linux's mm/util.c has them.
REFUSED = {
    "0": {"more than the RAM", "more than the RAM, shared"},
    "1": set(),
    "2": {"more than the RAM", "more than the RAM, not reserved", "more than the RAM, shared",
          "three quarters of the RAM", "and again"},
}


@pytest.mark.parametrize("mode", ["0", "1", "2"])
def test_overcommit_modes_refuse_as_linux_does(mode):
    result = lab.guest([lab.program("overcommit"), mode, "50", "check"], options=["-m", "128"])
    lines = dict(line.split(": ", 1) for line in result.stdout.decode().splitlines())
    assert result.returncode == 0, lab.log_of(result)
    refused = {what for what, answer in lines.items() if answer == "Out of memory"}
    assert refused == REFUSED[mode], result.stdout.decode()
    assert lines["limit is ratio"] == "1"
    assert "ledger: balanced" in lab.log_of(result)


def test_promises_are_counted_exactly():
    result = lab.guest([lab.program("overcommit"), "1", "50", "check"])
    told = [line for line in result.stdout.decode().splitlines() if line.endswith(" kB")]
    child = int(told[6].split()[-2])
    assert told[:6] == ["promised: +4096 kB", "promised: +2048 kB", "promised: +0 kB",
                        "a part made writable: +1024 kB", "all of the private made read-only: +0 kB", "and grown by 2 MiB: +2048 kB"], told
    assert 7168 < child < 7168 + 1024, told    # the shared object is promised once; the rest is its own data and stack
    assert told[7] == "all unmapped: -9216 kB", told


@pytest.mark.parametrize("mode", ["0", "2"])
def test_a_gibibyte_is_refused_on_a_small_machine(mode):
    """The article's malloc(1 GiB) on 128 MiB: mode 1 promises it (test_experiments), the others do not."""
    result = lab.guest([lab.program("overcommit"), mode, "50", "/bin/vmrss"], options=["-m", "128"])
    assert result.returncode == 0, lab.log_of(result)
    assert b"malloc(1 GiB) = NULL: this kernel refuses" in result.stdout


@pytest.mark.parametrize("fuzzer, calls, seed", [("fuzz_memory", "500000", "1"), ("fuzz_memory", "300000", "20261121"),
                                                 ("fuzz_process", "250000", "7"), ("fuzz_process", "100000", "1")])
def test_random_calls(fuzzer, calls, seed):
    """The fuzzer holds each result against its model; its hash of all results must be Linux's. (`make fuzz-calls`: a million of each.)"""
    program = [os.path.join(lab.BUILD, "tests", "musl", fuzzer), calls, seed]
    expected = lab.linux(program)
    assert expected.returncode == 0, expected.stdout.decode()
    result = lab.guest(program, options=[], seconds=300)
    assert (result.returncode, result.stdout) == (0, expected.stdout)
    assert "ledger: balanced" in lab.log_of(result)
