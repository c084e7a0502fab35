# SPDX-License-Identifier: MIT
"""sessions.py - what the documents show of a terminal is what a terminal shows.

    <!-- shown: scripts/debug vmrss -->       before a block of a document: the command that a reader would type for it
    ```                                       in the block (gdb) begins what is typed in gdb; without it the block is the command's output
    (gdb) mm fault next
    ...                                       lines that are left out, any number
    ```

replay() runs that command and holds the block against what it says, line by line. Words must agree; numbers need not (addresses, frames and
line numbers move with every change of the kernel), and how much space stands between. `make sessions` writes the numbers of today into the
documents. A breakpoint at FILE:LINE goes to where the line is now, of which the block shows the text.
"""

import contextlib
import itertools
import os
import re
import subprocess
import sys
import tempfile
from collections import namedtuple

import lab

DOCUMENTS = ("README.md", "README.zh-CN.md", "docs/gdb.md", "docs/errors.md", "docs/trace.md", "docs/memory-map.md", "docs/several-cpus.md")
BLOCK = re.compile(r"<!-- shown: (.*?) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "(gdb) "
# What gdb says of its own doings, and what guest and recording say before the first command.
NOISE = re.compile(r"(Breakpoint|Temporary breakpoint) \d+ at |Continuing\.|Run till exit|\[Inferior 1|Note: breakpoint \d+ also set at ")
NUMBER = re.compile(r"\b(?:0x)?(?=[0-9a-f]*\d)[0-9a-f]+(?:\.\d+)?(?:K|M|G|T|KiB|MiB)?\b|(?<=seal )\w{4}\b")

Session = namedtuple("Session", "document command lines start end")


def sessions(document):
    with open(os.path.join(lab.ROOT, document), encoding="utf-8") as file:
        text = file.read()
    return [Session(document, found[1], found[2].splitlines(), found.start(2), found.end(2)) for found in BLOCK.finditer(text)]


def likeness(line):
    """A line without what may differ."""
    return " ".join(NUMBER.sub("N", re.sub(r"(?<=[\[\](),:#*<>|=-])|(?=[\[\](),:#*<>|=-])", " ", line)).split())


def typed(line):
    """The command of a line of gdb; a remark behind it is the document's."""
    return re.sub(r"   +\(.*\)$", "", line.removeprefix(PROMPT))


def parts(lines):
    """[(command or None, lines of output)]"""
    found = []
    for line in lines:
        if line.startswith(PROMPT) or not found:
            found.append((line if line.startswith(PROMPT) else None, []))
        if not line.startswith(PROMPT):
            found[-1][1].append(line)
    return found


def moved(command, lines):
    """`break FILE:LINE` at the line that has that text today."""
    place = re.match(r"(break \S+?):(\d+)(.*)", command)
    shown = place and next((line.split("\t", 1)[-1] if "\t" in line else line[len(place[2]):].strip()
                            for line in lines if re.match(rf"{place[2]}\s", line)), None)
    if not shown:
        return command
    name = place[1].split()[-1]
    path = next(os.path.join(folder, name) for folder, _, files in os.walk(lab.ROOT) if name in files and "build" not in folder)
    with open(path, encoding="utf-8") as file:
        at = [number for number, line in enumerate(file, 1) if line.strip() == shown.strip()]
    assert len(at) == 1, f"{command}: {name} has no such line, or several: {shown}"
    return f"{place[1]}:{at[0]}{place[3]}"


def run(command, batch=None):
    environment = {**os.environ, "MAKEFLAGS": "", "LANG": "C.UTF-8", **({"GDB_BATCH": batch} if batch else {})}
    command = re.sub(r"\bbuild/", lab.FOLDER + "/", command)
    with lab.alone("make") if command.startswith("make ") else contextlib.nullcontext():
        ended = subprocess.run(["bash", "-c", command], cwd=lab.ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    return ended.stdout.expandtabs(8) if batch is None else ended.stdout


def ask(session, words):
    """What gdb says to each of the commands; fewer answers when one of them failed, which ends gdb."""
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as batch:
        batch.write("".join(f"echo \\n@@\\n\n{word}\n" for word in words) + "echo \\n@@\\n\n")
        batch.flush()
        answers = re.split(r"^@@\n", run(session.command, batch.name), flags=re.MULTILINE)[1:]
    return [[line.rstrip() for line in answer.splitlines() if line.strip() and not NOISE.match(line)] for answer in answers[:len(words)]]


def said(session):
    """[(the document's line with the command, or None; what a terminal shows of it)]"""
    asked = parts(session.lines)
    if asked[0][0] is None:
        return [(None, [line.rstrip() for line in run(session.command).splitlines() if line.strip()])]
    written = [typed(command) for command, _ in asked]
    words = [moved(word, session.lines) for word in written]
    for _ in asked:    # a number that a command takes from an answer before it is another one today
        answers = ask(session, words)
        today = {}
        for (_, shown), real in zip(asked, answers):
            for line, now in zip(shown, matched(shown, real)[0]):
                today = {**dict(zip(NUMBER.findall(line), NUMBER.findall(now))), **today}    # (what was said first)
        better = [NUMBER.sub(lambda found: today.get(found[0], found[0]), word) if word.startswith("mm ") else word for word in written]
        better = [moved(word, session.lines) for word in better]
        if better == words:
            break
        words = better
    answers += [["(gdb ended before it)"]] * (len(words) - len(answers))
    return [(PROMPT + word + command[len(PROMPT) + len(old):], real) for (command, _), old, word, real in zip(asked, written, words, answers)]


def matched(expected, real):
    """The lines of today in the shape of the document's, as far as they agree; what is wrong. What stands together there stands together."""
    made, at, skipping = [], 0, False
    runs = [list(run) for _, run in itertools.groupby(expected, lambda line: line.strip() == "...")]
    for run in runs:
        if run[0].strip() == "...":
            made += run
            skipping = True
            continue
        wanted = [likeness(line) for line in run]
        agreed = [common(wanted, [likeness(line) for line in real[place:place + len(run)]]) for place in range(at, len(real) + 1 if skipping else at + 1)]
        most = max(agreed)
        at += agreed.index(most)
        made += real[at:at + most]
        if most < len(run):
            return made, f"the document has\n    {run[most]}\nand there stands\n    " + "\n    ".join(real[at + most:at + most + 6] or ["(nothing)"])
        at, skipping = at + most, False
    if at < len(real) and not skipping:
        return made, "the document does not have\n    " + "\n    ".join(real[at:at + 12])
    return made, ""


def common(one, other):
    """How many of the first lines are the same."""
    return next((at for at, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))


def replay(session):
    """(the block as it is today, what is wrong with the document)"""
    made, wrong = [], []
    for (command, real), (_, expected) in zip(said(session), parts(session.lines)):
        lines, difference = matched(expected, real)
        made += ([command] if command else []) + lines
        if difference:
            wrong.append(f"{session.document}, {command or session.command}:\n  {difference}")
    return made, "\n".join(wrong)


def main():
    """Writes today's numbers into the documents; --as-is: whatever is said, to begin a block with."""
    failed = False
    for document in sys.argv[1:] or DOCUMENTS:
        if document.startswith("--"):
            continue
        for session in reversed(sessions(document)):
            made, wrong = replay(session)
            if wrong and "--as-is" in sys.argv:
                made = [line for command, real in said(session) for line in ([command] if command else []) + real]
            elif wrong:
                failed = True
                print(wrong)
                continue
            path = os.path.join(lab.ROOT, document)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text[:session.start] + "".join(line + "\n" for line in made) + text[session.end:])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
