# SPDX-License-Identifier: MIT
"""checks.py - one test of a lab, one question: how many points, and what to say of the others.

The judge is Linux wherever it can be: a program runs on this machine and in a guest, with numbers that are drawn anew for each
grading, so that no kernel can know the answer beforehand; output and status must be the same. A guest counts only if its kernel
ended well, with its ledger of frames balanced (scripts/guest says so with its status)."""

import contextlib
import functools
import itertools
import os
import pty
import re
import shlex
import signal
import subprocess
import threading
from collections import namedtuple

import oracle
import spec

Outcome = namedtuple("Outcome", "points said")    # said: lines for whoever did not get them all

SECONDS = 60
COMMAND_SECONDS = 600
SHOWN = 160    # characters of a line


def draw(test, random):
    """The numbers of this grading: name -> number."""
    return {name: random.randint(least, most) for name, (least, most) in sorted(test.get("with", {}).items())}


def words(template, numbers):
    return shlex.split(template.format(**numbers))


def cut_short(line):
    return line if len(line) <= SHOWN else line[:SHOWN] + " ..."


def difference(expected, got):
    """The first line that is not as expected, as two lines."""
    for one, other in itertools.zip_longest(expected.splitlines(), got.splitlines()):
        if one != other:
            return [f"expected: {'(the end)' if one is None else cut_short(one)}", f"got:      {'(nothing more)' if other is None else cut_short(other)}"]
    return []


def text(data):
    return data.decode("utf-8", "replace")


def status_of(ended):
    return 128 - ended.returncode if ended.returncode < 0 else ended.returncode


def in_guest(tree, options, command):
    """scripts/guest of that tree. => (what to type to see it again, how it ended)"""
    typed = ["scripts/guest", *shlex.split(options), *command]
    ended = subprocess.run([os.path.join(tree, "scripts", "guest"), "-t", str(SECONDS), *typed[1:]], cwd=tree, stdin=subprocess.DEVNULL,
                           capture_output=True, check=False)
    return "$ " + shlex.join(typed), ended


def trouble(ended):
    """What went wrong with the guest itself, or with a function that nobody has written yet, in their own words; None: nothing."""
    for line in text(ended.stderr).splitlines():
        if line.startswith("lab ") or line.startswith("guest: "):
            return cut_short(line)
    return None


