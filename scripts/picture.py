# SPDX-License-Identifier: MIT
"""picture.py - what `make live` shows: all frames by owner, the processes, and the pages of one of them, as lines of text.

look() reads a moment out of the guest's RAM, with the same code as the gdb commands (scripts/gdb/mm over scripts/ram/gdb.py);
draw() makes lines for a width and height, each a list of (text, style). Nothing here knows a terminal.

    map       a cell is some frames: the letter of the owner who has most of them, any owner before `free`
    pages     a cell is some pages of a region: # all of them have a frame, + some, ~ none, but some are on the swap disk, . none
"""

import itertools
from collections import namedtuple

import gdb    # (scripts/ram/gdb.py)

from mm import frames, kernel, machine
from mm.command import plural, size_text
from mm.frames import LETTERS
from mm.headers import X86
from mm.machine import PAGE, Space
from picturewords import ENGLISH, OWNERS, columns, cut_text, left, right

KIB, USER_END = 1024, 1 << 47
INIT = 1
MANY_PROCESSES = 5     # rows for them, if there is room for more
MAP_MOST = 40
REGION_TEXT = 48       # columns of a region's row before its pages
PAGES_IN_TABLE, SAMPLE = 512, 16
HAS_FRAME, SWAPPED = X86.PTE_HAS_FRAME, X86.PTE_SWAPPED
FRAME_BITS = X86.PTE_FRAME_MASK >> X86.PAGE_SHIFT
TORN = (gdb.MemoryError, gdb.GdbError, gdb.error, KeyError, IndexError, ValueError, OverflowError)

Process = namedtuple("Process", "pid name vsz rss swap faults executable")
Region = namedtuple("Region", "start end permissions name rss resident swapped")    # pages with a frame, on the swap disk: numbers, one a cell
Moment = namedtuple("Moment", "owners processes chosen regions pfns")


# ---- a moment of the guest ----

def look(pid, cells):
    """`pid`: whose pages, None for the youngest process. `cells`: for each region so many."""
    found = [measured(one) for one in kernel.processes() if one.aspace]
    chosen = next((one for one in found if one.pid == pid), None) if pid is not None else youngest(found)
    tables = list(tables_of(kernel.process(str(chosen.pid)))) if chosen else []    # at once: it may live for milliseconds only
    regions, pfns, owners = [], set(), frames.owners_of_all()
    code = kernel.owner_names().index("image")
    image = set(itertools.compress(range(len(owners)), map(code.__eq__, owners)))    # the page of zeros and the vDSO's among them
    for one, entries in tables:
        counts, swapped = residents(one, entries, cells, pfns, image)
        regions.append(Region(one.start, one.end, kernel.permissions(one.flags), one.name or "[anon]", sum(counts) * PAGE, counts, swapped))
    return Moment(owners, found, chosen, regions, pfns)


def youngest(found):
    return max(found, key=lambda one: one.pid, default=None)


def measured(one):
    """The kernel's own counters, which are exact."""
    aspace, owners = kernel.at("struct aspace", one.aspace), kernel.owner_names()
    resident = aspace["pmap"]["resident"]
    return Process(one.pid, one.name, int(aspace["total"]) * PAGE,
                   sum(int(resident[owners.index(name)]) for name in ("anon", "file", "shmem")) * PAGE,
                   int(aspace["pmap"]["swapped"]) * PAGE, kernel.faults(aspace), one.executable)


