# SPDX-License-Identifier: MIT
"""regions.py - mm vmmap: what was promised, joined with what is kept. mm vma: the kernel's object behind a row."""

import gdb

from mm import kernel, malloc, processes
from mm.command import Command, address_of, plural, size_text
from mm.headers import VMA
from mm.machine import PAGE, Space


def counted(who, found):
    """For each region, how much of it is resident, dirty and swapped, as smaps counts."""
    space = Space(who.cr3)
    leaves, swapped = kernel.resident_leaves(space.leaves()), [va for va, _ in space.swapped()]
    rows, at = [], 0
    for region in found:
        rss = dirty = 0
        swap = PAGE * sum(region.start <= va < region.end for va in swapped)
        while at < len(leaves) and leaves[at].va < region.end:
            pfn = leaves[at].entry.value
            rss += PAGE
            dirty += PAGE * kernel.is_dirty(pfn, kernel.page(kernel.machine.frame_of(pfn)))
            at += 1
        rows.append((rss, dirty, swap))
    return rows


def segment(who, region):
    """Which part of the program a region of its file shows."""
    if not region.name or region.name != who.executable:
        return ""
    if region.flags & VMA.VMA_EXEC:
        return " .text"
    return " .data" if region.flags & VMA.VMA_WRITE else " .rodata" if region.offset else " headers"


def what(who, region, blocks):
    if region.name == "[heap]":
        return "[heap]  brk"
    if region.name == "[stack]":
        limit = int(kernel.at("struct aspace", who.aspace)["limit_stack"])
        return f"[stack] grows down, limit {size_text(limit)}"
    if region.name:
        return region.name + segment(who, region)
    if region.start == int(kernel.at("struct aspace", who.aspace)["data_end"]) + PAGE - 1 & -PAGE:
        return "[anon]  .bss"
    inside = [block for block in blocks if region.start <= block < region.end]
    return "[anon]" + ("  malloc's own mapping for " + ", ".join(f"{block + malloc.HEADER:#x}" for block in inside[:3])
                       if inside else "")


def look_map(who):
    found = kernel.regions(who)
    aspace = kernel.at("struct aspace", who.aspace)
    blocks = malloc.mapped_chunks(who) if processes.loaded(who) else []
    rows = [{"start": region.start, "end": region.end, "permissions": kernel.permissions(region.flags),
             "size": region.end - region.start, "rss": rss, "dirty": dirty, "swap": swap, "faults": region.faults,
             "offset": region.offset * PAGE if region.kind != "anon" else 0, "name": region.name,
             "what": what(who, region, blocks)}
            for region, (rss, dirty, swap) in zip(found, counted(who, found))]
    return {"pid": who.pid, "name": who.name, "vsz": int(aspace["total"]) * PAGE, "rss": sum(row["rss"] for row in rows), "swap": sum(row["swap"] for row in rows),
            "page_tables": (1 + int(aspace["pmap"]["tables"])) * PAGE, "faults": kernel.faults(aspace), "regions": rows}


class Vmmap(Command):
    """mm vmmap [PID] [-w|-x]: the regions of a process with what is resident of each.

-w, -x   only those that can be written, executed
RSS and dirty are counted in the page tables, as /proc/PID/smaps does; faults are what the region has served. Where pages are on the
swap disk there is a column for them.
Example: mm vmmap          mm vmmap 2 -w"""

    name = "vmmap"
    flags = ("w", "x")

    def look(self, argument, given):
        data = look_map(kernel.process(argument))
        data["regions"] = [row for row in data["regions"] if all(flag in row["permissions"] for flag in given - {"j"})]
        return data

    def show(self, data):
        swap = f"swap {data['swap'] // 1024} KiB   " if data["swap"] else ""
        columns = ("size", "rss", "dirty", "swap")[:4 if swap else 3]
        print(f"pid {data['pid']} {data['name']}   VSZ {data['vsz'] // 1024} KiB   RSS {data['rss'] // 1024} KiB   {swap}"
              f"page tables {data['page_tables'] // 1024} KiB   faults {data['faults']}")
        heads = " ".join(f"{'RSS' if key == 'rss' else key:>7}" for key in columns)
        print(f" {'start':18} {'end':18} perm {heads} {'faults':>7}  what")
        for row in data["regions"]:
            sizes = " ".join(f"{size_text(row[key]) if row[key] else '-':>7}" for key in columns)
            print(f" {row['start']:#018x} {row['end']:#018x} {row['permissions']} {sizes} {row['faults']:7}  {row['what']}")

    def hint(self, data):
        untouched = max(data["regions"], key=lambda row: row["size"] - row["rss"] - row["swap"], default=None)
        if not untouched or untouched["size"] == untouched["rss"] + untouched["swap"]:
            return None
        return (f"VSZ-RSS{'-swap' if data['swap'] else ''} = {size_text(data['vsz'] - data['rss'] - data['swap'])} was promised and is not kept.  "
                f"`mm why {untouched['end'] - PAGE:#x}` explains one page.")


FLAG_NAMES = ("SHARED", "MAY_WRITE", "STACK", "HEAP", "NORESERVE", "COPIED", "ACCOUNT")


def look_region(region, before, after):
    return {"address": region.address, "start": region.start, "end": region.end,
            "permissions": kernel.permissions(region.flags), "kind": region.kind, "name": region.name,
            "flags": [name for name in FLAG_NAMES if region.flags & VMA["VMA_" + name]], "faults": region.faults,
            "offset": region.offset, "gap_below": region.start - (before.end if before else 0),
            "gap_above": (after.start if after else 1 << 47) - region.end}


def distance(size):
    return "adjoining" if size == 0 else size_text(size) + " free"


class Vma(Command):
    """mm vma ADDR | -a: the kernel's struct vma for an address (or all of them), with the gaps around it.

Example: mm vma $rsp          mm vma -a"""

    name = "vma"
    flags = ("a",)

    def look(self, argument, given):
        who = kernel.process()
        found = kernel.regions(who)
        rows = [look_region(*triple) for triple in zip(found, [None] + found[:-1], found[1:] + [None])]
        if "a" not in given:
            va = address_of(argument)
            rows = [row for row in rows if row["start"] <= va < row["end"]]
            if not rows:
                raise gdb.GdbError(f"no VMA of pid {who.pid} contains {va:#x} (`mm why {va:#x}` says what is near)")
        return {"pid": who.pid, "vmas": rows}

    def show(self, data):
        for row in data["vmas"]:
            print(f"struct vma @ {row['address']:#x}   pid {data['pid']}")
            print(f"  [{row['start']:#x}, {row['end']:#x})  {row['permissions']}  {plural(row['faults'], 'fault')} served")
            print(f"  kind {row['kind']}   {row['name'] or 'no name'}   offset {row['offset']:#x} pages   "
                  f"flags {' '.join(row['flags']) or 'none'}")
            print(f"  below: {distance(row['gap_below'])}   above: {distance(row['gap_above'])}")


Vmmap()
Vma()
