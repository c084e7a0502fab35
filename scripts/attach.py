# SPDX-License-Identifier: MIT
"""attach.py - gdb on a paused guest: what scripts/debug and scripts/rewind have in common.

GDB_BATCH=FILE lets gdb read its commands from a file and end, which is how the tests drive it.
"""

import os
import signal
import subprocess

import qemu

SETTINGS = os.path.join(qemu.ROOT, "scripts", "gdb", "faultline.py")


def stub(socket):
    """QEMU's words for: stand before the first instruction, and let gdb come to this socket."""
    return ["-S", "-chardev", f"socket,path={socket},server=on,wait=off,id=gdb", "-gdb", "chardev:gdb"]


def gdb_command(kernel, socket, program=None, first=None):
    # A guest on a busy machine may take longer to answer than the two seconds after which gdb asks again.
    command = ["gdb", "-nh", "-q", "-ex", "set architecture i386:x86-64", "-ex", "set remotetimeout 60", "-x", SETTINGS]
    if program:
        command += ["-ex", f"mm sym {program}"]
    command += ["-ex", f"target remote {socket}"]
    if first:
        command += ["-ex", first]
    if batch := os.environ.get("GDB_BATCH"):
        command += ["-batch", "-x", os.path.abspath(batch)]
    return command + [kernel]


def talk(guest, command, **environment):
    """gdb until it ends, and the guest with it. Ctrl-C is gdb's: the guest has a session of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.call(command, cwd=qemu.ROOT, env={**os.environ, **environment},
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    finally:
        guest.kill()
        guest.wait()


def start(words, **popen):
    return qemu.start(words, stdin=subprocess.DEVNULL, start_new_session=True, **popen)
