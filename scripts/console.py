# SPDX-License-Identifier: MIT
"""console.py - between a guest's three serial lines and the standard files of scripts/guest.

    host 0  --escaped when a pipe-->  QEMU's stdin   = COM1 in     the program's standard input
    host 1  <-----------------------  QEMU's stdout  = COM1 out    its standard output, and a terminal's output
    host 2  <-----------------------  a pipe         = COM2        its standard error, when that is no terminal
    host 2  <--- whole lines -------  a pipe         = debugcon    the kernel's log

Output is passed on untouched. Towards the guest a pipe needs an end of file, which a serial line does not have, so
there 0x10 is an escape: 10 10 is the byte 0x10, 10 04 the end. Input waits until the guest is up, because a UART
drops what arrives before its driver. A terminal is put into raw mode, and back at the end whatever happens.
"""

import codecs
import os
import re
import selectors
import signal
import subprocess
import termios
import time
import tty
from collections import namedtuple

import qemu

ESCAPE, END_OF_FILE = b"\x10", b"\x10\x04"
CTRL_A = 1
UP = re.compile(rb"^boot: ")    # the kernel's last line before init starts
STATUS = re.compile(rb"^power off: status (\d+)")
REASON = re.compile(rb"^(?:Kernel panic: |(?=ledger: LEAK))(.*)")
LINE_PREFIX = re.compile(rb"^\[ *\d+\.\d+\] ")    # a time stamp, if the log has them
CHUNK = 65536

Result = namedtuple("Result", "status program_status reason timed_out ended_by")


class Ended(Exception):
    """Somebody ended the session from outside."""

    def __init__(self, number):
        super().__init__()
        self.signal = number


def kinds():
    """`tty` or `pipe` for 0, 1 and 2, as the guest is to see them.

    The guest has one terminal, and it writes to our standard output. So without a terminal there, a terminal at 0
    (whose echo would go into that output) or 2 is used like a pipe.
    """
    output = os.isatty(1)
    return ["tty" if output and os.isatty(number) else "pipe" for number in range(3)]


def write_all(file, data):
    while data:
        data = data[os.write(file, data):]


class Log:
    """The kernel's log: shown line by line, and searched for what decides the exit status."""

    def __init__(self, show, raw):
        self.show, self.end = show, b"\r\n" if raw else b"\n"
        self.rest, self.up, self.program_status, self.reason = b"", False, None, ""

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self._line(line.rstrip(b"\r"))

    def finish(self):
        if self.rest:
            self._line(self.rest)

    def _line(self, line):
        text = LINE_PREFIX.sub(b"", line)
        self.up = self.up or bool(UP.search(text))
        if found := STATUS.search(text):
            self.program_status = int(found.group(1))
        if not self.reason and (found := REASON.search(text)):
            self.reason = codecs.decode(found.group(1), "utf-8", "replace").strip()
        if self.show:
            write_all(2, line + self.end)


