#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""oracle.py - Debian's own Linux kernel, as the judge that boots in the same QEMU. Called by itself it prints the path.

The package that linux-image-amd64 names is downloaded, not installed: installing it would run hooks that build an
initramfs and change the boot loader, and all that is wanted is one file. Of that file, vmlinuz, the uncompressed
kernel is taken out: it has a PVH note, so `qemu -kernel` starts it directly and the 5 billion instructions of the
decompressor are not run. Everything lies in build/oracle/; `make clean` removes it.

The peer of `make bench` is "Debian's 6.1 kernel, hardening off": FAIR switches off whatever costs instructions and
that Faultline does not have, so that the comparison is the hardest one for us.
"""

import contextlib
import fcntl
import glob
import lzma
import mmap
import os
import re
import resource
import struct
import subprocess
import sys
import tempfile

import qemu

FOLDER = os.path.join(qemu.BUILD, "oracle")
META = "linux-image-amd64"
CPU = "qemu64,+rdrand"    # no ERMS: with it a cleared page counts 4097 instructions instead of 513
MEMORY = 256              # MiB; 64 MiB that a fork copies do not fit into less

# Always the same run: no randomised addresses, no clock of the host, no waiting for entropy.
REPEATABLE = "nokaslr norandmaps random.trust_cpu=on clocksource=tsc tsc=reliable no_timer_check"
QUIET = "console=ttyS0 quiet loglevel=0 panic=-1"
FAIR = ("mitigations=off nopti transparent_hugepage=never cgroup_disable=memory,pressure psi=0 lsm= security=none "
        "apparmor=0 selinux=0 audit=0 init_on_alloc=0 init_on_free=0 randomize_kstack_offset=off page_alloc.shuffle=0 "
        "slub_debug=- nowatchdog")
# Self-tests that would be most of the boot: without them Linux is up in an eighth of the instructions.
TRIMMED = "cryptomgr.notests"


class Missing(Exception):
    """What is not here, and what brings it."""


@contextlib.contextmanager
def alone_here():
    """For whoever runs a test program on this machine's Linux: no other one runs meanwhile, of whichever tree. Their files in /tmp
    have fixed names, so that the runs are alike, and two programs would find each other's. (In a guest each has a /tmp of its own.)"""
    with open(os.path.join(tempfile.gettempdir(), f"faultline-{os.getuid()}.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# Without randomised addresses, and with the little environment that scripts/guest gives. Signals that whoever started it ignores
# (nohup) would be ignored by the program, and are not in a guest.
PLAINLY = ["env", "--default-signal", "setarch", "x86_64", "-R"]
ENVIRONMENT = {"PATH": "/bin", "HOME": "/"}


def run_here(words, **options):
    """A program on this machine's Linux, so that only the kernel differs from a run in a guest. => as subprocess.run"""
    with alone_here():
        return subprocess.run([*PLAINLY, *words], env=ENVIRONMENT, check=False,
                              **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})


def host_has_zero_page():
    """Whether a read of memory that nobody wrote takes no frame here. Some virtual machines are told to do without the page
    of zeros; every number of resident memory and of faults is another there, so that such a Linux cannot judge."""
    pages = 64
    with mmap.mmap(-1, pages * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        read = sum(memory[i * mmap.PAGESIZE] for i in range(pages))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for i in range(pages):
            memory[i * mmap.PAGESIZE] = read + 1
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before >= pages


def host_has_keys():
    """Whether Linux uses protection keys here, which the processor that QEMU plays does not have."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return " ospke" in file.read()


def package():
    """The name of the real package behind linux-image-amd64."""
    try:
        listing = subprocess.run(["apt-cache", "depends", META], stdout=subprocess.PIPE, text=True, check=False).stdout
    except FileNotFoundError:
        listing = ""
    found = re.search(r"Depends: (linux-image-\S+)", listing)
    if not found:
        raise Missing(f"apt knows no {META}: on Debian `apt-get update` brings it; elsewhere put Debian's linux-image-*.deb "
                      f"into {os.path.relpath(FOLDER)}/")
    return found.group(1)


def deb():
    """The package file, downloaded when it is not there."""
    pattern = os.path.join(FOLDER, "linux-image-*.deb")
    if not glob.glob(pattern):
        os.makedirs(FOLDER, exist_ok=True)
        name = package()
        print(f"oracle: downloading {name} (70 MB, not installed)", file=sys.stderr)
        got = subprocess.run(["apt-get", "-q", "download", name], cwd=FOLDER, capture_output=True, text=True, check=False)
        if got.returncode or not glob.glob(pattern):
            raise Missing(f"apt-get download {name} fails (apt-get update first?):\n{got.stderr.strip()}")
    return sorted(glob.glob(pattern))[-1]


def unpack(image):
    """The ELF file in a bzImage. Its header (Documentation/arch/x86/boot.rst) says where the payload lies."""
    sectors, = struct.unpack_from("B", image, 0x1F1)
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (sectors + 1) * 512 + offset
    payload = image[start:start + length]
    if payload[:6] != b"\xfd7zXZ\0":
        raise Missing("the kernel is not packed with xz: scripts/oracle.py cannot unpack it")
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(payload)


def vmlinux():
    """The path of the uncompressed kernel."""
    path = os.path.join(FOLDER, "vmlinux")
    if not os.path.exists(path):
        files = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb()], stdout=subprocess.PIPE)
        image = subprocess.run(["tar", "-xO", "--wildcards", "./boot/vmlinuz-*"], stdin=files.stdout,
                               stdout=subprocess.PIPE, check=True).stdout
        files.stdout.close()
        files.wait()
        with open(path + ".new", "wb") as file:
            file.write(unpack(image))
        os.rename(path + ".new", path)
    return path


def release():
    """What the kernel calls itself, without its builders: 6.1.0-56-amd64, Debian 6.1.192-2."""
    with open(vmlinux(), "rb") as file:
        found = re.search(rb"Linux version (\S+) .*? (Debian \S+) ", file.read())
    return f"{found.group(1).decode()}, {found.group(2).decode()}" if found else "an unknown release"


if __name__ == "__main__":
    try:
        print(vmlinux(), f"({release()})")
    except Missing as missing:
        sys.exit(f"oracle: {missing}")