def check_run(tree, lab, test, numbers):
    program, *arguments = words(test["run"], numbers)
    path = os.path.join("build", "labs", lab.folder, program)
    again, here = in_guest(tree, test.get("guest", ""), [path, *arguments])
    if "here" in test:
        pattern = test["here"].format(**numbers)
        expected = text(here.stdout) if re.search(pattern, text(here.stdout), re.MULTILINE) else f"/{pattern}/"
    else:
        try:
            linux = oracle.run_here([os.path.join(tree, path), *arguments], timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return Outcome(0, [again, f"on Linux it has no end within {SECONDS} s: this test cannot judge here"])
        expected = text(linux.stdout)
        if linux.returncode:
            return Outcome(0, [again, f"Linux ends it with status {status_of(linux)}: this test cannot judge here", *difference("", expected)])
    said = difference(expected, text(here.stdout))
    if here.returncode:
        said.append(f"status:   {here.returncode} instead of 0" + (f", {why}" if (why := trouble(here)) else ""))
    return Outcome(0 if said else test["points"], [again, *said])


def transcript(tree, command, seconds):
    """=> output and errors in the order in which they came, as a terminal has them, and the status. Who takes longer is killed, with all
    children: None."""
    reading, writing = pty.openpty()
    ours = subprocess.Popen(command, cwd=tree, stdin=subprocess.DEVNULL, stdout=writing, stderr=writing, start_new_session=True,
                            env={**os.environ, "ASAN_OPTIONS": "color=never", "UBSAN_OPTIONS": "color=never"})
    os.close(writing)
    late = threading.Timer(seconds, os.killpg, (ours.pid, signal.SIGKILL))
    late.start()
    log = b""
    with contextlib.suppress(OSError):    # (how a terminal says that nobody writes to it any more)
        while data := os.read(reading, 65536):
            log += data
    os.close(reading)
    ours.wait()
    in_time = late.is_alive()
    late.cancel()
    return (text(log).replace("\r\n", "\n"), status_of(ours)) if in_time else None


def said_of(log, case):
    """What a unit test's log says of one case that did not pass: of a case that was not reached, what ended the program."""
    here = log.partition(f"[ RUN      ] {case}\n")[2].partition("[ RUN ")[0]
    words = [line for line in here.splitlines() if line.strip() and not re.match(r"\[ +(FAILED|OK|ERROR +\] " + case + ") ?", line)]
    if not words:
        words = re.findall(r"^(?:lab \d+: |.*runtime error|.*AddressSanitizer: |.*assertion failed).*", log, re.MULTILINE) or log.splitlines()[-2:]
    return [cut_short(re.sub(r"\[ +(ERROR|LINE) +\] --- ", "", line)) for line in words[:2]]


def check_host(tree, test):
    name = test["host"]
    program = os.path.join("build", "host", name)
    built = make(tree, program)
    if built.returncode:
        return Outcome(0, [f"$ make {program}", *first_errors(built)])
    ran = transcript(tree, [os.path.join(tree, program)], SECONDS)
    if not ran:
        return Outcome(0, [f"$ {program}", f"no end within {SECONDS} s"])
    log, _ = ran
    passed = set(re.findall(r"^\[ +OK \] (\w+)", log, re.MULTILINE))
    if missing := [case for case in test["cases"] if case not in passed]:
        return Outcome(0, [f"$ {program}", f"did not pass: {', '.join(missing)}", *said_of(log, missing[0])])
    return Outcome(test["points"], [f"$ {program}"])


def check_command(tree, test, numbers):
    command = test["command"].format(**numbers)
    said = [f"$ {command}"]
    ran = transcript(tree, ["/bin/sh", "-c", command], COMMAND_SECONDS)
    if not ran:
        return Outcome(0, [*said, f"no end within {COMMAND_SECONDS} s"])
    log, status = ran
    if status:
        last = [line for line in log.splitlines() if line.strip()][-3:]
        return Outcome(0, [*said, f"status:   {status} instead of 0", *map(cut_short, last)])
    if "measure" not in test:
        return Outcome(test["points"], said)
    found = re.search(test["measure"], log, re.MULTILINE)
    if not found:
        return Outcome(0, [*said, f"it does not print {test['measure']}"])
    value, none, full = float(found[1]), test["none"], test["full"]
    part = min(1.0, max(0.0, (value - none) / (full - none)))
    return Outcome(int(test["points"] * part), [*said, f"measured: {value:g}; all points at {full:g}, none at {none:g}"])


@functools.cache
def told_by_guest(tree, run):
    """=> (what to type to see it again, all that it printed)"""
    again, ended = in_guest(tree, "-q", shlex.split(run))
    return again, text(ended.stdout) + text(ended.stderr)


def check_question(tree, question, given):
    """The guest knows the answer; `given` is the student's, None: there is none."""
    again, printed = told_by_guest(tree, question["run"])
    found = re.search(question["find"], printed, re.MULTILINE)
    if not found:
        return Outcome(0, [again, f"the guest does not print {question['find']}"])
    if given is None:
        return Outcome(0, ["no answer in answers.txt", again])
    return Outcome(question["points"] if same_answer(given, found[1]) else 0, [f"answered: {given}", again])


def number(answer):
    """Decimal or hexadecimal, perhaps with a unit behind it; None: it is none."""
    found = re.fullmatch(r"(0x[0-9a-f]+|[0-9]+)(?: *[a-z]+)?", answer.lower().replace(",", ""))
    return int(found[1], 0 if found[1].startswith("0x") else 10) if found else None


def same_answer(given, truth):
    return given.lower() == truth.lower() if number(truth) is None else number(given) == number(truth)


# ---- building -------------------------------------------------------------------------------------------------------

def make(tree, *targets):
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "B", "MALLOC", "LAB", "FROM")}
    return subprocess.run(["make", "-s", "-C", tree, *targets], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def build(tree, lab, tests):
    """What these tests run; a unit test makes itself. => the first errors, none if all is well."""
    programs = [f"build/labs/{lab.folder}/{name}" for name in sorted({test["run"].split()[0] for test in tests if "run" in test})]
    images = ["build/kernel.elf", "build/initramfs.cpio"] if lab.questions or any("host" not in test for test in tests) else []
    if not images + programs:
        return []
    built = make(tree, *images, *programs)
    return first_errors(built) if built.returncode else []


def first_errors(built):
    lines = (built.stdout + built.stderr).splitlines()
    errors = [line for line in lines if "error:" in line or "undefined reference" in line] or lines[-3:]
    return [cut_short(line) for line in errors[:3]]


def run(tree, lab, test, numbers):
    if "run" in test:
        return check_run(tree, lab, test, numbers)
    if "host" in test:
        return check_host(tree, test)
    return check_command(tree, test, numbers)


def answers(tree, lab):
    """number -> the answer that stands behind "N:" in answers.txt; a line that begins with # is none."""
    with open(os.path.join(tree, spec.answers(lab)), encoding="utf-8") as file:
        found = re.findall(r"^\s*(\d+)\s*:[ \t]*(\S.*?)\s*$", file.read(), re.MULTILINE)
    return {int(number): answer for number, answer in found}
