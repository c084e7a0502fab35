# SPDX-License-Identifier: MIT
"""outside.py NAME - what the RAM of a guest that stands still says of its processes called NAME and of all frames, as JSON.

The judge of the gdb commands: it shares none of their walking and counting. It reads bytes of the RAM file (named by
FAULTLINE_MEMORY), takes the roots of the page tables from the kernel's list of processes, and does the rest by itself.
"""

import json
import os
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "scripts")]

import dwarftypes    # noqa: E402 (the scripts' folder comes first)
import qemu          # noqa: E402
import ramfile       # noqa: E402

FRAME_ARRAY, ENTRY_BITS, PRESENT, LARGE, KEPT, SWAPPED = 0xFFFFEA0000000000, 0x000FFFFFFFFFF000, 1, 1 << 7, 1 << 8, 1 << 9

ram = ramfile.RamFile(os.environ["FAULTLINE_MEMORY"], qemu.KERNEL)
types = dwarftypes.Types(ram.kernel)


def place(kind, *path):
    """The offset of a member of a structure, of its members' members."""
    offset, here = 0, types.named(kind)
    for name in path:
        step, here = here.strip_typedefs().by_name[name]
        offset += step
    return offset


def leaves(table, level=4, va=0):
    """Every entry of the user half that keeps a frame, or leads to the swap disk: (va, entry)."""
    for index, entry in enumerate(struct.unpack("<512Q", ram.read_phys(table, 4096))[:256 if level == 4 else 512]):
        here = va + (index << 12 + 9 * (level - 1))
        if level == 1 and entry:
            assert bool(entry & (PRESENT | KEPT)) != bool(entry & SWAPPED), hex(entry)
            yield here, entry
        elif entry & PRESENT:
            assert not entry & LARGE
            yield from leaves(entry & ENTRY_BITS, level - 1, here)


def processes():
    """(pid, name, root) of all that have memory."""
    at = ram.word(ram.symbol("all_processes", "process.c"))
    while at:
        aspace = ram.word(at + place("struct process", "aspace"))
        if aspace:
            name = ram.read_virt(at + place("struct process", "name"), 16).split(b"\0")[0].decode()
            pid = struct.unpack("<i", ram.read_virt(at + place("struct process", "pid"), 4))[0]
            yield pid, name, ram.word(aspace + place("struct aspace", "pmap", "cr3"))
        at = ram.word(at + place("struct process", "all"))


def owners():
    """How many online frames each owner has, one struct page after the other."""
    names = [one.name.removeprefix("PAGE_").lower() for one in types.named("enum page_owner").fields()]
    size, counts = types.named("struct page").sizeof, dict.fromkeys(names[:-1], 0)
    pfn, end = 0, ram.word(ram.symbol("array_end", "buddy.c"))
    data = ram.read_virt(FRAME_ARRAY, end * size)
    offset = {name: place("struct page", name) for name in ("refs", "owner", "order", "flags")}
    while pfn < end:
        one = data[pfn * size:(pfn + 1) * size]
        refs = struct.unpack_from("<I", one, offset["refs"])[0]
        online = one[offset["flags"]] & 1
        frames = 1 << one[offset["order"]] if refs else 1
        if online:
            counts[names[one[offset["owner"]]] if refs else "free"] += frames
        pfn += frames
    return counts


everybody = {pid: (name, root, dict(leaves(root))) for pid, name, root in processes()}
maps = {}
for _, _, entries in everybody.values():
    for entry in (entry for entry in entries.values() if not entry & SWAPPED):
        maps[entry >> 12 & (1 << 40) - 1] = maps.get(entry >> 12 & (1 << 40) - 1, 0) + 1
print(json.dumps({"processes": {pid: {"root": root, "entries": entries} for pid, (name, root, entries) in everybody.items()
                                if name == sys.argv[1]},
                  "maps": maps, "owners": owners()}))
