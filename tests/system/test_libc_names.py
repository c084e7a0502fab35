# SPDX-License-Identifier: MIT
"""A program may give its functions any name that the C standard does not keep for the library: scripts/libcnames.py, libc/malloc/names.h."""

import glob
import os
import re
import subprocess

import lab

LIBRARY = os.path.join(lab.BUILD, "libc.a")
DECLARED = "".join(open(name, encoding="utf-8").read() for name in glob.glob(os.path.join(lab.ROOT, "libc", "include", "**", "*.h"), recursive=True))
OF_MALLOC = re.findall(r"^#define (\w+)(?:\(\.\.\.\))? fl_", open(os.path.join(lab.ROOT, "libc", "malloc", "names.h"), encoding="utf-8").read(), re.M)


def names(kinds):
    """The names of libc.a whose kind, a letter of nm's, is one of `kinds`."""
    listing = subprocess.run(["nm", "-g", LIBRARY], capture_output=True, text=True, check=True).stdout
    return set(re.findall(rf"^[0-9a-f ]{{16}} [{kinds}] (\w+)$", listing, re.M))


def test_a_programs_names_are_its_own(tmp_path):
    """`write`, `brk`, `basename` ... of a program: the library calls its own ones, as glibc does."""
    judge = tmp_path / "judge"
    subprocess.run(["gcc", "-w", "-o", judge, os.path.join(lab.ROOT, "tests/system/ours/own_names.c")], check=True)
    expected = lab.linux([str(judge)])
    assert expected.returncode == 0 and b"at exit" in expected.stdout
    ours = os.path.join(lab.BUILD, "tests", "ours", "own_names")
    for found in lab.linux([ours]), lab.guest([ours]):
        assert (found.returncode, found.stdout) == (0, expected.stdout)


def test_the_library_calls_nothing_that_a_program_may_define():
    assert "malloc" in names("U") and "__libc_write" in names("U")
    assert {name for name in names("U") - set(OF_MALLOC) if not name.startswith("_")} - names("BDR") == {"main"}


def test_what_only_the_library_has_can_be_defined_again():
    """A function is weak, malloc's (which are in headers), or begins as only a library's names may; a variable is in a header."""
    assert {"malloc_usable_size", "environ"} < names("TBDR") and "stream_write" in names("W")
    assert {name for name in names("T") - set(OF_MALLOC) if not name.startswith("_")} == set()
    assert {name for name in names("BDR") if not name.startswith("_") and not re.search(rf"\b{name}\b", DECLARED)} == set()
