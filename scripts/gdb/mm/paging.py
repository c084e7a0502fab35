# SPDX-License-Identifier: MIT
"""paging.py - page tables as the MMU walks them, out of any physical memory that can be read.

Where the bytes come from is the caller's: gdb's stub of QEMU (machine.py) or a file that is the guest's RAM
(scripts/ramfile.py). Nothing is written, nothing is kept between two commands: what a Space has read is of the moment
at which it was made.
"""

from collections import namedtuple

from mm.headers import X86

PAGE = X86.PAGE_SIZE
LEVELS = {4: "PML4", 3: "PDPT", 2: "PD", 1: "PT"}
FLAGS = (("P", X86.PTE_PRESENT), ("W", X86.PTE_WRITE), ("U", X86.PTE_USER), ("A", X86.PTE_ACCESSED),
         ("D", X86.PTE_DIRTY))

# One entry of one table: what the walk reads.
Entry = namedtuple("Entry", "level index address value")
# A leaf: `size` bytes from va on are mapped by `entry`.
Leaf = namedtuple("Leaf", "va size entry")


class NotMapped(Exception):
    """A virtual address that leads nowhere."""


def words(data):
    return memoryview(data).cast("Q")


def is_canonical(va):
    return va >> 47 in (0, (1 << 17) - 1)


def present(entry):
    return bool(entry & X86.PTE_PRESENT)


def frame_of(entry):
    return (entry & X86.PTE_FRAME_MASK) >> X86.PAGE_SHIFT


def has_frame(entry):
    """Does an entry lead to a frame? One that allows no access keeps its; one that is on the swap disk has none."""
    return bool(entry & X86.PTE_HAS_FRAME)


def slot_of(entry):
    """The slot of the swap disk that a user page's entry leads to; None: it leads to none."""
    return frame_of(entry) if entry & X86.PTE_SWAPPED and not has_frame(entry) else None


def is_large(entry, level):
    return level in (2, 3) and bool(entry & X86.PTE_LARGE)


def flags_text(entry, level=1):
    text = " ".join(letter if entry & bit else "-" for letter, bit in FLAGS)
    text += " NX" if entry & X86.PTE_NX else " X"
    return text + (" large" if is_large(entry, level) else "") + (" G" if entry & X86.PTE_GLOBAL else "")


def span(level):
    """The bytes that one entry of that level covers."""
    return PAGE << 9 * (level - 1)


class Space:
    """The page tables under one root; physical(address, size) gives bytes."""

    def __init__(self, root, physical):
        self.root, self.physical = root & X86.PTE_FRAME_MASK, physical
        self._tables = {}

    def table(self, address):
        if address not in self._tables:
            self._tables[address] = words(self.physical(address, PAGE))
        return self._tables[address]

    def walk(self, va):
        """The entries from the root down: the last one is the leaf, or not present."""
        entries, table = [], self.root
        for level in (4, 3, 2, 1):
            index = va // span(level) % X86.PT_ENTRIES
            value = self.table(table)[index]
            entries.append(Entry(level, index, table + 8 * index, value))
            if not present(value) or is_large(value, level):
                break
            table = value & X86.PTE_FRAME_MASK
        return entries

    def leaf(self, va):
        """The entry that maps va, 0 if a table is missing on the way."""
        last = self.walk(va)[-1]
        return last.value if last.level == 1 or present(last.value) else 0

    def translate(self, va):
        """The physical address, None if nothing is mapped there."""
        last = self.walk(va)[-1]
        if not present(last.value):
            return None
        inside = span(last.level) - 1
        return last.value & X86.PTE_FRAME_MASK & ~inside | va & inside

    def read(self, va, size):
        """Bytes of this address space, whatever the CPU's present one is."""
        parts, end = [], va + size
        while va < end:
            last = self.walk(va)[-1]
            for value in self.table(last.address - 8 * last.index)[last.index:] if last.level == 1 else [last.value]:    # one table, one walk
                if va < end:
                    if not present(value):
                        slot = slot_of(value) if last.level == 1 else None
                        raise NotMapped(f"{va:#x} is not mapped" if slot is None else f"{va:#x} is on the swap disk, slot {slot}")
                    inside = va % span(last.level)
                    part = min(end - va, span(last.level) - inside)
                    parts.append(self.physical((value & X86.PTE_FRAME_MASK & -span(last.level)) + inside, part))
                    va += part
        return b"".join(parts)

    def word(self, va):
        return int.from_bytes(self.read(va, 8), "little")

    def tables(self, first=0, end=X86.PT_ENTRIES // 2):
        """All tables below the root's entries [first, end), the root included: (level, va, address, entries in use)."""
        def below(level, va, address, indexes):
            table = self.table(address)
            used = [index for index in indexes if table[index]]
            yield level, va, address, used
            for index in used:
                value, child = table[index], va + index * span(level)
                if level > 1 and present(value) and not is_large(value, level):
                    yield from below(level - 1, child, value & X86.PTE_FRAME_MASK, range(X86.PT_ENTRIES))
        yield from below(4, 0, self.root, range(first, end))

    def used_leaves(self, first=0, end=X86.PT_ENTRIES // 2):
        """All entries of pages that are in use, in order of address; the user half unless told otherwise."""
        for level, va, address, used in self.tables(first, end):
            table = self.table(address)
            for index in used:
                if level == 1 or is_large(table[index], level):
                    yield Leaf(va + index * span(level), span(level),
                               Entry(level, index, address + 8 * index, table[index]))

    def leaves(self, first=0, end=X86.PT_ENTRIES // 2):
        """Those that lead to memory."""
        return (leaf for leaf in self.used_leaves(first, end) if has_frame(leaf.entry.value))

    def swapped(self):
        """[(va, slot)] of the user pages that are on the swap disk."""
        found = ((leaf.va, slot_of(leaf.entry.value)) for leaf in self.used_leaves())
        return [(va, slot) for va, slot in found if slot is not None]
