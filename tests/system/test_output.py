# SPDX-License-Identifier: MIT
"""Each tool of scripts/ ends quietly when whoever reads its output has heard enough: scripts/tool.py."""

import os
import subprocess

import pytest

import lab

SCRIPTS = os.path.join(lab.ROOT, "scripts")
NOBODY_READS = 128 + 13


def tools():
    """All programs of the folder that are Python's and print."""
    for name in sorted(os.listdir(SCRIPTS)):
        path = os.path.join(SCRIPTS, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if text.startswith("#!/usr/bin/python3") and "argparse" in text:
                yield name


def unheard(words, **options):
    """The tool with a standard output that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run([os.path.join(SCRIPTS, words[0]), *words[1:]], stdin=subprocess.DEVNULL, stdout=writing,
                              stderr=subprocess.PIPE, text=True, timeout=300, check=False, **options)
    finally:
        os.close(writing)


@pytest.mark.parametrize("words", [[name, "-h"] for name in tools()] + [
    ["faultpath.py", os.environ.get("B", "build")], ["suites", "--list"], ["run", "--show"], ["story", "malloc1"]], ids=" ".join)
def test_it_ends_quietly(words):
    ended = unheard(words)
    assert ended.returncode == NOBODY_READS, ended.stderr
    assert ended.stderr == "" or words[0] == "story" and "Error" not in ended.stderr    # (there it is what the program prints)


def test_it_ends_quietly_and_leaves_nothing_behind():
    """bench runs a guest, and counts into a file that it removes."""
    lab.make("bench/bench", "bench/tiny", "bench/firmware.elf", "bench/plugin.so")
    folder = os.path.join(lab.BUILD, "bench")
    with lab.alone("bench"), lab.alone("make"):    # (what is built lies there too)
        before = set(os.listdir(folder))
        ended = unheard(["bench", "--profile", "write", "fault"])
        assert (ended.returncode, ended.stderr) == (NOBODY_READS, "")
        assert set(os.listdir(folder)) == before


def test_what_was_heard_is_whole():
    """Of what `tool | head -3` shows nothing is lost or doubled."""
    whole = subprocess.run([os.path.join(SCRIPTS, "suites"), "--list"], capture_output=True, text=True, check=True).stdout
    heard = subprocess.run(["bash", "-o", "pipefail", "-c", "scripts/suites --list | head -3; echo ${PIPESTATUS[0]}"], cwd=lab.ROOT, capture_output=True,
                           text=True, check=True)
    assert heard.stdout.splitlines()[:3] == whole.splitlines()[:3] and heard.stdout.splitlines()[3] in ("0", str(NOBODY_READS))
    assert heard.stderr == ""
