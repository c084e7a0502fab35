# SPDX-License-Identifier: MIT
"""tool.py - what the tools of this folder have in common: how they end when whoever reads their output has heard enough
(`scripts/bench --profile mmap | head`) or types Ctrl-C, and how they refuse words of their command line."""

import argparse
import io
import os
import signal
import sys

NOBODY_READS = 128 + signal.SIGPIPE    # as the shell has it of a program that the signal ended
INTERRUPTED = 128 + signal.SIGINT

# While a tool is still being loaded, Ctrl-C simply ends it; whoever ignores it goes on doing so.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Output(io.FileIO):
    """Standard output. A write that nobody reads ends the tool as sys.exit() does: guests that it started and folders that it
    made are cleaned up, and no `except OSError` of its own takes it for an error to tell of."""

    def write(self, data):
        try:
            return super().write(data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            raise SystemExit(NOBODY_READS) from None


class Parser(argparse.ArgumentParser):
    """One line says what is wrong; -h is for the rest. `status`: that of a refusal, where 2 could be mistaken for a program's own."""

    def __init__(self, *words, status=2, **options):
        super().__init__(*words, **options)
        self.status = status

    def error(self, message):
        self.exit(self.status, f"{self.prog}: {message.removeprefix('argument ')} ({self.prog} -h says more)\n")


def number_from(least, most=None):
    """The type of an option that is a number, `least` or more, and not more than `most`."""
    def parse(text):
        if not text.isdecimal() or int(text) < least or most is not None and int(text) > most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} {'on' if most is None else f'to {most}'}")
        return int(text)
    return parse


def seconds(text):
    try:
        if (found := float(text)) > 0:
            return found
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no time in seconds")


def reason(error):
    """An exception in words. Python's own begin with a number that says nothing to anybody."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def run(main):
    """sys.exit(main()), with that output. Ctrl-C unwinds main(), which cleans up, and says nothing."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if old := sys.stdout:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(Output(old.fileno(), "w", closefd=False)), old.encoding, old.errors,
                                      line_buffering=old.line_buffering, write_through=old.write_through)
    try:
        status = main()
    except KeyboardInterrupt:    # typed before somebody else listens to it, as gdb and the guest's terminal do
        status = INTERRUPTED
    finally:
        if sys.stdout and not sys.stdout.closed:
            sys.stdout.flush()
    sys.exit(status)
