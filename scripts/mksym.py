#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mksym.py ELF OUTPUT - the names and lines of a program, small enough to carry along.

The kernel names functions and source lines in its backtraces and in its reports on user programs. It reads them
from this blob (all numbers little endian):

    header     u32 magic "FSYM"   u32 functions   u32 lines   u32 bytes of strings   u64 base
    functions  u32 address - base   u32 size   u32 name        sorted by address
    lines      u32 address - base   u32 line   u32 file name   sorted by address; line 0: nothing known from here on
    strings    each ends with a NUL; names are offsets into this

base is the lowest text address. Code that lies more than 4 GiB below the rest (the kernel's entry, which runs before
paging) cannot be said in 32 bits and is left out. File names are relative to the root of the source tree where they
lie in it. The same ELF gives the same blob, wherever the tree lies.
"""

import os
import struct
import sys
from bisect import bisect

import dwarfline
from elf import SHF_EXECINSTR, STB_GLOBAL, STT_FUNC, STT_NOTYPE, Elf, ElfError

MAGIC = 0x4D595346
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class Strings:
    """A string table in which every string lies once."""

    def __init__(self):
        self.bytes, self.offsets = bytearray(), {}

    def add(self, text):
        if text not in self.offsets:
            self.offsets[text] = len(self.bytes)
            self.bytes += text.encode() + b"\0"
        return self.offsets[text]


def functions_of(elf):
    """[(address, size, name)] sorted, one for each address.

    Labels of assembly have no type and no size: they reach to the next name. Labels with a dot in them are local to
    another label and are left out. Of several names of one place the one without an underscore is what a reader knows.
    """
    best = {}
    for symbol in elf.symbols():
        if not elf.is_text(symbol.section) or not symbol.name:
            continue
        if symbol.type != STT_FUNC and (symbol.type != STT_NOTYPE or "." in symbol.name):
            continue
        rank = (symbol.type == STT_FUNC, not symbol.name.startswith("_"), symbol.bind == STB_GLOBAL, symbol.size, symbol.name)
        best[symbol.value] = max(best.get(symbol.value, rank), rank)
    found, starts = [], sorted(best)
    ends = {s.addr + s.size for s in elf.sections if s.flags & SHF_EXECINSTR}
    stops = sorted(set(starts) | ends)
    for address in starts:
        *_, size, name = best[address]
        next_stop = bisect(stops, address)
        following = stops[next_stop] if next_stop < len(stops) else address
        found.append((address, size or following - address, name))
    return found


def shorten(path):
    path = os.path.normpath(path)
    inside = path.startswith(ROOT + os.sep)
    return os.path.relpath(path, ROOT) if inside else path


def lines_of(elf):
    """[(address, line, file)] sorted; a row only where line or file changes, the last of several at one address."""
    text = [(s.addr, s.addr + s.size) for s in elf.sections if s.flags & SHF_EXECINSTR and s.addr]
    kept, names = [], {}
    for rows in sorted(dwarfline.sequences(elf), key=lambda rows: rows[0].address):
        if not any(start <= rows[0].address < end for start, end in text):
            continue    # a function that the linker dropped
        for address, file, line in rows:
            if kept and kept[-1][0] == address:
                kept.pop()
            name = names.get(file)
            if name is None:
                name = names[file] = shorten(file) if file else ""
            if not kept or kept[-1][1:] != (line, name):
                kept.append((address, line, name))
    return kept


def blob(elf):
    functions, lines = functions_of(elf), lines_of(elf)
    if not functions:
        return struct.pack("<IIIIQ", MAGIC, 0, 0, 0, 0)
    top = functions[-1][0]
    base = min(address for address, _, _ in functions if top - address < 1 << 31)
    strings = Strings()
    strings.add("")
    out = [struct.pack("<III", address - base, size, strings.add(name))
           for address, size, name in functions if address >= base]
    count = len(out)
    out += [struct.pack("<III", address - base, line, strings.add(name))
            for address, line, name in lines if base <= address < base + (1 << 31)]
    header = struct.pack("<IIIIQ", MAGIC, count, len(out) - count, len(strings.bytes), base)
    return header + b"".join(out) + bytes(strings.bytes)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: mksym.py ELF OUTPUT")
    try:
        result = blob(Elf(sys.argv[1]))
    except (OSError, ElfError) as error:
        sys.exit(f"mksym.py: {error}")
    with open(sys.argv[2], "wb") as output:
        output.write(result)


if __name__ == "__main__":
    main()
