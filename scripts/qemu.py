# SPDX-License-Identifier: MIT
"""qemu.py - the one place that knows how QEMU is called.

The machine is the same everywhere (scripts/run, guest, gdb, the tests): TCG and a pinned CPU, so that a result does
not depend on the host; no device that was not asked for; an exit device whose values a crash cannot fake.
The text is for people who want to type it themselves: `scripts/run --show` prints the whole command.
"""

import ctypes
import os
import shlex
import signal
import struct
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
KERNEL = os.path.join(BUILD, "kernel.elf")
INITRAMFS = os.path.join(BUILD, "initramfs.cpio")
ISO = os.path.join(BUILD, "faultline.iso")
TOUR_ISO = os.path.join(BUILD, "tour.iso")
LIVE = os.path.join(BUILD, "guest.ram")    # leads to the memory of the guest that was started last

MOST_CPUS = 8    # as many as the kernel has room for (arch/x86/percpu.h); more stay asleep
LEAST_MEMORY = 16    # MiB; in less the initial file system does not unpack

CPU = "qemu64,+smep,+smap,+umip,+fsgsbase,+rdtscp,+rdrand,+pdpe1gb"
# One CPU needs one thread: with a thread for each CPU, QEMU's translation pays for atomics and barriers that nobody needs then (perl's
# loop took 14.7 s, so it takes 10.4 s), and tells gdb now and then that a step is done that was not. Several CPUs get a thread each, so that they
# run at the same time as those of a real machine do; but where the host has fewer, they would wait for each other's locks as long as the host lets
# the wrong one run, and with a disk for the thread that reads it (two processes that swap: 41 s instead of 3.7 s, on a host of two).
ONE_THREAD, A_THREAD_EACH = ["-accel", "tcg,thread=single"], ["-accel", "tcg,thread=multi"]
MACHINE = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
           "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
           # Without this a reverse-continue of a recorded run locks QEMU 7.2 up.
           "-global", "apic.vapic=off"]

# The kernel writes 0x10, 0x11 or 0x12 to port 0xf4; QEMU ends with twice that plus one. A triple fault ends it with 0.
CLEAN, PANIC, LEDGER, TRIPLE_FAULT = 33, 35, 37, 0


def command(memory=128, cpus=1, kernel=None, initrd=None, append="", iso=None, icount=False, cpu=CPU, ram=None, recording=None,
            swap=None, debugged=False, extra=()):
    """The words of one call; either kernel (with initrd and append) or iso says what boots. ram: a file that is to hold
    the guest's memory, so that others can read it (ramfile.py). recording: ("record" or "replay", file of the events, file
    of the snapshots), see replay.py. swap: a file that is the swap disk (swap_file; of a recorded run as qcow2).
    debugged: gdb will take single steps."""
    at_once = 1 < cpus <= len(os.sched_getaffinity(0)) and not (icount or recording or debugged or swap)
    accelerator = A_THREAD_EACH if at_once else ONE_THREAD
    words = [os.environ.get("QEMU", "qemu-system-x86_64"), *accelerator, *MACHINE, "-cpu", cpu, "-m", str(memory)]
    if cpus != 1:
        words += ["-smp", str(cpus)]
    if recording:
        mode, events, snapshots = recording
        # A drive that no device has keeps the snapshots.
        words += ["-icount", f"shift=0,rr={mode},rrfile={escaped(events)},rrsnapshot=first",
                  "-drive", f"file={escaped(snapshots)},if=none,id=snapshots"]
    elif icount:
        # One tick of the TSC is one instruction. The battery clock would go on by the host's seconds all the same, and the kernel
        # waits while one begins.
        words += ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]
    if ram:
        words += ["-object", f"memory-backend-file,id=ram,share=on,size={memory}M,mem-path={escaped(ram)}",
                  "-machine", "memory-backend=ram"]
    if swap:
        words += swap_disk(swap, recorded=bool(recording))
    if iso:
        words += ["-cdrom", iso, "-boot", "d"]
    else:
        words += ["-kernel", kernel or KERNEL, "-initrd", initrd or INITRAMFS]
        if append:
            words += ["-append", append]
    return words + list(extra)


def escaped(path):
    """A path among the words of an option, where a comma separates."""
    return str(path).replace(",", ",,")


def shared_memory():
    """A file without a name for the memory of a guest, and the link by which `make live` finds it: it leads into this
    process, and nowhere once it has ended. The file is to be inherited by QEMU."""
    file = os.memfd_create("guest")
    own = f"{LIVE}.{os.getpid()}"
    try:
        os.symlink(f"/proc/{os.getpid()}/fd/{file}", own)
        os.replace(own, LIVE)
    except OSError:
        pass    # the folder is not ours: the guest runs all the same
    return file


def swap_disk(path, recorded):
    """The legacy interface alone: the kernel drives that one, and no other is to be tried first. When there is no room for the file
    the guest gets an error to deal with; QEMU would else stop it, for ever and without a word."""
    if recorded:    # blkreplay gives an answer at the instruction at which it came, and a snapshot needs a disk that can keep one
        drives = ["-drive", f"file={escaped(path)},format=qcow2,if=none,id=swap-image,cache=unsafe",
                  "-drive", "driver=blkreplay,image=swap-image,if=none,id=swap"]
    else:
        drives = ["-drive", f"file={escaped(path)},format=raw,if=none,id=swap,cache=unsafe"]
    return [*drives, "-device", "virtio-blk-pci,drive=swap,disable-modern=on,werror=report"]


PAGE = 4096
MOST_SWAP = 8192    # MiB: as many slots as the kernel counts (two bytes each in one block of the buddy allocator: mm/slot.c)


def swap_file(megabytes, path=None):
    """A sparse file with the header that mkswap(8) writes (Linux's union swap_header), for `swap`; without a path one without a name, which
    QEMU inherits. megabytes: MOST_SWAP at most. => its descriptor; OSError: the host cannot have such a file"""
    pages = megabytes * 2**20 // PAGE
    file = open(path, "w+b") if path else tempfile.TemporaryFile()    # noqa: SIM115: the descriptor is the result
    with file:
        file.truncate(pages * PAGE)
        file.seek(1024)
        file.write(struct.pack("<III16s16s", 1, pages - 1, 0, b"", b"faultline"))
        file.seek(PAGE - 10)
        file.write(b"SWAPSPACE2")
        file.flush()
        return os.dup(file.fileno())


def window():
    """A serial line does not say how large the terminal at its other end is: the kernel argument that does."""
    try:
        size = os.get_terminal_size(1)
    except OSError:
        return ""
    return f"console={size.columns}x{size.lines}" if size.columns and size.lines else ""


def show(words):
    return " ".join(shlex.quote(word) for word in words)


def missing():
    """The first of the files that a boot needs and that is not built yet, or None."""
    return next((path for path in (KERNEL, INITRAMFS) if not os.path.exists(path)), None)


def die_with_parent():
    """For a child, between fork and exec: end when the script that started it ends, however it ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def start(words, **popen):
    return subprocess.Popen(words, preexec_fn=die_with_parent, **popen)


def meaning(status):
    """What an exit status of QEMU says about the kernel, None when all is well."""
    return {CLEAN: None, PANIC: "the kernel panicked", LEDGER: "the kernel's frame ledger does not balance",
            TRIPLE_FAULT: "the machine was reset (triple fault)"}.get(status, f"QEMU ended with status {status}")
