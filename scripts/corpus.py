# SPDX-License-Identifier: MIT
"""corpus.py - tests/guest/malloc_corpus.c on the allocators of this machine: its tables, what share is caught, what got worse."""

import os
import subprocess

import peers

EXPECTED = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "tests", "malloc", "misuse")
CORPUS = os.path.join(peers.BUILD, "malloc", "corpus")
MODES = ["default", "checking"]
CAUGHT = {"stopped", "trapped", "refused", "clean"}
NAME_WIDTH = 36    # as malloc_corpus prints


class Failure(Exception):
    """Why there is no table."""


def need_built():
    for path in (peers.OURS, CORPUS):
        if not os.path.exists(path):
            raise Failure(f"{os.path.relpath(path)} is not built yet: type make malloc-lab")


def parse(text):
    """malloc_corpus's table => {(mode, family): [verdict, verdict, verdict]}"""
    found, mode = {}, None
    for line in text.splitlines():
        name, rest = line[:NAME_WIDTH].strip(), line[NAME_WIDTH:].split()
        if name in MODES:
            mode = name
        elif len(rest) == 3 and mode and not line.startswith(mode + ":"):
            found[mode, name] = rest
    return found


def run(peer, mode):
    """Without address space randomisation, so that a stray write hits the same thing every time."""
    if mode == "checking" and peer is peers.GLIBC and os.path.exists(peers.GLIBC_CHECKING.preload):
        peer = peers.GLIBC_CHECKING
    done = subprocess.run(["setarch", "x86_64", "-R", CORPUS, mode], env=peers.environment(peer), capture_output=True,
                          text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise Failure(f"malloc_corpus ended with status {done.returncode} on {peer.name}: {done.stderr.strip()}")
    return done.stdout


def share(found, mode):
    """Per cent of the cases that are caught."""
    verdicts = [verdict for (its_mode, _), row in found.items() if its_mode == mode for verdict in row]
    return 100 * sum(verdict in CAUGHT for verdict in verdicts) / len(verdicts)


def measure(everyone):
    """=> [parsed table for each]"""
    return [parse("".join(run(peer, mode) for mode in MODES)) for peer in everyone]


def letters(row):
    return "".join(verdict[0].upper() if verdict in CAUGHT else verdict[0] for verdict in row)


def regressions(expected, found):
    return [f"{mode}, {family}, {size}: expected {old}, found {new}"
            for (mode, family), row in expected.items()
            for size, old, new in zip(("small", "medium", "large"), row, found.get((mode, family), ["nothing"] * 3))
            if old in CAUGHT and new not in CAUGHT]
