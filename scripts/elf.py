# SPDX-License-Identifier: MIT
"""elf.py - what the scripts need to know of an ELF64 file: sections, symbols, segments, needed libraries.

One class, read once into memory. It reads files that this project's own build made, and host programs that
scripts/guest copies into a guest; so every offset is checked by Python's slices and struct, and anything odd is an
ElfError, not a crash. It does not write, does not know 32-bit files and does not relocate.
"""

import struct
import zlib
from collections import namedtuple

Section = namedtuple("Section", "name type flags addr offset size link info entsize")
Segment = namedtuple("Segment", "type flags offset vaddr paddr filesz memsz align")
Symbol = namedtuple("Symbol", "name value size type bind section")

SHT_SYMTAB, SHT_NOBITS, SHT_DYNSYM = 2, 8, 11
SHF_ALLOC, SHF_EXECINSTR, SHF_COMPRESSED = 0x2, 0x4, 0x800
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PF_R = 4
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_FILE, STT_IFUNC = 0, 1, 2, 4, 10
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
SHN_UNDEF, SHN_LORESERVE = 0, 0xFF00
DT_NULL, DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH = 0, 1, 5, 15, 29
EM_X86_64 = 62


class ElfError(Exception):
    """The file is not an ELF64 file for x86-64, or is cut short."""


def text_at(data, offset):
    """The NUL-terminated string at offset."""
    return data[offset:data.index(b"\0", offset)].decode("utf-8", "replace")


class Elf:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.path, self._contents = path, {}
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ElfError(f"{path}: not a little-endian ELF64 file")
        try:
            self._read_headers()
        except (struct.error, IndexError, ValueError, OverflowError) as error:
            raise ElfError(f"{path}: damaged ELF file: {error}") from error

    def _read_headers(self):
        (self.type, self.machine, _, self.entry, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum,
         shstrndx) = struct.unpack_from("<HHIQQQIHHHHHH", self.data, 16)
        if self.machine != EM_X86_64:
            raise ElfError(f"{self.path}: not for x86-64")
        self.segments = []
        for index in range(phnum):
            kind, flags, offset, vaddr, paddr, filesz, memsz, align = struct.unpack_from(
                "<IIQQQQQQ", self.data, phoff + index * phentsize)
            self.segments.append(Segment(kind, flags, offset, vaddr, paddr, filesz, memsz, align))
        raw = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + index * shentsize) for index in range(shnum)]
        names = self.data[raw[shstrndx][4]:raw[shstrndx][4] + raw[shstrndx][5]] if raw else b""
        self.sections = [Section(text_at(names, s[0]), s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[9]) for s in raw]

    def section(self, name):
        """The bytes of the first section of that name, b"" if there is none."""
        for section in self.sections:
            if section.name == name and section.type != SHT_NOBITS:
                return self.content(section)
        return b""

    def content(self, section):
        if section.offset not in self._contents:
            self._contents[section.offset] = self._read_content(section)
        return self._contents[section.offset]

    def _read_content(self, section):
        data = self.data[section.offset:section.offset + section.size]
        if not section.flags & SHF_COMPRESSED:
            return data
        kind = struct.unpack_from("<I", data)[0]
        if kind != 1:
            raise ElfError(f"{self.path}: {section.name} is compressed in an unknown way")
        return zlib.decompress(data[24:])

    def symbols(self):
        """All symbols of .symtab, in file order, without the first empty one."""
        return self._symbols_of(SHT_SYMTAB)

    def dynamic_symbols(self):
        """The same of .dynsym: what a library exports and imports."""
        return self._symbols_of(SHT_DYNSYM)

    def _symbols_of(self, kind):
        for section in self.sections:
            if section.type == kind:
                return self._read_symbols(section)
        return []

    def _read_symbols(self, section):
        table, strings = self.content(section), self.content(self.sections[section.link])
        symbols = []
        for name, info, _, where, value, size in struct.iter_unpack("<IBBHQQ", table[:len(table) // 24 * 24]):
            symbols.append(Symbol(text_at(strings, name), value, size, info & 15, info >> 4, where))
        return symbols[1:]

    def is_text(self, index):
        return 0 < index < len(self.sections) and bool(self.sections[index].flags & SHF_EXECINSTR)

    def interpreter(self):
        """The program interpreter's path, None for a static file."""
        for segment in self.segments:
            if segment.type == PT_INTERP:
                return text_at(self.data[segment.offset:segment.offset + segment.filesz] + b"\0", 0)
        return None

    def dynamic(self):
        """[(tag, value or string)] of the dynamic section; strings for NEEDED, RPATH and RUNPATH."""
        for segment in self.segments:
            if segment.type == PT_DYNAMIC:
                break
        else:
            return []
        entries = []
        for tag, value in struct.iter_unpack("<QQ", self.data[segment.offset:segment.offset + segment.filesz]):
            if tag == DT_NULL:
                break
            entries.append((tag, value))
        strings = self._file_offset(dict(entries).get(DT_STRTAB, 0))
        return [(tag, text_at(self.data, strings + value) if tag in (DT_NEEDED, DT_RPATH, DT_RUNPATH) else value)
                for tag, value in entries]

    def _file_offset(self, vaddr):
        for segment in self.segments:
            if segment.type == PT_LOAD and segment.vaddr <= vaddr < segment.vaddr + segment.filesz:
                return vaddr - segment.vaddr + segment.offset
        raise ElfError(f"{self.path}: address {vaddr:#x} lies in no loaded segment")
