# SPDX-License-Identifier: MIT
"""ramfile.py - a guest's memory, read from outside while it runs: the file that QEMU keeps its RAM in.

With `-object memory-backend-file,share=on` all RAM is a file that others may map too (qemu.command's `ram`). The guest
neither knows nor helps; it loses no time, and what is read is of this very moment, so a structure that the kernel is just
changing may be caught half-way: check what you follow.

    ram = RamFile("/tmp/ram", "build/kernel.elf")
    ram.read_phys(0x1000, 16)                     physical memory
    ram.read_virt(ram.symbol("bootmem"), 16)      the kernel's: its image, the direct map, the frame array, stacks
    ram.space(cr3).walk(0x400000)                 page tables, as the MMU reads them: a mm.paging.Space
    where = ram.phys_of(ram.symbol("ring"))       for a reader that stays at one place: ram.view[ram.offset(where):]

The kernel's image is found by where it is linked, so it can be read from the first instruction on; the direct map by its
fixed place. All else of the kernel half needs the kernel's page tables, which exist once kmap_init has made them.
"""

import mmap
import os
import sys

import elf

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "gdb"))

from mm.headers import LAYOUT    # noqa: E402 (the gdb commands' folder is on the path now)
from mm.paging import PAGE, NotMapped, Space    # noqa: E402

GIB = 1 << 30
# The hole below 4 GiB where devices are, of QEMU's machine `pc`: RAM of 3.5 GiB and more is cut at 3 GiB and goes on at
# 4 GiB (hw/i386/pc_piix.c, lowmem). In the file there is no hole.
UNCUT, CUT, HIGH = 0xE0000000, 3 * GIB, 4 * GIB


class NoRam(Exception):
    """Why a guest's memory cannot be read, in words for who asked for it."""


class RamFile:
    def __init__(self, path, kernel_elf):
        try:
            with open(path, "rb") as file:
                self.size = os.fstat(file.fileno()).st_size
                self.view = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:
            raise NoRam(f"no guest keeps its memory in {path} ({getattr(error, 'strerror', None) or 'it is empty'})") from error
        self.path, self.kernel = path, elf.Elf(kernel_elf)
        self.low = self.size if self.size < UNCUT else CUT
        self._symbols, self._kernel_space = None, None

    def close(self):
        self.view.close()

    # ---- physical memory ----

    def offset(self, physical):
        """Where in the file the byte of a physical address lies."""
        if 0 <= physical < self.low:
            return physical
        if HIGH <= physical < HIGH + self.size - self.low:
            return physical - HIGH + self.low
        raise NotMapped(f"no RAM at the physical address {physical:#x}")

    def read_phys(self, physical, size):
        start = self.offset(physical)
        if size and self.offset(physical + size - 1) != start + size - 1:
            raise NotMapped(f"no RAM at the end of {physical:#x} + {size:#x}")
        return self.view[start:start + size]

    # ---- the kernel's addresses ----

    def space(self, root):
        """The page tables under that root: whose walk(va), translate(va), read(va, size), leaves() know any address."""
        return Space(root, self.read_phys)

    def kernel_space(self):
        """The kernel's own page tables. It is booted when they are there."""
        if self._kernel_space is None:
            root = self.word(self.symbol("root", "kernel/mm/kmap.c"))
            if not root:
                raise NotMapped("the kernel has not made its page tables yet")
            self._kernel_space = root - LAYOUT.DIRECT_MAP
        return self.space(self._kernel_space)    # a fresh one: it remembers the tables that it has read

    def phys_of(self, va):
        """The physical address of a kernel address."""
        if va >= LAYOUT.KERNEL_BASE:
            return va - LAYOUT.KERNEL_BASE
        if LAYOUT.DIRECT_MAP <= va < LAYOUT.KSTACK_AREA:
            return va - LAYOUT.DIRECT_MAP
        where = self.kernel_space().translate(va)
        if where is None:
            raise NotMapped(f"{va:#x} is not mapped by the kernel")
        return where

    def read_virt(self, va, size):
        """Bytes of the kernel half."""
        if va >= LAYOUT.KERNEL_BASE or LAYOUT.DIRECT_MAP <= va < LAYOUT.KSTACK_AREA:
            return self.read_phys(self.phys_of(va), size)
        return self.kernel_space().read(va, size)

    def word(self, va):
        return int.from_bytes(self.read_virt(va, 8), "little")

    def is_this_build(self):
        """Is the kernel in there the one of the file? (Another one's symbols lead astray.) None: it is not loaded yet."""
        loaded, linked = b"", b""
        for one in self.kernel.segments:
            if one.type == elf.PT_LOAD and one.flags == elf.PF_R:    # constants, and the names and lines of all its code
                loaded += self.read_phys(one.paddr, one.filesz)
                linked += self.kernel.data[one.offset:one.offset + one.filesz]
        return loaded == linked if any(loaded) else None

    # ---- symbols ----

    def symbols(self):
        """{(file name, name): value}; names that are not static are under "" too."""
        if self._symbols is None:
            self._symbols, file = {}, ""
            for symbol in self.kernel.symbols():
                if symbol.type == elf.STT_FILE:
                    file = os.path.basename(symbol.name)
                elif symbol.section != elf.SHN_UNDEF:
                    self._symbols["" if symbol.bind != elf.STB_LOCAL else file, symbol.name] = symbol.value
        return self._symbols

    def symbol(self, name, file=None):
        """The address of a variable or function of the kernel; of a static one, by its file."""
        try:
            return self.symbols()[os.path.basename(file) if file else "", name]
        except KeyError:
            raise NoRam(f"{self.kernel.path} has no {name}" + (f" of {file}" if file else "")) from None


__all__ = ["NoRam", "NotMapped", "PAGE", "RamFile"]
