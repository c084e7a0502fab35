# SPDX-License-Identifier: MIT
"""mm - the gdb commands that know memory: regions, page tables, frames, heap chunks. See docs/gdb.md.

    machine   registers, physical memory                       knows x86-64 only
    paging    page tables                                      of any memory, without gdb too
    headers   the constants of C headers                       the layouts come from DWARF
    kernel    processes, regions, frames                       reads the kernel's structures
    malloc    segments, chunks, bins                           reads a program's libc
    whence    where code stands, from the kernel's line to the program's own
    recording the recorded run that is replayed
    command   what every command has: -h, -j, a hint

and one file for each family of commands: tables, regions, processes, frames, faults, heap, story, why, end, wrote, breaks.
Outside of gdb (scripts/live) `import gdb` finds scripts/ram/gdb.py, and what only reads works there as well.
"""
