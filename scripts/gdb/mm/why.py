# SPDX-License-Identifier: MIT
"""why.py - mm why ADDR: everything about an address, in words."""

import gdb

from mm import heap, kernel, machine, processes, tables
from mm.command import Command, address_of, plural, size_text
from mm.headers import LAYOUT, VMA, X86
from mm.machine import PAGE

USER_END = 1 << 47


class Why(Command):
    """mm why ADDR: everything about an address in words: whose it is, what promised it, what is there, what a touch does.

Example: mm why $rsp          mm why block          mm why 0"""

    name = "why"

    def look(self, argument, given):
        va = address_of(argument)
        if not machine.paging():
            lines = ["paging is off: it is a physical address, every access reaches it"]
        elif not machine.is_canonical(va):
            lines = ["not canonical (bits 63-47 differ): any access is a general protection fault", *as_text(va)]
        elif va >= USER_END:
            lines = kernel_words(va)
        else:
            lines = user_words(va)
        return {"address": va, "words": lines}

    def show(self, data):
        first, *rest = data["words"]
        print(f"{data['address']:#x}: {first}")
        for line in rest:
            print("  " + line)


def as_text(va):
    """A string that was written over a pointer shows when its bytes are letters."""
    data = va.to_bytes(8, "little").rstrip(b"\0")
    return [f"its bytes are text: {data.decode()!r}: was a string written over a pointer?"] \
        if len(data) > 3 and all(32 <= byte < 127 for byte in data) else []


def symbol_words(va):
    text = gdb.execute(f"info symbol {va:#x}", to_string=True).strip()
    return "" if text.startswith("No symbol") else text.split(" of ")[0].split(" in section ")[0]


# ---- the kernel half ----

def kernel_words(va):
    lines = [kernel_place(va)]
    name = symbol_words(va)
    if name:
        lines.append(f"symbol {name}")
    walk = kernel.space()[0].walk(va)
    last = walk[-1]
    if machine.present(last.value):
        right = "read and write" if all(entry.value & X86.PTE_WRITE for entry in walk) else "read only"
        run = "" if any(entry.value & X86.PTE_NX for entry in walk) else ", execute"
        lines.append(f"mapped for the kernel: {right}{run}; from ring 3 any access is a segmentation fault")
        where = kernel.space()[0].translate(va)
        lines.append(f"phys {where:#x} {tables.describe_frame(where // PAGE)}")
    else:
        lines.append(f"not mapped: the walk ends at the {machine.LEVELS[last.level]} entry {last.index}")
    return lines


def kernel_place(va):
    if va >= LAYOUT.KERNEL_BASE:
        return "the kernel's image"
    if LAYOUT.FRAME_ARRAY <= va < LAYOUT.FRAME_ARRAY + kernel.frames() * gdb.lookup_type("struct page").sizeof:
        pfn = (va - LAYOUT.FRAME_ARRAY) // gdb.lookup_type("struct page").sizeof
        return f"the frame array: struct page of frame #{pfn}"
    if LAYOUT.KSTACK_AREA <= va < LAYOUT.KSTACK_AREA_END:
        return "the area of kernel stacks (an unmapped guard page lies below each)"
    if LAYOUT.DIRECT_MAP <= va < LAYOUT.DIRECT_MAP + kernel.frames() * PAGE:
        return f"the direct map: physical address {va - LAYOUT.DIRECT_MAP:#x}"
    return "the kernel half, but none of its areas"


# ---- the user half ----

def user_words(va):
    space, who = kernel.space()
    if not who:
        return ["a user address, but no process runs: `mm proc PID` chooses one"]
    region = kernel.region_at(who, va)
    if not region:
        return nowhere_words(who, va)
    name = region.name or "[anon]"
    lines = [f"in {name}, {size_text((va - region.start) // PAGE * PAGE)} behind its start, of pid {who.pid} {who.name}"]
    if processes.loaded(who):
        symbol = symbol_words(va)
        lines += [f"symbol {symbol}"] if symbol else []
        said = heap.words_for(who, va)
        lines += [said] if said else []
    lines.append(f"VMA [{region.start:#x}, {region.end:#x}) {kernel.permissions(region.flags)}, kind {region.kind}, "
                 f"{plural(region.faults, 'fault')} served")
    entry = space.leaf(va)
    lines.append(entry_words(who, va, entry))
    lines.append(" | ".join(access_words(region, entry, bit, verb) for verb, bit in
                            (("read", VMA.VMA_READ), ("write", VMA.VMA_WRITE), ("execute", VMA.VMA_EXEC))))
    return lines


