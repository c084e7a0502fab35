# SPDX-License-Identifier: MIT
"""source.py - from an address that a recording tells, to the function and the line of source behind it.

The region at the address names the file, the file's own DWARF knows the rest. A program of the guest's /bin is looked for in the build,
with its lines; any other under its own path on this machine, as scripts/guest took it from there. An address nobody knows is
still a place: its function is the number.
"""

import bisect
import glob
import os
import sys
from collections import namedtuple

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("B", os.path.join(TOP, "build"))
sys.path.append(os.path.join(TOP, "scripts"))
import dwarfline    # noqa: E402
import elf          # noqa: E402

Place = namedtuple("Place", "function file line")    # file "" and line 0: not known


def host_path(guest_path):
    """The file here that became that file in the guest."""
    name = os.path.basename(guest_path)
    built = glob.glob(os.path.join(BUILD, "user", "*", name + ".elf")) + glob.glob(os.path.join(BUILD, "user", name + ".elf"))
    if os.path.dirname(guest_path) in ("/bin", "/") and built:
        return built[0]
    return guest_path if os.path.isfile(guest_path) else None


class Names:
    """Functions and lines of one ELF file, by its own addresses."""

    def __init__(self, path):
        self.file = elf.Elf(path)
        functions = {symbol.value: symbol.name for symbol in self.file.symbols()
                     if symbol.type in (elf.STT_FUNC, elf.STT_NOTYPE) and self.file.is_text(symbol.section)}
        self.functions = sorted(functions.items()) or self.exported()
        self.name = os.path.basename(path)
        rows = [(row.address, row) for sequence in dwarfline.sequences(self.file) for row in sequence]
        self.rows = sorted(rows, key=lambda pair: (pair[0], pair[1].line != 0))

    def address(self, offset):
        """Where the byte at this offset of the file is linked to."""
        for segment in self.file.segments:
            if segment.type == elf.PT_LOAD and segment.offset <= offset < segment.offset + segment.filesz:
                return offset - segment.offset + segment.vaddr
        return None

    def exported(self):
        """Of a stripped library what it exports: each name up to its size, and behind it none."""
        names = {}
        for symbol in self.file.dynamic_symbols():
            if symbol.type in (elf.STT_FUNC, elf.STT_IFUNC) and symbol.size and self.file.is_text(symbol.section):
                names.setdefault(symbol.value + symbol.size, "")
                names[symbol.value] = symbol.name
        return sorted(names.items())

    def place(self, address):
        at = bisect.bisect_right(self.functions, (address, "\uffff")) - 1
        function = (self.functions[at][1] if at >= 0 else "") or f"{self.name}+{address:#x}"
        at = bisect.bisect_right(self.rows, address, key=lambda pair: pair[0]) - 1
        row = self.rows[at][1] if at >= 0 else None
        return Place(function, row.file, row.line) if row and row.line else Place(function, "", 0)


class Sources:
    """Places for the addresses of one process of a recording."""

    def __init__(self, process):
        self.process, self.names, self.known = process, {}, {}
        self.mappings = [region for region in process.regions if region.name.startswith("/")]

    def program_at(self, at):
        """How many programs the process had begun before that event: one address means another thing in each. None: the last."""
        return len(self.process.execs) if at is None else bisect.bisect_right(self.process.execs, at)

    def names_of(self, path):
        if path not in self.names:
            self.names[path] = None
            try:
                here = host_path(path)
                self.names[path] = Names(here) if here else None
            except (elf.ElfError, OSError):
                pass
        return self.names[path]

    def place(self, pc, is_return=False, at=None):
        """is_return: pc lies behind the call that is meant. at: the number of the event that told it."""
        key = (pc - is_return, self.program_at(at))
        if key not in self.known:
            self.known[key] = self.find(*key)
        return self.known[key]

    def find(self, pc, program):
        for region in self.mappings[::-1]:
            inside = region.start <= pc < region.end and self.program_at(region.born) == program
            names = self.names_of(region.name) if inside else None
            address = names.address(pc - region.start + region.offset) if names else None
            if address is not None:
                return names.place(address)
        for region in self.process.regions[::-1]:
            if region.start <= pc < region.end and self.program_at(region.born) == program and region.name:
                return Place(f"{region.name.rpartition('/')[2]}+{pc - region.start:#x}", "", 0)
        return Place(f"{pc:#x}", "", 0)


def lines_of(file):
    """The lines of a source file, as the build knew it; [] when it is not here."""
    path = os.path.join(TOP, file)
    try:
        with open(path, encoding="utf-8", errors="replace") as text:
            return text.read().splitlines()
    except OSError:
        return []
