# SPDX-License-Identifier: MIT
"""The vDSO as a file: what the dynamic linkers, musl's and our parser, debuggers and the kernel's mapping rely on."""

import os
import re
import subprocess

import lab

OBJECT = os.path.join(lab.BUILD, "vdso.so")
FUNCTIONS = {"__vdso_clock_gettime", "__vdso_clock_getres", "__vdso_gettimeofday", "__vdso_time", "__vdso_getcpu"}


def readelf(*options):
    result = subprocess.run(["readelf", "-W", *options, OBJECT], capture_output=True, text=True, check=True)
    assert not result.stderr, result.stderr
    return result.stdout


def test_one_segment_that_nobody_writes():
    loads = re.findall(r"^ +LOAD +0x0+ 0x0+ 0x0+ 0x(\w+) 0x(\w+) (...) 0x1000$", readelf("-l"), re.MULTILINE)
    assert loads == [(loads[0][0], loads[0][0], "R E")]
    assert int(loads[0][0], 16) <= os.path.getsize(OBJECT) <= 2 * 4096    # VDSO_PAGES


def test_nothing_to_relocate():
    assert "There are no relocations" in readelf("-r")
    assert "NEEDED" not in readelf("-d") and "INTERP" not in readelf("-l")


def test_both_hash_tables_and_the_name():
    dynamic = readelf("-d")
    for entry in (r"\(HASH\)", r"\(GNU_HASH\)", r"\(SONAME\).*\[linux-vdso\.so\.1\]", r"\(VERSYM\)", r"\(VERDEF\)"):
        assert re.search(entry, dynamic), entry


def test_the_functions_and_their_version():
    rows = re.findall(r" FUNC +GLOBAL +DEFAULT +\d+ (\S+)$", readelf("--dyn-syms"), re.MULTILINE)
    ours = "__vdso_trace_level"    # not Linux's: by it our C library learns whether somebody watches
    assert set(rows) == {name + "@@LINUX_2.6" for name in [*FUNCTIONS, ours]}


def test_debuggers_can_unwind_through_it():
    assert "GNU_EH_FRAME" in readelf("-l")
    assert readelf("--debug-dump=frames").count("FDE") >= len(FUNCTIONS)
