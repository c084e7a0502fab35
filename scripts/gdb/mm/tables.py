# SPDX-License-Identifier: MIT
"""tables.py - mm pt: the page walk of one address, and the tree of an address space with its cost."""

from mm import kernel, machine, recording
from mm.command import Command, address_of, plural, size_text
from mm.headers import VMA, X86
from mm.machine import LEVELS, PAGE, Space


def pid_of(who):
    return who.pid if who else None


def whose(who):
    return f"pid {who.pid}" if who else "the kernel's own"


def describe_frame(pfn):
    """What a leaf leads to, in a few words."""
    if pfn >= kernel.frames() or not kernel.is_ram(pfn):
        return f"frame #{pfn}, no RAM"
    if pfn == kernel.zero_pfn():
        return f"frame #{pfn}, the page of zeros that all untouched memory shares"
    one = kernel.page(pfn)
    return f"frame #{pfn}, refs {one.refs}, maps {one.maps}, owner {kernel.owner(one)}"


def on_disk(entry):
    return f"on the swap disk, slot {machine.slot_of(entry)}: no frame, a touch reads it back"


def absence(who, va):
    """Why there is no frame, and what a touch would do."""
    if not who or va >= 1 << 47:
        return "nothing is mapped here"
    region = kernel.region_at(who, va)
    if not region:
        return "no frame, and no VMA promises one: a touch is a segmentation fault"
    allowed = [word for word, bit in (("read", VMA.VMA_READ), ("write", VMA.VMA_WRITE), ("execute", VMA.VMA_EXEC))
               if region.flags & bit]
    if not allowed:
        return "no frame. VMA ---p allows nothing: a touch is a segmentation fault"
    get = "its page of the file" if region.kind != "anon" else "a zeroed frame"
    return (f"no frame yet. VMA {kernel.permissions(region.flags)} allows {'+'.join(allowed)}: "
            f"first touch will fault and get {get}.")


class Pt(Command):
    """mm pt ADDR | -a [PID]: the page-table entries that the MMU reads for an address; the whole tree and its cost.

mm pt ADDR        one line for each level, from physical memory
mm pt -a [PID]    all tables of a process, and what they cost
Works in ring 3 and ring 0; before paging it says what the MMU does then: nothing.
Example: mm pt &main          mm pt $rsp          mm pt -a 2"""

    name = "pt"
    flags = ("a",)

    def look(self, argument, given):
        return look_tree(argument) if "a" in given else look_walk(address_of(argument))

    def show(self, data):
        if "tables" in data:
            show_tree(data)
        elif not data["paging"]:
            print(f"pt {data['address']:#018x}   paging is off: the physical address is the same")
        else:
            show_walk(data)

    def hint(self, data):
        if data.get("paging") and "physical" in data:
            return f"mm frames {data['physical'] // PAGE} tells all about the frame" + (
                f"; mm who-wrote -pte {data['address']:#x}, who wrote the entry." if recording.FOLDER else ".")
        return None


def look_walk(va):
    if not machine.paging():
        return {"address": va, "paging": False}
    space, who = kernel.space()
    walk = space.walk(va)
    data = {"address": va, "paging": True, "cr3": space.root, "pid": pid_of(who),
            "entries": [entry._asdict() for entry in walk]}
    last = walk[-1]
    if machine.present(last.value):
        where = space.translate(va)
        data.update(physical=where, page_size=machine.span(last.level),
                    frame=where // PAGE, what=describe_frame(where // PAGE))
    elif last.level == 1 and last.value & X86.PTE_NO_ACCESS:
        data["what"] = f"{describe_frame(machine.frame_of(last.value))}: kept, but no access is allowed (PROT_NONE)"
    elif last.level == 1 and machine.slot_of(last.value) is not None:
        data.update(slot=machine.slot_of(last.value), what=on_disk(last.value))
    else:
        data["what"] = absence(who, va)
    return data


def show_walk(data):
    va = data["address"]
    who = f"pid {data['pid']}" if data["pid"] else "no process"
    print(f"pt {va:#018x}   CR3 = {data['cr3']:#010x} ({who})")
    if not machine.is_canonical(va):
        print("  not canonical: bits 63-47 differ. The MMU does not even look; the access is a #GP")
        return
    indexes = " ".join(f"{name}[{va // machine.span(level) % X86.PT_ENTRIES}]" for level, name in LEVELS.items())
    print(f"  index  {indexes}  offset {va % PAGE:#05x}")
    for entry in data["entries"]:
        name = ("PTE", "PDE", "PDPTE", "PML4E")[entry["level"] - 1]
        flags = (machine.flags_text(entry["value"], entry["level"]) if machine.present(entry["value"])
                 else "NOT PRESENT" if entry["value"] == 0 or entry["level"] > 1 or machine.has_frame(entry["value"]) else "ON THE SWAP DISK")
        print(f"  {name:5} [{entry['index']:3}] @ phys {entry['address']:#010x} = "
              f"{entry['value']:#018x}  {flags}")
    if "physical" in data:
        print(f"  => phys {data['physical']:#x}  ({size_text(data['page_size'])}iB page, {data['what']})")
    else:
        print(f"  => {data['what']}")


def look_tree(pid):
    who = kernel.process(pid)
    space = Space(who.cr3)
    tables = [{"level": level, "va": va, "physical": address, "used": len(used)}
              for level, va, address, used in space.tables()]
    mapped = kernel.resident_leaves(space.leaves())
    return {"pid": who.pid, "name": who.name, "cr3": space.root, "tables": tables, "pages": len(mapped), "swapped": len(space.swapped())}


def show_tree(data):
    print(f"pt -a   pid {data['pid']} {data['name']}   CR3 = {data['cr3']:#010x}")
    for table in data["tables"]:
        level, used = table["level"], table["used"]
        reach = f"{table['va']:#x}" + ("" if level == 4 else f" + {size_text(machine.span(level + 1))}")
        what = "pages" if level == 1 else "tables below"    # (entries in use: pages on the swap disk have one, too)
        print(f"  {'  ' * (4 - level)}{LEVELS[level]:4} @ phys {table['physical']:#010x}  "
              f"{used:3} {what:12}  {reach}")
    counts = {level: sum(table["level"] == level for table in data["tables"]) for level in LEVELS}
    cost = PAGE * len(data["tables"])
    print("pt -a: " + ", ".join(f"{name} {counts[level]}" for level, name in LEVELS.items()) +
          f" tables = {cost // 1024} KiB to map {plural(data['pages'], 'counted page')} "
          f"({data['pages'] * PAGE // 1024} KiB)" +
          (f", and to find {plural(data['swapped'], 'page')} on the swap disk." if data["swapped"] else "."))


Pt()
