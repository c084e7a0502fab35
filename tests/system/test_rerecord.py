# SPDX-License-Identifier: MIT
"""A failing test leaves a recording of its guest and prints the command that goes back in it: a pytest within this one."""

import os
import re
import subprocess
import sys

import pytest

import lab
import qemu

INNER = f"""
import os
import pytest
import lab
OVERRUN = {os.path.join(lab.BUILD, "tests", "ours", "overrun")!r}

@pytest.fixture(scope="module")
def echoed():
    return lab.guest(["cat"], b"words")

def test_passes():
    assert lab.guest(["true"]).returncode == 0

def test_names():
    lab.guest(["true"])
    assert lab.guest([OVERRUN]).returncode == 0

@pytest.mark.parametrize("way", ["one/way"])
def test_of_a_fixture(echoed, way):
    assert echoed.stdout == b"other words"

def test_boots():
    assert lab.boot(append="panic=null").status == 0

def test_through_grub():
    assert lab.boot(iso="{qemu.TOUR_ISO}").status == 0

def test_two_processors():
    assert lab.guest(["false"], options=("-q", "-c", "2")).returncode == 0

def test_without_a_guest():
    assert False
"""    # (of the last one nothing can be recorded but what the fixture ran, which is said)


@pytest.fixture(scope="module")
def inner(tmp_path_factory):
    """(what the inner pytest printed, the folder of recordings)"""
    folder = tmp_path_factory.mktemp("inner")
    (folder / "test_inner.py").write_text(INNER)
    ended = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "rerecord", "-q", "test_inner.py"],
                           cwd=folder, capture_output=True, text=True, timeout=400, check=False,
                           env={**os.environ, "PYTHONPATH": os.path.join(lab.ROOT, "tests", "system"),
                                "FAULTLINE_RECORDINGS": str(folder / "failed")})
    assert "6 failed, 1 passed" in ended.stdout, ended.stdout + ended.stderr
    return ended.stdout, folder / "failed"


def test_the_command_is_printed_and_goes_back(inner, rewind):
    output, folder = inner
    found = re.search(r"The last guest of this test \(\S*/overrun\) was run again and recorded. It ended as before, with status 134.\n"
                      r"    make rewind REC=(\S*/test_inner.py-test_names)\n", output)
    assert found, output
    place = os.path.join(lab.ROOT, found.group(1))
    assert os.path.samefile(place, folder / "test_inner.py-test_names")
    ended = subprocess.run(["make", "-s", "rewind", f"REC={found.group(1)}"], cwd=lab.ROOT, text=True, capture_output=True, timeout=300,
                           input="mm who-wrote (char *)second - 8\nquit\n", check=False,
                           env={**os.environ, "MAKEFLAGS": "", "MAKELEVEL": "0"})
    assert "pid 2 overrun ends, killed by SIGABRT" in ended.stdout, ended
    assert re.search(r"the program, pid 2 overrun: tests/system/ours/overrun.c:\d+ in set_name", ended.stdout), ended


def test_a_boot_that_panicked(inner, rewind):
    assert "the kernel panics" in rewind(["bt 1"], inner[1] / "test_inner.py-test_boots")


def test_what_else_is_said(inner):
    output, folder = inner
    assert output.count("The last guest of this file's fixtures (cat)") == 2
    assert "(cat) was run again and recorded. It ended as before, with status 0." in output
    assert "(false) could not be recorded: guest: QEMU records one processor only: leave out -c" in output
    assert "panic=null" in output and f"It ended as before, with status {qemu.PANIC}." in output
    assert "could not be recorded: a boot through GRUB" in output
    assert sorted(os.listdir(folder)) == ["test_inner.py-test_boots", "test_inner.py-test_names", "test_inner.py-test_of_a_fixture-one-way",
                                          "test_inner.py-test_without_a_guest"]
    assert (folder / "test_inner.py-test_of_a_fixture-one-way" / "recording.json").exists()
