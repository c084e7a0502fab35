# SPDX-License-Identifier: MIT
"""lab.py - what the system tests share: run a program on Linux, run it in a guest, boot a machine.

Linux is the oracle. There a program runs without address space randomisation and with the little environment that
scripts/guest gives, so that the two runs differ in nothing but the kernel.
"""

import contextlib
import fcntl
import functools
import os
import subprocess
import sys
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

import normal    # noqa: E402 (the scripts' folder comes first)
import oracle    # noqa: E402
import qemu      # noqa: E402

BUILD = qemu.BUILD
FOLDER = os.environ.get("B", "build")    # as make knows it: by another name of the same folder it would build everything anew
GUEST = os.path.join(ROOT, "scripts", "guest")
PROGRAMS = os.path.join(BUILD, "tests", "programs")

Boot = namedtuple("Boot", "status output")
Call = namedtuple("Call", "words stdin options seconds more result")
BootCall = namedtuple("BootCall", "seconds serial options result")
guest_calls = []    # so that a failed one can be recorded: rerecord.py


JUDGED = oracle.host_has_zero_page()
ZERO_PAGE = {"mm_faults", "mm_madvise", "mm_shared", "vmrss"}    # programs that look for it


def judged(name):
    """May this machine's Linux be asked what the program prints? Otherwise only `make diff` compares it, with Debian's kernel."""
    return JUDGED or name not in ZERO_PAGE


def program(name):
    """A program of tests/system/programs, linked statically with musl."""
    return os.path.join(PROGRAMS, name)


@contextlib.contextmanager
def alone(what):
    """For what two of pytest-xdist's workers must not do at once, since it writes the same files under build/."""
    os.makedirs(BUILD, exist_ok=True)
    with open(os.path.join(BUILD, what + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(*targets, folder=FOLDER, **options):
    """make's own words (NAME=value among them), and files under build/, or another folder, by their paths in it."""
    files = [os.path.join(folder, target) if "/" in target and "=" not in target else target for target in targets]
    with alone("make"):
        return subprocess.run(["make", "-s", f"B={folder}", *files], cwd=ROOT, env={**os.environ, "MAKEFLAGS": "", "MAKELEVEL": "0"},
                              **{"check": True, **options})


def linux(words, stdin=b"", **options):
    return oracle.run_here(words, stdin=None, input=stdin, timeout=180, **options)


def guest(words, stdin=b"", options=("-q",), seconds=180, **more):
    """scripts/guest, as a user would call it."""
    guest_calls.append(Call(words, stdin, options, seconds, more, None))
    ended = subprocess.run([GUEST, "-t", str(seconds), *options, "--", *words], input=stdin, capture_output=True,
                           timeout=seconds + 30, check=False, **more)
    guest_calls[-1] = guest_calls[-1]._replace(result=ended)
    return ended


def swapping(folder, *words):
    """Records a program that has more memory than its guest has RAM, 32 MiB of it (beyond, if none is named). => what it printed"""
    ended = guest(words or ["beyond", "-v", "-n", "32"], options=["-q", "-m", "32", "--swap", "32", "--trace", str(folder)])
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.decode()


def boot(seconds=180, serial=True, **options):
    """A bare boot, COM1 on our side: QEMU's status and all that came out."""
    guest_calls.append(BootCall(seconds, serial, options, None))
    words = qemu.command(**options) + (["-serial", "stdio"] if serial else [])
    ended = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=seconds, check=False)
    booted = Boot(ended.returncode, ended.stdout.decode("utf-8", "replace").replace("\r\n", "\n"))
    guest_calls[-1] = guest_calls[-1]._replace(result=booted)
    return booted


def log_of(result):
    """The kernel's log of a guest that was run without -q."""
    return result.stderr.decode("utf-8", "replace")


def line_of(path, text):
    """Where that text stands in a file of the tree, for breakpoints that outlive a change above it."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return 1 + file.read().split(text)[0].count("\n")


def sources(folder):
    """The names of the C files in a folder of the tree, without suffix."""
    path = os.path.join(ROOT, folder)
    return sorted(name[:-2] for name in os.listdir(path) if name.endswith(".c"))


@functools.lru_cache
def kernels_bytes(run):
    """How much of the mapping area the kernel's own rows take; run is `linux` or `guest`."""
    return normal.kernels_bytes(run([program("maps")]).stdout.decode())


def same_for_both(result, run):
    """The output of a program that `run` ran, with what may differ taken out."""
    return normal.mappings(result.stdout.decode("utf-8", "replace"), kernels_bytes(run))


def compare(words, **options):
    """(Linux's output and status, the guest's), each with what may differ taken out."""
    return [(same_for_both(result, run), 128 - result.returncode if result.returncode < 0 else result.returncode)
            for run, result in ((linux, linux(words)), (guest, guest(words, **options)))]
