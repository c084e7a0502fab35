# SPDX-License-Identifier: MIT
"""faultline.py - what gdb is told when it is attached to a guest: settings, two commands, three lines of help.

    user PROGRAM    load the symbols of a program of the guest's /bin, or of a file; then break in it by name
    walk ADDRESS    the four levels of page tables that the processor would read for this address, now

Programs share their addresses: a breakpoint in one stops in every program that has code there. `$cr3` says which
address space it is, so `break main if $cr3 == ...` filters.
"""

import glob
import os

import gdb

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
LEVELS = ("PML4", "PDPT", "PD", "PT")
BITS = (("P", 0), ("W", 1), ("U", 2), ("A", 5), ("D", 6), ("G", 8), ("NX", 63))
PRESENT, LARGE = 1, 1 << 7
FRAME = 0x000FFFFFFFFFF000


class User(gdb.Command):
    """user PROGRAM - load the symbols of a program of the guest's /bin (or of a file)."""

    def __init__(self):
        super().__init__("user", gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        name = argument.strip()
        found = [name] if os.path.isfile(name) else glob.glob(os.path.join(BUILD, "user", "**", name + ".elf"),
                                                              recursive=True)
        if not found:
            raise gdb.GdbError(f"no program {name!r} under {BUILD}/user")
        gdb.execute(f"add-symbol-file {found[0]}", from_tty, to_string=True)
        print(f"symbols of {os.path.relpath(found[0], ROOT)} loaded")


class Walk(gdb.Command):
    """walk ADDRESS - print the page-table entries that the processor would read for an address."""

    def __init__(self):
        super().__init__("walk", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        address = int(gdb.parse_and_eval(argument)) & 0xFFFFFFFFFFFFFFFF
        table = int(gdb.parse_and_eval("$cr3")) & FRAME
        for level, name in enumerate(LEVELS):
            index = address >> (39 - 9 * level) & 511
            entry = physical_word(table + 8 * index)
            flags = " ".join(text for text, bit in BITS if entry >> bit & 1)
            print(f"{name:4} {index:3}  at {table + 8 * index:#012x}: {entry:#018x}  {flags}")
            if not entry & PRESENT:
                print(f"{address:#x} is not mapped")
                return
            table, large = entry & FRAME, level in (1, 2) and entry & LARGE
            if large:
                break
        size = 1 << (39 - 9 * level)
        print(f"{address:#x} is physical {(table & -size) | (address & (size - 1)):#x}")


def physical_word(address):
    """Eight bytes of physical memory: QEMU's stub reads physical addresses when it is told so."""
    gdb.execute("maint packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        return int(gdb.parse_and_eval(f"*(unsigned long *){address:#x}"))
    finally:
        gdb.execute("maint packet Qqemu.PhyMemMode:0", to_string=True)
        gdb.execute("flushregs", to_string=True)


for setting in ("confirm off", "pagination off", "print pretty on", "disassemble-next-line off"):
    gdb.execute("set " + setting)
gdb.execute(f"directory {ROOT}", to_string=True)
User()
Walk()
print("The guest stands before its first instruction; its console goes to build/console.log.")
print("  break kmain | continue      the kernel from its beginning; `break fault_resolve` for each page fault")
print("  user vmrss | break main     a program of the guest, with its source lines; walk ADDRESS shows page tables")
