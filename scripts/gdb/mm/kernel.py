# SPDX-License-Identifier: MIT
"""kernel.py - processes, regions and frames, out of the kernel's own structures.

Types come from the kernel's debug information, values from its memory: the kernel half is the same in every address
space, so this works in ring 3 too. A structure that the kernel is just changing may be caught half-way: a list that
does not end is cut.
"""

import functools
import struct
from collections import namedtuple

import gdb

from mm import machine
from mm.headers import LAYOUT, VMA, X86, constants
from mm.machine import Space

LIST_MAX = 100_000
FORMATS = {1: "B", 2: "H", 4: "I", 8: "Q"}
PAGE_FLAGS = constants("kernel/mm/frame.h", "kernel/mm/page.c", "kernel/mm/buddy.c")
selected = None    # the pid that `mm proc` chose

Region = namedtuple("Region", "start end flags faults kind offset name address")
Process = namedtuple("Process", "pid name state cr3 aspace executable address")
Page = namedtuple("Page", "refs maps owner order flags next object prev index")


def need_kernel():
    if not machine.paging():
        raise gdb.GdbError("paging is off: the kernel's structures do not exist yet (mm pt works; or `break kmain`)")


def symbol(name, file=None):
    """A variable of the kernel; a static one by its file too."""
    need_kernel()
    return gdb.parse_and_eval(f"'{file}'::{name}" if file else name)


def at(type_name, address):
    """The structure at an address, read whole."""
    value = gdb.Value(address).cast(gdb.lookup_type(type_name).pointer()).dereference()
    value.fetch_lazy()
    return value


def chain(head, link):
    """The structures of a TAILQ whose head is given."""
    item = head["tqh_first"]
    for _ in range(LIST_MAX):
        if int(item) == 0:
            return
        here = item.dereference()
        here.fetch_lazy()
        yield here
        item = here[link]["tqe_next"]


# ---- processes ----

def process_of(value):
    aspace = int(value["aspace"])
    cr3 = int(at("struct aspace", aspace)["pmap"]["cr3"]) if aspace else 0
    state = str(value["state"]).removeprefix("PROCESS_").lower()
    executable = int(value["executable"])
    return Process(int(value["pid"]), value["name"].string(), state, cr3, aspace,
                   path_of(executable) if executable else "", int(value.address))


def processes():
    head = symbol("all_processes", "kernel/proc/process.c")
    return [process_of(value) for value in chain(head, "all")]


def running():
    """The process whose page tables the CPU uses, or None."""
    if not machine.paging():
        return None
    root = machine.register("cr3") & X86.PTE_FRAME_MASK
    return next((process for process in processes() if process.cr3 == root and process.aspace), None)


def process(pid_text=""):
    """The process that a command is about: the one named, the one chosen by `mm proc`, the running one."""
    need_kernel()
    wanted = int(pid_text, 0) if pid_text else selected
    if wanted is None:
        found = running()
        if found is None:
            raise gdb.GdbError("the CPU runs no process just now: name a pid (`mm proc` lists them)")
        return found
    found = next((one for one in processes() if one.pid == wanted), None)
    if found is None or not found.aspace:
        raise gdb.GdbError(f"pid {wanted} has no address space (any more): `mm proc` lists them")
    return found


def space():
    """(address space, its process or None) that an address without a pid means. Works without a kernel."""
    if not machine.paging():
        raise gdb.GdbError("paging is off: virtual addresses are physical ones")
    chosen = process() if selected is not None else running()
    return Space(chosen.cr3 if chosen else machine.register("cr3")), chosen


def path_of(node):
    """The path of a node of the ramfs; "?" for any other."""
    names = []    # (a ramfs_node begins with its node)
    for _ in range(LIST_MAX):
        here = at("struct ramfs_node", node)
        parent = int(here["parent"])
        if parent == node:
            return "/" + "/".join(reversed(names))
        if not parent or int(here["name"]) == 0:
            return here["name"].string() if int(here["name"]) else "?"
        names.append(here["name"].string())
        node = parent
    return "?"


# ---- regions ----

