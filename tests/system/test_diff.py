# SPDX-License-Identifier: MIT
"""make diff: the comparison itself, and then every program against the Linux below."""

import importlib.machinery
import importlib.util
import os
import re
import subprocess

import lab
import oracle

DIFF = os.path.join(lab.ROOT, "scripts", "diff")


def load():
    loader = importlib.machinery.SourceFileLoader("diff", DIFF)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("diff", loader))
    loader.exec_module(module)
    return module


diff = load()
PAIR = diff.Entry(1, ("*",), ("host",), re.compile(r"(\w+) takes \d"), re.compile(r"(\w+) takes 24"), "")
HERE_ONLY = diff.Entry(2, ("*",), ("host",), None, re.compile("more: .*"), "")


def outcome(linux, here):
    """[(Linux's line, ours, the number of the entry that allows it)]"""
    return [(one.linux, one.here, one.entry and one.entry.number)
            for one in diff.compare(linux, here, [PAIR, HERE_ONLY])]


def test_equal_outputs_have_no_difference():
    assert not outcome(["a", "b takes 3", "status 0"], ["a", "b takes 3", "status 0"])
    assert not outcome(["b takes 24"], ["b takes 24"])    # our pattern matches, but so does the line


def test_an_unknown_difference_is_seen():
    assert outcome(["a", "b", "c"], ["a", "x", "c"]) == [("b", "x", None)]
    assert outcome(["a", "c"], ["a", "b", "c"]) == [(None, "b", None)]
    assert outcome(["a", "status 0"], ["a", "status 1"]) == [("status 0", "status 1", None)]


def test_an_intended_difference_is_matched_on_both_sides():
    assert outcome(["a", "b takes 3"], ["a", "b takes 24"]) == [("b takes 3", "b takes 24", 1)]
    assert outcome(["b takes 3"], ["b takes 25"]) == [("b takes 3", "b takes 25", None)]
    assert outcome(["b takes 3"], ["c takes 24"]) == [("b takes 3", "c takes 24", None)]    # the groups differ


def test_a_line_of_one_side_only():
    assert outcome(["a"], ["a", "more: 1"]) == [(None, "more: 1", 2)]
    assert outcome(["a", "more: 1"], ["a"]) == [("more: 1", None, None)]


def test_the_file_of_intended_differences_is_well_formed():
    entries = diff.intended()
    assert entries and all(entry.why and set(entry.oracles) <= {"host", "qemu", "keys"} for entry in entries)


def test_nothing_differs_from_linux_unexplained():
    lab.make("diff-programs")
    if not lab.JUDGED:
        oracle.vmlinux()    # says that it downloads something
    run = subprocess.run([DIFF], capture_output=True, text=True, timeout=900, check=False)
    closing = re.search(r"^(\d+) identical, (\d+) intended differences, (\d+) unexplained$", run.stdout, re.MULTILINE)
    assert closing and int(closing.group(1)) > 60, run.stdout + run.stderr
    assert not run.stderr, run.stderr
    differing = set(re.findall(r"^(\w+/\w+)$", run.stdout, re.MULTILINE))
    assert not differing, run.stdout    # what is meant to differ stands in tests/diff/intended.txt with its reason
    assert "matches nothing any more" not in run.stdout, run.stdout
