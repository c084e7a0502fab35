# SPDX-License-Identifier: MIT
"""tool.py - how a tool of this folder ends when whoever reads its output has heard enough: `scripts/bench --profile mmap | head`."""

import io
import os
import signal
import sys

NOBODY_READS = 128 + signal.SIGPIPE    # as the shell has it of a program that the signal ended


class Output(io.FileIO):
    """Standard output. A write that nobody reads ends the tool as sys.exit() does: guests that it started and folders that it
    made are cleaned up, and no `except OSError` of its own takes it for an error to tell of."""

    def write(self, data):
        try:
            return super().write(data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            raise SystemExit(NOBODY_READS) from None


def run(main):
    """sys.exit(main()), with that output."""
    if old := sys.stdout:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(Output(old.fileno(), "w", closefd=False)), old.encoding, old.errors,
                                      line_buffering=old.line_buffering, write_through=old.write_through)
    try:
        status = main()
    finally:
        if sys.stdout and not sys.stdout.closed:
            sys.stdout.flush()
    sys.exit(status)