def source_name(source):
    """What a region's page source is called: a file's path, or the kernel's own name for its images."""
    if not source:
        return ""
    value = at("struct pagesrc", source)
    if int(value["anonymous_shared"]):
        return "/dev/zero (deleted)"
    ops = int(value["ops"])
    if ops == int(symbol("image_ops", "kernel/vdso/vdso.c").address):
        return at("struct image_source", source)["name"].string()    # [vvar], [vdso]
    if ops != int(symbol("source_ops", "kernel/fs/ramnode.c").address):
        return "?"
    kind = gdb.lookup_type("struct ramfs_node")
    data = next(field for field in fields(kind) if field.name == "data")
    return path_of(source - data.bitpos // 8)


def fields(kind):
    """The fields of a structure, those of members without a name included, with bit positions of the whole."""
    found = []
    for field in kind.strip_typedefs().fields():
        if field.name:
            found.append(field)
        else:
            found += [namedtuple("Field", "name bitpos type")(inner.name, field.bitpos + inner.bitpos, inner.type)
                      for inner in fields(field.type)]
    return found


def region_name(aspace, start, end, source):
    """As /proc/<pid>/maps has it (mmstat_vma_name)."""
    if source:
        return source_name(source)
    if start < int(aspace["brk"]) and end > int(aspace["brk_start"]):
        return "[heap]"
    return "[stack]" if start <= int(aspace["stack_start"]) <= end else ""


def regions(who):
    """The regions of a process, in order of address."""
    aspace = at("struct aspace", who.aspace)
    found = []
    for value in chain(aspace["vmas"]["list"], "link"):
        start, end, source = int(value["start"]), int(value["end"]), int(value["source"])
        kind = value["ops"].dereference()["kind"].string()
        found.append(Region(start, end, int(value["flags"]), int(value["faults"]), kind, int(value["offset"]),
                            region_name(aspace, start, end, source), int(value.address)))
    return found


def region_at(who, va):
    return next((region for region in regions(who) if region.start <= va < region.end), None)


def permissions(flags):
    return "".join(letter if flags & bit else "-" for letter, bit in
                   (("r", VMA.VMA_READ), ("w", VMA.VMA_WRITE), ("x", VMA.VMA_EXEC))) + (
                       "s" if flags & VMA.VMA_SHARED else "p")


def faults(aspace):
    """Those that it was served, with those for which a page was read from the disk."""
    return int(aspace["faults"]) + int(aspace["major_faults"])


def zero_pfn():
    return (int(symbol("zero_page")) - LAYOUT.FRAME_ARRAY) // gdb.lookup_type("struct page").sizeof


# ---- frames ----

@functools.lru_cache
def page_layout():
    """struct format and the order of fields of struct page, from its debug information."""
    kind = gdb.lookup_type("struct page")
    ordered = sorted(kind.fields(), key=lambda field: field.bitpos)
    text, end = "<", 0
    for field in ordered:
        text += f"{field.bitpos // 8 - end}x" + FORMATS[field.type.sizeof]
        end = field.bitpos // 8 + field.type.sizeof
    return text + f"{kind.sizeof - end}x", [field.name for field in ordered]


def pages(first, count):
    """struct page of neighbouring frames."""
    layout, names = page_layout()
    size = struct.calcsize(layout)
    data = gdb.selected_inferior().read_memory(LAYOUT.FRAME_ARRAY + first * size, count * size)
    order = [names.index(name) for name in Page._fields]
    return [Page(*(values[i] for i in order)) for values in struct.iter_unpack(layout, bytes(data))]


def page_columns(*names):
    """These fields of struct page, of all frames: much faster than pages()."""
    kind, count = gdb.lookup_type("struct page"), frames()
    data = bytes(gdb.selected_inferior().read_memory(LAYOUT.FRAME_ARRAY, count * kind.sizeof))
    fields_of = {field.name: field for field in kind.fields()}
    found = []
    for name in names:
        size = fields_of[name].type.sizeof
        whole = memoryview(data).cast(FORMATS[size])
        found.append(whole[fields_of[name].bitpos // 8 // size::kind.sizeof // size])
    return found


def page(pfn):
    need_kernel()
    if pfn >= frames():
        raise gdb.GdbError(f"frame #{pfn} does not exist: the last one is #{frames() - 1}")
    return pages(pfn, 1)[0]


def frames():
    """How many entries the frame array has."""
    return int(symbol("array_end", "kernel/mm/buddy.c"))


@functools.lru_cache
def owner_names():
    count = gdb.lookup_type("enum page_owner").fields()
    return [field.name.removeprefix("PAGE_").lower() for field in count if field.name != "PAGE_OWNERS"]


def owner(one):
    return owner_names()[one.owner]


def ram_ranges():
    """[first frame, end) of all RAM, in order of address."""
    bootmem = symbol("bootmem")
    return [(int(bootmem["ram"][i]["start"]), int(bootmem["ram"][i]["end"])) for i in range(int(bootmem["ram_count"]))]


def is_ram(pfn):
    return any(start <= pfn < end for start, end in ram_ranges())


def reverse_map():
    """Who shows which frame: {pfn: [(process, va) of every user entry that leads to it]}."""
    found = {}
    for who in processes():
        if who.aspace:
            for leaf in Space(who.cr3).leaves():
                found.setdefault(machine.frame_of(leaf.entry.value), []).append((who, leaf.va))
    return found


def resident_leaves(leaves):
    """Those that count as resident: not the page of zeros, nor the kernel's own frames that [vdso] and [vvar] show."""
    owners, image = page_columns("owner")[0], owner_names().index("image")
    return [leaf for leaf in leaves if owners[machine.frame_of(leaf.entry.value)] != image]


def resident(entry):
    """Does this user entry keep a frame that counts? (Entries without access do; the page of zeros does not.)"""
    return machine.has_frame(entry) and machine.frame_of(entry) != zero_pfn()


def is_dirty(entry, one):
    """As smaps counts: memory that is nowhere else is dirty, a file of the ramfs too (mmstat.c)."""
    return bool(entry & X86.PTE_DIRTY) or owner(one) in ("anon", "shmem", "file")