class Session:
    """One guest from start to end."""

    def __init__(self, words, stdio, options, initrd):
        self.pipe_input = stdio[0] == "pipe"
        self.raw = not self.pipe_input
        self.limit = time.monotonic() + options.seconds if options.seconds else None
        self.log = Log(not options.quiet, self.raw)
        self.pending, self.input_open, self.after_ctrl_a = b"", True, False
        self.timed_out, self.ended_by = False, 0
        self.selector = selectors.PollSelector()    # unlike epoll it takes regular files
        self._start(words, initrd)

    def _start(self, words, initrd):
        error_end, log_end = self._pipe(self._error_output), self._pipe(self._log_output)
        words = words + ["-chardev", "stdio,id=com1,signal=off", "-serial", "chardev:com1",
                         "-chardev", f"file,id=com2,path=/dev/fd/{error_end}", "-serial", "chardev:com2",
                         "-chardev", f"file,id=log,path=/dev/fd/{log_end}",
                         "-device", "isa-debugcon,iobase=0xe9,chardev=log"]
        self.process = qemu.start(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                  pass_fds=(initrd, error_end, log_end))
        for file in (initrd, error_end, log_end):
            os.close(file)
        self.guest_input = self.process.stdin.fileno()
        os.set_blocking(self.guest_input, False)
        self._watch(self.process.stdout.fileno(), self._program_output)

    def _pipe(self, handler):
        """A pipe whose reading end calls handler; returns the writing end."""
        reading, writing = os.pipe()
        self._watch(reading, handler)
        return writing

    def _watch(self, file, handler):
        self.selector.register(file, selectors.EVENT_READ, handler)

    def run(self):
        saved = termios.tcgetattr(0) if self.raw else None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end_by)
        try:
            if self.raw:
                tty.setraw(0, termios.TCSADRAIN)    # what was typed ahead stays
            self._pump()
        except Ended as ended:
            self.ended_by = ended.signal
        except BrokenPipeError:
            self.ended_by = signal.SIGPIPE    # nobody reads our output any more
        finally:
            self.process.kill()
            status = self.process.wait()
            if saved:
                termios.tcsetattr(0, termios.TCSADRAIN, saved)
        self.log.finish()
        return Result(status, self.log.program_status, self.log.reason, self.timed_out, self.ended_by)

    def _pump(self):
        """Until QEMU has closed all that it writes to, which it does by ending."""
        outputs, listening = 3, False
        while outputs:
            if self.limit and time.monotonic() >= self.limit:
                self.timed_out = True
                return
            wanted = self.log.up and self.input_open and not self.pending
            if wanted != listening:
                listening = self._listen(wanted)
            for key, _ in self.selector.select(self._patience()):
                if key.data == self._send:
                    self._send()
                elif key.data == self._host_input:
                    self._host_input()
                elif data := os.read(key.fd, CHUNK):
                    key.data(data)
                else:
                    self.selector.unregister(key.fd)
                    outputs -= 1
        # The pipes are closed; what is left is the status.
        self.process.wait()

    def _patience(self):
        return max(0.0, self.limit - time.monotonic()) if self.limit else None

    def _listen(self, wanted):
        """Watch the host's standard input, or not."""
        if wanted:
            self.selector.register(0, selectors.EVENT_READ, self._host_input)
        else:
            self.selector.unregister(0)
        return wanted

    def _host_input(self):
        try:
            data = os.read(0, CHUNK)
        except OSError:
            data = b""    # standard input is closed
        if not data:
            self.input_open = False
        if self.pipe_input:
            data = data.replace(ESCAPE, ESCAPE * 2) if data else END_OF_FILE
        else:
            data = self._keys(data)
        self._send(data)

    def _keys(self, data):
        """Ctrl-A X ends the guest, Ctrl-A Ctrl-A is Ctrl-A; every other key belongs to the guest."""
        keys = bytearray()
        for key in data:
            if self.after_ctrl_a:
                self.after_ctrl_a = False
                if key in b"xX":
                    raise Ended(signal.SIGINT)
                keys.append(key)
            elif key == CTRL_A:
                self.after_ctrl_a = True
            else:
                keys.append(key)
        return bytes(keys)

    def _send(self, data=b""):
        """Give the guest what it takes now and keep the rest: output must go on while its input is full."""
        self.pending += data
        try:
            written = os.write(self.guest_input, self.pending) if self.pending else 0
        except BlockingIOError:
            written = 0
        except BrokenPipeError:
            written = len(self.pending)    # the guest is gone, which its output will tell
        self.pending = self.pending[written:]
        waiting = self.guest_input in self.selector.get_map()
        if self.pending and not waiting:
            self.selector.register(self.guest_input, selectors.EVENT_WRITE, self._send)
        elif waiting and not self.pending:
            self.selector.unregister(self.guest_input)

    def _program_output(self, data):
        write_all(1, data)

    def _error_output(self, data):
        write_all(2, data.replace(b"\n", b"\r\n") if self.raw else data)

    def _log_output(self, data):
        self.log.feed(data)

    @staticmethod
    def _end_by(number, _frame):
        raise Ended(number)
