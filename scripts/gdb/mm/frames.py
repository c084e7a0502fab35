# SPDX-License-Identifier: MIT
"""frames.py - mm frames: the RAM by owner, the buddy's free blocks, and all about one frame."""

import re

import gdb

from mm import kernel, machine
from mm.command import Command, plural, size_text
from mm.headers import LAYOUT, X86
from mm.machine import PAGE, Space

CELLS_IN_LINE = 64
LETTERS = {"free": ".", "firmware": "w", "image": "K", "array": "A", "table": "P", "kstack": "S", "slab": "L",
           "buffer": "B", "anon": "a", "file": "f", "shmem": "m"}
NO_RAM, NO_OWNER = " ", 255
BLOCK = re.compile(rb"[^\0]")    # an order of 1 or more
ORDER_MASK = 15    # a guest that runs may show a field half-way between two states


def owners_of_all():
    """For every frame its owner's place in owner_names(), as the ledger has it: a block belongs, all of it, to who has its
    first frame. NO_OWNER: no RAM."""
    owner, order = map(bytes, kernel.page_columns("owner", "order"))
    found = bytearray(owner)    # (an owner of 0 is `free`; the frames behind a block's first have 0)
    for head in BLOCK.finditer(order):
        pfn = head.start()
        if owner[pfn]:
            count = 1 << (order[pfn] & ORDER_MASK)
            found[pfn:pfn + count] = owner[pfn:pfn + 1] * count
    end = 0
    for start, stop in [*kernel.ram_ranges(), (len(owner), len(owner))]:
        found[end:start] = bytes([NO_OWNER]) * (start - end)
        end = stop
    return found[:len(owner)]


def cell(owners):
    """One letter for several frames: the owner who has most of them, but any owner before `free`."""
    counts = [(owners.count(code), code) for code in range(1, len(kernel.owner_names()))]
    most, code = max(counts, key=lambda pair: pair[0])
    if most:
        return LETTERS[kernel.owner_names()[code]]
    return LETTERS["free"] if 0 in owners else NO_RAM


def cells_of(owners, step):
    return "".join(cell(owners[at:at + step]) for at in range(0, len(owners), step))