def tables_of(who):
    """For each region what its page tables hold: (region, [(its page, the entries from there on)])."""
    space = Space(who.cr3)
    for region in kernel.regions(who):
        if not region.start < region.end <= USER_END:
            raise ValueError("a region that is just being changed")
        found, va = [], region.start
        while va < region.end:
            last = space.walk(va)[-1]
            if last.level > 1:
                va += machine.span(last.level) - va % machine.span(last.level)    # no table: all of it is empty
                continue
            stop = min(region.end, va + (PAGES_IN_TABLE - last.index) * PAGE)
            entries = space.table(last.address - 8 * last.index)[last.index:last.index + (stop - va) // PAGE]
            found.append(((va - region.start) // PAGE, entries.tolist()))
            va = stop
        yield region, found


def residents(region, tables, cells, pfns, image):
    """How many pages of each cell have a frame that counts, none of the kernel's image, and how many are on the swap disk; the frames'
    numbers go into pfns."""
    pages = (region.end - region.start) // PAGE
    counts, swapped = [0] * min(cells, pages), [0] * min(cells, pages)
    for first, entries in tables:
        count_table(entries, first, pages, image, counts, pfns)
        if any(map(SWAPPED.__and__, entries)):
            for at, entry in enumerate(entries, first):
                swapped[at * len(counts) // pages] += machine.slot_of(entry) is not None
    return counts, swapped


def count_table(entries, first, pages, image, counts, pfns):
    """The pages with frames of one page table, quickly where all of it is in one cell. Of so many pages a sample is marked in the map."""
    here, there = first * len(counts) // pages, (first + len(entries) - 1) * len(counts) // pages
    owned = [entry >> X86.PAGE_SHIFT & FRAME_BITS for entry in entries if entry & HAS_FRAME]
    if here == there:
        counts[here] += len(owned) - sum(map(image.__contains__, owned))
        pfns.update(owned[::SAMPLE])
        return
    for at, entry in enumerate(entries, first):
        pfn = entry >> X86.PAGE_SHIFT & FRAME_BITS
        if entry & HAS_FRAME and pfn not in image:
            counts[at * len(counts) // pages] += 1
            pfns.add(pfn)


# ---- lines ----

def draw(moment, width, height, scroll=0, words=ENGLISH):
    """Exactly `height` lines of at most `width` columns."""
    rows = min(len(moment.processes), max(2, min(MANY_PROCESSES, height // 5)))
    room = height - 3 - rows - 2    # title, legend of two lines; heads of the two tables
    map_rows = min(MAP_MOST, max(3, room // 2, room - len(moment.regions)))
    lines = [*head(moment, width, words), *frame_map(moment, width, map_rows), *process_table(moment, rows, words)]
    lines += region_table(moment, width, height - len(lines), scroll, words)
    return [cut(line, width) for line in lines[:height]] + [[]] * (height - len(lines))


def text_of(line):
    return "".join(text for text, _ in line)


def cut(line, width):
    kept, room = [], width
    for text, style in line:
        if room > 0:
            kept.append((cut_text(text, room), style))
        room -= columns(text)
    return kept


def help_lines(words):
    title, lines = words["help"]
    shown = [[(title, "title")], []]
    for line in lines:
        shown += owner_lines(words) if line is None else [[(line, "")]]
    return shown


def owner_lines(words):
    return [[("    ", ""), (LETTERS[name], name), (f"  {name:9} {words['owners'][name]}", "")] for name in OWNERS]


def head(moment, width, words):
    counts = [(name, moment.owners.count(code)) for code, name in enumerate(kernel.owner_names())]
    ram = sum(count for _, count in counts)
    free = dict(counts)["free"]
    title = words["title"].format(ram=size_text(ram * PAGE), frames=ram, used=ram - free, free=free)
    legend, line = [], []
    for name, count in counts:
        part = [(LETTERS[name], name), (f" {name} {count} ", "")]
        if line and len(text_of(line + part)) > width:
            legend, line = legend + [line], []
        line = line + part if count or name in ("anon", "file", "table") else line
    return [[(title, "title")], *(legend + [line, []])[:2]]


def frame_map(moment, width, rows):
    across = max(16, width - 12)
    step = -(-len(moment.owners) // (across * rows))
    of_process = {pfn // step for pfn in moment.pfns}
    letters, names = frames.cells_of(moment.owners, step), {letter: name for name, letter in LETTERS.items()}
    lines = []
    for at in range(0, across * rows, across):
        line = [(f"{at * step * PAGE:#011x} ", "dim")]
        for cell, letter in enumerate(letters[at:at + across], at):
            name = names.get(letter, "")
            line.append((letter, name + "*" if cell in of_process else "dim" if name == "free" else name))
        lines.append(line if at < len(letters) else [])
    return lines


def process_table(moment, rows, words):
    pid, name, vsz, rss, swap, faults, program = words["processes"]
    swaps, shown = any(one.swap for one in moment.processes), moment.processes
    lines = [[(f"{right(pid, 6)}  {left(name, 16)} {vsz:>9} {rss:>9} {right(swap, 9) + ' ' if swaps else ''}{right(faults, 8)}  {program}", "head")]]
    if len(shown) > rows:    # the chosen one among its neighbours
        at = next((i for i, one in enumerate(shown) if moment.chosen and one.pid == moment.chosen.pid), len(shown) - 1)
        first = max(0, min(at - rows // 2, len(shown) - rows))
        shown = shown[first:first + rows]
    for one in shown:
        mine = moment.chosen and one.pid == moment.chosen.pid
        lines.append([(f"{'>' if mine else ' '}{one.pid:5}  {one.name:16} {one.vsz // KIB:7} K {one.rss // KIB:7} K "
                       f"{f'{one.swap // KIB:7} K ' if swaps else ''}{one.faults:8}  "
                       f"{one.executable}", "chosen" if mine else "")])
    return lines + [[]] * (rows - len(shown))


def region_table(moment, width, rows, scroll, words):
    if not moment.chosen:
        return [[(words["nobody"], "head")]]
    found, room = moment.regions, rows - 1
    scroll = max(0, min(scroll, len(found) - room))
    regions = plural(len(found), "region") if words is ENGLISH else len(found)
    disk = words["on_disk"] if any(any(one.swapped) for one in found) else ""
    title = words["pages"].format(pid=moment.chosen.pid, name=moment.chosen.name, regions=regions, disk=disk)
    if len(found) > room:
        title += words["part"].format(first=scroll + 1, last=scroll + room, all=len(found))
    return [[(title, "head")], *(region_line(one, width) for one in found[scroll:scroll + room])]


def region_line(one, width):
    pages = (one.end - one.start) // PAGE
    marks = "".join(mark(count, swapped, at, len(one.resident), pages) for at, (count, swapped) in enumerate(zip(one.resident, one.swapped)))
    name = one.name if len(one.name) <= 14 else "~" + one.name[-13:]
    return [(f"{one.start:#014x} {one.permissions} {size_text(one.end - one.start):>7} {size_text(one.rss) if one.rss else '-':>7} "
             f"{name:14} "[:REGION_TEXT + 3], ""), (marks[:max(0, width - REGION_TEXT - 3)], "anon")]


def mark(count, swapped, at, cells, pages):
    whole = (at + 1) * pages // cells - at * pages // cells    # a cell's pages (rounded as residents() does, to within one)
    return ("~" if swapped else ".") if count == 0 else "#" if count >= whole else "+"
