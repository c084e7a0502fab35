# SPDX-License-Identifier: MIT
"""spec.py - what a lab is: labs/N-name/lab.toml, read and held against what may stand there.

    title, title_zh, hours
    [[cut]]     file, function: whose body the student writes; todo: the comment that stands there instead;
                body: what the function does until then (left out: it says whose it is, and ends the kernel or the program)
    [[test]]    title, points, and one of
                  run       a program of the lab with its arguments, on Linux and in a guest: output and status must be the same.
                            {name} stands for a number that is drawn anew for each grading, from with = {name = [least, most]}.
                            guest: options for scripts/guest; here: what the output in the guest must
                            be instead, a regular expression, where Linux cannot say it
                  host      a unit test of tests/host, by name, under the sanitizers; cases: the ones that count
                  command   a command of this machine that must end with 0. With measure, a regular expression with a group, it
                            prints a number: none and full are those that give no point and all; between them it goes straight
                try: what helps whoever fails
    [[question]]  text, points; run, find: the program in the guest that knows, and where in its output. The answers are in answers.txt
"""

import os
import re
import tomllib
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
LABS = os.path.join(ROOT, "labs")

Lab = namedtuple("Lab", "number folder title title_zh hours cuts tests questions")
Cut = namedtuple("Cut", "file function todo body")
KINDS = ("run", "host", "command")
KEYS = {
    "lab": {"title", "title_zh", "hours", "cut", "test", "question"},
    "cut": {"file", "function", "todo", "body"},
    "test": {"title", "points", "try", "with", "guest", "here", "cases", "measure", "none", "full", *KINDS},
    "question": {"text", "points", "run", "find"},
}
NEEDED = {"lab": {"title", "title_zh", "hours"}, "cut": {"file", "function", "todo"}, "test": {"title", "points"},
          "question": {"text", "points", "run", "find"}}


class Refusal(Exception):
    """Why there is no such lab, or not like that."""


def folders(root=ROOT):
    """number -> the name of its folder."""
    where = os.path.join(root, "labs")
    names = sorted(os.listdir(where)) if os.path.isdir(where) else []
    return {int(name.split("-")[0]): name for name in names if re.match(r"\d+-", name)}


def check(kind, entry, where):
    if unknown := entry.keys() - KEYS[kind]:
        raise Refusal(f"{where}: a {kind} has no {', '.join(sorted(unknown))}")
    if missing := NEEDED[kind] - entry.keys():
        raise Refusal(f"{where}: a {kind} lacks {', '.join(sorted(missing))}")
    if kind == "test" and len(entry.keys() & set(KINDS)) != 1:
        raise Refusal(f"{where}: \"{entry['title']}\" needs one of {', '.join(KINDS)}")
    if kind == "test" and ("host" in entry) != ("cases" in entry):
        raise Refusal(f"{where}: \"{entry['title']}\": host needs cases, and nothing else has them")


def load(number, root=ROOT):
    known = folders(root)
    if number not in known:
        raise Refusal(f"there is no lab {number} here: there are {', '.join(map(str, sorted(known))) or 'none'}")
    path = os.path.join(root, "labs", known[number], "lab.toml")
    try:
        with open(path, "rb") as file:
            said = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Refusal(f"{path}: {error}") from error
    check("lab", said, path)
    for kind in ("cut", "test", "question"):
        for entry in said.get(kind, []):
            check(kind, entry, path)
    cuts = [Cut(cut["file"], cut["function"], cut["todo"], cut.get("body")) for cut in said.get("cut", [])]
    return Lab(number, known[number], said["title"], said["title_zh"], said["hours"], cuts, said.get("test", []), said.get("question", []))


def files(lab):
    """What is the student's: the files that were cut, or that answers are written to."""
    return sorted({cut.file for cut in lab.cuts}) or [answers(lab)]


def answers(lab):
    return os.path.join("labs", lab.folder, "answers.txt")
