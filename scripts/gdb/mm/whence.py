# SPDX-License-Identifier: MIT
"""whence.py - where code stands, in words: the kernel's line, and behind it the line of the program that asked for it.

gdb unwinds C in either ring, but not from the kernel into the program: what the CPU and the entry code pushed (struct
trapframe, at the top of the thread's kernel stack) is the way there, and from there the chain of frame pointers.
"""

import functools
import linecache
import os
import signal
from collections import namedtuple

import gdb

from mm import kernel, machine, processes
from mm.headers import BUILD, LAYOUT, ROOT, constants
from mm.machine import Space

Place = namedtuple("Place", "pc function file line")
FRAMES_MAX = 32
PUSH_RBP = b"\x55"
TRAPS = constants("kernel/include/x86/trapframe.h")
NOT_THE_USERS = ("libc/", "kernel/include/")    # a line in there is not what somebody looks for


@functools.lru_cache
def call_names():
    """The system calls by number, from the header that states the ABI."""
    calls = constants(os.path.join(BUILD, "include", "asm", "unistd_64.h"))
    return {number: name.removeprefix("__NR_") for name, number in calls.all().items() if name.startswith("__NR_")}


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


# ---- places ----

def place_of(pc, function=None):
    line, block = gdb.find_pc_line(pc), gdb.block_for_pc(pc)
    while function is None and block and not block.function:
        block = block.superblock
    name = function or (block.function.name if block else None)
    return Place(pc, name, line.symtab.filename if line.symtab else None, line.line)


def start_of(pc):
    """The first instruction of the function that the compiler made there, whatever was inlined into it."""
    block, start = gdb.block_for_pc(pc), pc
    while block and not block.is_static and not block.is_global:
        if block.function:
            start = block.start
        block = block.superblock
    return start


def text_of(place):
    if not place.file:
        return f"{place.pc:#x}" + (f" in {place.function}" if place.function else "")
    return f"{place.file}:{place.line}" + (f" in {place.function}" if place.function else "")


def source_of(place):
    return linecache.getline(os.path.join(ROOT, place.file), place.line).rstrip() if place.file else ""


def place_now():
    """The line that the CPU stands at; of code that was inlined out of a header, the line that uses it."""
    frame = gdb.newest_frame()
    while frame.type() == gdb.INLINE_FRAME and frame.older() and (not frame.find_sal().symtab or
                                                                   frame.find_sal().symtab.filename.endswith(".h")):
        frame = frame.older()
    sal = frame.find_sal()
    return Place(machine.register("rip"), frame.name(), sal.symtab.filename if sal.symtab else None, sal.line)


def in_ring_3():
    return machine.register("cs") & 3 == 3


def trapframe():
    """What was interrupted in ring 3 for the kernel to run now, None if nothing was."""
    if not machine.paging() or in_ring_3():
        return None
    top = int(kernel.symbol("percpu", "kernel/arch/x86/percpu.c")[machine.cpu()]["tss"]["rsp"][0])
    if top < LAYOUT.KSTACK_AREA or top >= LAYOUT.KSTACK_AREA_END:
        return None
    frame = kernel.at("struct trapframe", top - gdb.lookup_type("struct trapframe").sizeof)
    return frame if int(frame["cs"]) & 3 == 3 else None


def user_places(who, frame=None):
    """Where a program stands and who called it, innermost first: from its registers, or those that were pushed."""
    processes.load_if_known(who)
    pc = int(frame["rip"]) if frame else machine.register("rip")
    if not processes.loaded(who):
        return [Place(pc, None, None, 0)]
    return interrupted_places(who, pc, int(frame["rsp"]), int(frame["rbp"])) if frame else running_places()


def running_places():
    found, frame = [], gdb.newest_frame()
    while frame and len(found) < FRAMES_MAX:
        sal = frame.find_sal()
        found.append(Place(frame.pc(), frame.name(), sal.symtab.filename if sal.symtab else None, sal.line))
        frame = frame.older()
    return found


def interrupted_places(who, pc, stack, base):
    """The chain of frame pointers. The innermost function may have none, or none yet: then its caller is on the stack."""
    found, space = [place_of(pc)], Space(who.cr3)
    try:
        start = start_of(pc)
        pushes = space.read(start, 1) == PUSH_RBP
        if not pushes or pc - start in (0, 1):
            found.append(place_of(space.word(stack + 8 * (pushes and pc > start)) - 1))
        for _ in range(FRAMES_MAX):
            base, pc = space.word(base), space.word(base + 8)
            found.append(place_of(pc - 1))    # (the call, not what follows it)
    except gdb.MemoryError:
        pass    # no (more) frame pointers
    return [place for place in found if place.function] or found[:1]


def the_users_own(places):
    """The innermost that is not in the C library."""
    return next((place for place in places if place.file and not place.file.startswith(NOT_THE_USERS)), places[0])


def path_text(places):
    """libc/string/memset.c:20 in memset, called from user/demo/vmrss.c:85 in main"""
    own = [place for place in places if place.file and not place.file.startswith(NOT_THE_USERS)][:2]
    return ", called from ".join(text_of(place) for place in [places[0]] * (places[0] not in own) + own)


def reason_text(frame):
    """Why the kernel runs: what a program's trapframe says."""
    vector = int(frame["vector"])
    if vector == TRAPS.TRAP_SYSCALL:
        return f"the system call {call_names().get(int(frame['error']), int(frame['error']))}"
    if vector == TRAPS.TRAP_PAGE_FAULT:
        error = int(frame["error"])
        return f"a page fault ({'write' if error & 2 else 'fetch' if error & 16 else 'read'})"
    return f"the trap {vector}" if vector < 32 else f"the interrupt {vector}"