def look_all():
    owners = owners_of_all()
    step = max(1, 1 << (len(owners) // (8 * CELLS_IN_LINE) - 1).bit_length()) if len(owners) > 8 * CELLS_IN_LINE else 1
    counts = {name: owners.count(code) for code, name in enumerate(kernel.owner_names())}
    orders = kernel.symbol("free_counts", "kernel/mm/buddy.c")
    blocks = [int(orders[i]) for i in range(kernel.PAGE_FLAGS.PAGE_MAX_ORDER + 1)]
    caches = kernel.symbol("caches", "kernel/mm/page.c")
    cached = sum(int(caches[cpu]["plain"]["count"]) + int(caches[cpu]["zeroed"]["count"]) for cpu in range(caches.type.range()[1] + 1))
    return {"frames": sum(counts.values()), "owners": counts, "step": step, "buddy": blocks, "cached": cached,
            "cells": cells_of(owners, step)}


def show_all(data):
    owners = "   ".join(f"{name} {count}" for name, count in data["owners"].items() if count)
    print(f"RAM {data['frames'] * PAGE // 1024} KiB = {data['frames']} frames   {owners}")
    print(f"  1 cell = {plural(data['step'], 'frame')}: its commonest owner.  " +
          " ".join(f"{letter} {name}" for name, letter in LETTERS.items() if data["owners"][name]))
    for at in range(0, len(data["cells"]), CELLS_IN_LINE):
        print(f"  {data['cells'][at:at + CELLS_IN_LINE]:{CELLS_IN_LINE}}  {at * data['step'] * PAGE:#010x}")
    blocks = data["buddy"]
    free = sum(count << order for order, count in enumerate(blocks))
    largest = max((order for order, count in enumerate(blocks) if count), default=0)
    print("buddy  order " + " ".join(f"{order}:{count}" for order, count in enumerate(blocks)) +
          f"   largest free block {size_text(PAGE << largest)}   " +
          f"in blocks {free}, in the CPUs' caches {data['cached']}")


def look_frame(pfn, reverse=None):
    """`reverse`: a reverse map that the caller has; it costs a walk through all page tables."""
    one = kernel.page(pfn)
    data = {"pfn": pfn, "physical": pfn * PAGE, "struct_page": LAYOUT.FRAME_ARRAY + pfn * gdb.lookup_type("struct page").sizeof,
            "ram": kernel.is_ram(pfn), "owner": kernel.owner(one), "refs": one.refs, "maps": one.maps, "order": one.order,
            "zero_page": pfn == kernel.zero_pfn(), "mapped_by": [], "what": ""}
    if data["owner"] == "table" and one.refs:
        data["what"] = table_of(pfn, one)
    elif one.refs and data["owner"] in ("file", "shmem") and one.object:
        data["what"] = f"page {one.index} of {kernel.source_name(one.object) or 'a file'}"
    elif one.refs and data["owner"] == "slab" and one.object:
        cache = kernel.at("struct kmem_cache", one.object)
        data["what"] = f"slab of {cache['name'].string()} ({cache['size']} bytes each), {one.maps} in use"
    elif not one.refs:
        data["what"] = free_place(pfn, one)
    if one.refs and (data["owner"] in ("anon", "file", "shmem") or data["owner"] == "image" and (one.maps or data["zero_page"])):
        data["mapped_by"] = [{"pid": who.pid, "name": who.name, "va": va}
                             for who, va in (reverse or kernel.reverse_map()).get(pfn, [])]
    return data


def table_of(pfn, one):
    for who in kernel.processes():
        if not who.aspace:
            continue
        for level, va, address, used in Space(who.cr3).tables():
            if address == pfn * PAGE:
                reach = "" if level == 4 else f" for {va:#x} + {size_text(machine.span(level + 1))}"
                return f"{machine.LEVELS[level]} of pid {who.pid}{reach}, {len(used)} entries in use"
    return "of the kernel half"


def free_place(pfn, one):
    """Where a free frame lies: in the buddy's block, in a CPU's cache, or not online yet."""
    flags = kernel.PAGE_FLAGS
    if not one.flags & flags.PAGE_FLAG_ONLINE:
        return "not online yet" if kernel.is_ram(pfn) else "a hole: no RAM here"
    if one.flags & flags.PAGE_FLAG_CACHED:
        return "in a CPU's cache of single frames"
    for order in range(flags.PAGE_MAX_ORDER + 1):
        head = pfn & ~((1 << order) - 1)
        first = kernel.page(head)
        if first.flags & flags.PAGE_FLAG_FREE_BLOCK and first.order == order:
            return (f"in the free block of order {order} (2^{order} frames) that begins at #{head}; "
                    f"its buddy begins at #{head ^ 1 << order}")
    return "in no free block (it is changing hands just now)"


def show_frame(data):
    if not data["ram"]:
        print(f"frame #{data['pfn']} phys {data['physical']:#x}  no RAM here")
        return
    print(f"frame #{data['pfn']} phys {data['physical']:#x}  {data['owner']}  refs {data['refs']}  maps {data['maps']}  "
          f"struct page @ {data['struct_page']:#x}")
    if data["zero_page"]:
        print("  the page of zeros: all memory that was only read shows it; it counts for nobody")
    if data["what"]:
        print("  " + data["what"])
    for mapping in data["mapped_by"]:
        print(f"  mapped by pid {mapping['pid']} {mapping['name']} at {mapping['va']:#x}")


class Frames(Command):
    """mm frames [PFN | PHYS]: all frames by owner and the buddy's free blocks; or all about one frame.

A number below the count of frames is a frame's number, anything larger a physical address.
Example: mm frames          mm frames 775          mm frames 0x307010"""

    name = "frames"

    def look(self, argument, given):
        kernel.need_kernel()
        if kernel.frames() == 0:
            raise gdb.GdbError("the frame array does not exist yet (page_init makes it)")
        if not argument:
            return look_all()
        number = int(gdb.parse_and_eval(argument))
        return look_frame(number if number < kernel.frames() else number >> X86.PAGE_SHIFT)

    def show(self, data):
        if "cells" in data:
            show_all(data)
        else:
            show_frame(data)


Frames()
