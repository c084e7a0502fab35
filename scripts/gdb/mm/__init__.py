# SPDX-License-Identifier: MIT
"""mm - the gdb commands that know memory: regions, page tables, frames, heap chunks. See docs/gdb.md.

    machine   registers, physical memory, page tables          knows x86-64 only
    headers   the constants of C headers                       the layouts come from DWARF
    kernel    processes, regions, frames                       reads the kernel's structures
    malloc    segments, chunks, bins                           reads a program's libc
    command   what every command has: -h, -j, a hint

and one file for each family of commands: tables, regions, processes, frames, faults, heap, story, why.
"""
