# SPDX-License-Identifier: MIT
"""instructions.py - how many instructions a program of this machine runs: qemu-x86_64 with our counting plugin.

Exact, the same every time, user mode only; several times as fast as callgrind. tests/bench/plugin says what a mark is.
"""

import os
import shutil
import subprocess
import tempfile
from collections import namedtuple

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.environ.get("B", os.path.join(TOP, "build"))
PLUGIN = os.path.join(BUILD, "bench", "instructions.so")
QEMU = "qemu-x86_64"

Path = namedtuple("Path", "instructions pairs longest")
Counted = namedtuple("Counted", "all paths")    # paths: those between marks, in the program's order


class Failure(Exception):
    """Why there is no count."""


def count(words, preload=None, environment=None, **options):
    """Runs the words as subprocess.run would. => Counted"""
    if not shutil.which(QEMU):
        raise Failure(f"{QEMU} is missing: install the package qemu-user (scripts/setup test)")
    if not os.path.exists(PLUGIN):
        raise Failure(f"{PLUGIN} is missing: make malloc-lab builds it")
    more = {} if preload is None else {"LD_PRELOAD": preload}
    more.update(environment or {})
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "counts")
        settings = [word for name, value in more.items() for word in ("-E", f"{name}={value}")]
        done = subprocess.run([QEMU, "-plugin", f"{PLUGIN},out={output}", *settings, *words], check=False, **options)
        if done.returncode != 0 or not os.path.exists(output):
            raise Failure(f"status {done.returncode} of: {' '.join(words)[:300]}  (LD_PRELOAD={preload or ''})")
        with open(output, encoding="ascii") as file:
            lines = [line.split() for line in file]
    return Counted(int(lines[0][1]), [Path(*map(int, line[1:])) for line in lines[1:]])
