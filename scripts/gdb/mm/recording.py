# SPDX-License-Identifier: MIT
"""recording.py - the recorded run that scripts/rewind replays: what its folder says, and at which instruction it stands."""

import json
import os
import re

import gdb

FOLDER = os.environ.get("FAULTLINE_RECORDING", "")


def facts():
    if not FOLDER:
        raise gdb.GdbError('going back needs a recording: make record PROG="name arguments", then make rewind')
    with open(os.path.join(FOLDER, "recording.json"), encoding="utf-8") as file:
        return json.load(file)


def program_file(name):
    """The file with the symbols of the recorded program, as it was then."""
    own = os.path.join(FOLDER, "program.elf")
    return own if FOLDER and os.path.exists(own) and name in (own, facts()["executable"]) else None


def monitor(command):
    return gdb.execute("monitor " + command, to_string=True)


def instruction():
    """How many instructions the machine has run."""
    found = re.search(r"instruction count = (\d+)", monitor("info replay"))
    if not found:
        facts()    # says why there is none
        raise gdb.GdbError("QEMU does not say where in the recording it stands")
    return int(found.group(1))


def is_at_the_beginning():
    return instruction() == 0
