# SPDX-License-Identifier: MIT
"""machine.py - the processor and its memory, read past gdb's own idea of them.

QEMU's stub reads physical addresses when it is told so (Qqemu.PhyMemMode). So page tables are walked as the MMU walks
them, of any address space, in ring 3 as in ring 0, and before paging is on. Nothing is written, nothing is kept
between two commands: what a Space has read is of the moment at which it was made.
"""

from collections import namedtuple

import gdb

from mm.headers import X86

PAGE = X86.PAGE_SIZE
MASK = (1 << 64) - 1
PACKET = 2048    # QEMU 7.2 refuses to send more bytes in one answer
LEVELS = {4: "PML4", 3: "PDPT", 2: "PD", 1: "PT"}
CR0_PG = 1 << 31    # Intel SDM vol. 3, 2.5
FLAGS = (("P", X86.PTE_PRESENT), ("W", X86.PTE_WRITE), ("U", X86.PTE_USER), ("A", X86.PTE_ACCESSED),
         ("D", X86.PTE_DIRTY))

# One entry of one table: what the walk reads.
Entry = namedtuple("Entry", "level index address value")
# A leaf: `size` bytes from va on are mapped by `entry`.
Leaf = namedtuple("Leaf", "va size entry")


def register(name):
    return int(gdb.parse_and_eval("$" + name)) & MASK


def paging():
    return bool(register("cr0") & CR0_PG)


def physical(address, size):
    """Bytes of physical memory."""
    connection = gdb.selected_inferior().connection
    if connection is None or not hasattr(connection, "send_packet"):
        raise gdb.GdbError("no guest is attached")
    connection.send_packet("Qqemu.PhyMemMode:1")
    try:
        parts = []
        for at in range(address, address + size, PACKET):
            answer = connection.send_packet(f"m{at:x},{min(PACKET, address + size - at):x}")
            if answer.startswith(b"E"):
                raise gdb.MemoryError(f"cannot read physical memory at {at:#x}")
            parts.append(bytes.fromhex(answer.decode()))
        return b"".join(parts)
    finally:
        connection.send_packet("Qqemu.PhyMemMode:0")


def words(data):
    return memoryview(data).cast("Q")


def is_canonical(va):
    return va >> 47 in (0, MASK >> 47)


def present(entry):
    return bool(entry & X86.PTE_PRESENT)


def frame_of(entry):
    return (entry & X86.PTE_FRAME_MASK) >> X86.PAGE_SHIFT


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
    """The page tables under one root."""

    def __init__(self, root):
        self.root = root & X86.PTE_FRAME_MASK
        self._tables = {}

    def table(self, address):
        if address not in self._tables:
            self._tables[address] = words(physical(address, PAGE))
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
        parts = []
        while size > 0:
            part = min(size, PAGE - va % PAGE)
            where = self.translate(va)
            if where is None:
                raise gdb.MemoryError(f"{va:#x} is not mapped")
            parts.append(physical(where, part))
            va, size = va + part, size - part
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

    def leaves(self, first=0, end=X86.PT_ENTRIES // 2):
        """All entries that lead to memory, in order of address; the user half unless told otherwise."""
        for level, va, address, used in self.tables(first, end):
            table = self.table(address)
            for index in used:
                if level == 1 or is_large(table[index], level):
                    yield Leaf(va + index * span(level), span(level),
                               Entry(level, index, address + 8 * index, table[index]))
