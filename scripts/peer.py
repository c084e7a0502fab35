#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""peer.py README.md README.zh-CN.md - two languages of one document: the same headings and the same code blocks.

Compared are number and levels of the headings, and the content of the code blocks; words are left to people. The first
difference of each kind is said, and the status is 1.
"""

import itertools
import re
import sys


def blocks(text):
    """(code blocks, the lines that are none). A block is fenced, or indented by four after an empty line."""
    code, prose, fenced, current = [], [], False, None
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
            current = [] if fenced else None
            if fenced:
                code.append(current)
        elif fenced:
            current.append(line)
        elif line.startswith("    ") and (current is not None or not prose or not prose[-1].strip()):
            if current is None:
                code.append(current := [])
            current.append(line)
        else:
            current = None
            prose.append(line)
    return ["\n".join(lines) for lines in code], prose


def facts(path):
    with open(path, encoding="utf-8") as file:
        code, prose = blocks(file.read())
    return {"heading": re.findall(r"^(#+) ", "\n".join(prose), re.MULTILINE), "code block": code}


def main(first, second):
    status, here, there = 0, facts(first), facts(second)
    for kind, items in here.items():
        for number, (one, other) in enumerate(itertools.zip_longest(items, there[kind]), 1):
            if one != other:
                print(f"{second}: {kind} {number} is not as in {first}: {other!r} instead of {one!r}", file=sys.stderr)
                status = 1
                break
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
