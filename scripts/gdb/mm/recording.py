# SPDX-License-Identifier: MIT
"""recording.py - the recorded run that scripts/rewind replays: what its folder says, and at which instruction it stands,
and how to move in it unseen."""

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


class undisturbed:
    """Meanwhile no breakpoint of the user stops the machine (and none makes it slow), and gdb tells of no stop: it prints
    those past its own redirections, so its standard output leads nowhere for a while."""

    def __enter__(self):
        self.were = [one for one in gdb.breakpoints() if one.is_valid() and one.enabled]
        for one in self.were:
            one.enabled = False
        gdb.flush()
        self.output, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)

    def __exit__(self, *_error):
        gdb.flush()
        os.dup2(self.output, 1)
        os.close(self.output)
        for one in self.were:
            if one.is_valid():
                one.enabled = True
