# SPDX-License-Identifier: MIT
"""machine.py - the processor and its memory, read past gdb's own idea of them.

QEMU's stub reads physical addresses when it is told so (Qqemu.PhyMemMode). So page tables are walked as the MMU walks
them (paging.py), of any address space, in ring 3 as in ring 0, and before paging is on.
"""

import gdb

from mm import paging as walker
from mm.paging import (LEVELS, PAGE, Entry, Leaf, flags_text, frame_of, has_frame, is_canonical, is_large,    # noqa: F401
                       present, slot_of, span, words)                                                    # (for the commands)

MASK = (1 << 64) - 1
PACKET = 2048    # QEMU 7.2 refuses to send more bytes in one answer
CR0_PG = 1 << 31    # Intel SDM vol. 3, 2.5
OUTSIDE = hasattr(gdb, "read_physical")    # it is scripts/ram/gdb.py: no debugger, only the guest's memory


def register(name):
    if OUTSIDE:
        return gdb.read_register(name)
    return int(gdb.parse_and_eval("$" + name)) & MASK


def cpu():
    """The number of the processor that gdb looks at: QEMU shows each as a thread."""
    return 0 if OUTSIDE else gdb.selected_thread().num - 1


def paging():
    return bool(register("cr0") & CR0_PG)


def physical(address, size):
    """Bytes of physical memory."""
    if OUTSIDE:
        return gdb.read_physical(address, size)
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


class Space(walker.Space):
    """The page tables under one root, in the guest that gdb is attached to."""

    def __init__(self, root):
        super().__init__(root, physical)

    def read(self, va, size):
        try:
            return super().read(va, size)
        except walker.NotMapped as error:
            raise gdb.MemoryError(str(error)) from error
