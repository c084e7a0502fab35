# SPDX-License-Identifier: MIT
"""cut.py - a source file without the bodies of some functions, as a handout has it. Universal Ctags says where they are, so the
working source needs no marks; what the comment above a function promises stays, and is the task."""

import os
import subprocess
import textwrap

from spec import Refusal

WIDTH = 104


def bounds(path):
    """function -> (index of the line with its {, of that with its })."""
    try:
        said = subprocess.run(["ctags", "-x", "--_xformat=%N %n %{end}", "--kinds-C=f", path], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise Refusal("ctags is missing: make setup brings it") from None
    except subprocess.CalledProcessError:
        raise Refusal("ctags is another one than Universal Ctags: install the package universal-ctags") from None
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    found = {}
    for line in said.splitlines():
        name, first, last = line.split()
        found[name] = (lines.index("{", int(first) - 1), int(last) - 1)
    return found


def stub(lab, cut):
    said = textwrap.wrap(f"TODO (lab {lab.number}): {cut.todo}", WIDTH - 7)
    comment = [f"    /* {said[0]}"] + [f"     * {line}" for line in said[1:]]
    comment[-1] += " */"
    return comment + indented(cut.body or f"YOURS({lab.number});")


def indented(body):
    return [f"    {line}" if line else "" for line in body.strip("\n").split("\n")]


def rewritten(root, file, bodies):
    """A file's text with other bodies: function -> its lines."""
    path = os.path.join(root, file)
    if not os.path.exists(path):
        raise Refusal(f"{file} is not there")
    where = bounds(path)
    if strange := bodies.keys() - where.keys():
        raise Refusal(f"{file} has no function {', '.join(sorted(strange))}")
    with open(path, encoding="utf-8") as source:
        lines = source.read().split("\n")
    for name in sorted(bodies, key=lambda name: -where[name][0]):    # from below, so that the numbers above stay right
        first, last = where[name]
        lines[first + 1:last] = bodies[name]
    return "\n".join(lines)


def without(root, labs):
    """file -> its text in the handout of these labs."""
    bodies = {}
    for lab in labs:
        for cut in lab.cuts:
            bodies.setdefault(cut.file, {}).setdefault(cut.function, stub(lab, cut))
    return {file: rewritten(root, file, mine) for file, mine in bodies.items()}