def entry_words(who, va, entry):
    if entry == 0:
        return "PTE empty: " + tables.absence(who, va)
    if machine.slot_of(entry) is not None:
        return "PTE leads to the disk: " + tables.on_disk(entry)
    what = tables.describe_frame(machine.frame_of(entry))
    if not machine.present(entry):
        return f"PTE keeps its frame but allows nothing (PROT_NONE) | {what}"
    state = ["present", "writable" if entry & X86.PTE_WRITE else "read-only",
             "dirty" if entry & X86.PTE_DIRTY else "clean"]
    return f"PTE {', '.join(state)} | phys {(entry & X86.PTE_FRAME_MASK) + va % PAGE:#x} {what}"


def access_words(region, entry, bit, verb):
    """What an access would meet: nothing, a fault that is served, or a refusal."""
    allowed = region.flags & (VMA.VMA_PROT if verb == "read" else bit)
    if not allowed:
        return f"{verb} -> SIGSEGV ({'NX' if verb == 'execute' else 'the VMA forbids it'})"
    if not machine.present(entry):
        return f"{verb} -> fault{' (read from the disk)' if machine.slot_of(entry) is not None else ''}, then OK"
    if verb == "write" and not entry & X86.PTE_WRITE:
        return "write -> fault (a frame of its own), then OK"
    return f"{verb} OK"


def nowhere_words(who, va):
    lines = [f"no VMA of pid {who.pid} {who.name} contains it: a touch is a segmentation fault"]
    if va < LAYOUT.MMAP_MIN:
        lines.append(f"the null pointer plus {va:#x}: a member or an element of something that is not there")
    found = kernel.regions(who)
    below = max((region for region in found if region.end <= va), key=lambda region: region.end, default=None)
    above = min((region for region in found if region.start > va), key=lambda region: region.start, default=None)
    if below:
        lines.append(f"nearest below: {below.name or '[anon]'} ends at {below.end:#x}, {va - below.end:#x} bytes before it")
    if above:
        lines.append(f"nearest above: {above.name or '[anon]'} begins {above.start - va:#x} bytes further, at {above.start:#x}")
        if above.flags & VMA.VMA_STACK:
            lines.append("above is the stack: a touch makes it grow down to here, if its limit allows it")
    return lines + history_words(who, va)


def history_words(who, va):
    """Was it unmapped lately? The kernel remembers the last ranges."""
    aspace = kernel.at("struct aspace", who.aspace)
    count, past = aspace["unmapped"].type.range()[1] + 1, aspace["unmapped"]
    last = int(aspace["unmapped_next"])
    for i in range(count):
        gone = past[(last - 1 - i) % count]
        if int(gone["start"]) <= va < int(gone["end"]):
            return [f"it was unmapped: [{int(gone['start']):#x}, {int(gone['end']):#x}) "
                    f"{kernel.permissions(int(gone['was']))}, by {chain(gone['callers'])}"]
    return []


def chain(callers):
    """munmap (libc/sys/raw.h:24) <- free (...): the instruction that asked, and the calls that led to it."""
    places = []
    for depth in range(callers.type.range()[1] + 1):
        pc = int(callers[depth])
        if pc == 0:
            break
        pc -= depth > 0    # a return address belongs to the call before it
        block, line, name = gdb.block_for_pc(pc), gdb.find_pc_line(pc), f"{pc:#x}"
        while block:    # the outermost function: those within it were inlined
            name = block.function.name if block.function else name
            block = block.superblock
        places.append(name + (f" ({line.symtab.filename}:{line.line})" if line.symtab else ""))
    return " <- ".join(places)


Why()
