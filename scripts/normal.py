# SPDX-License-Identifier: MIT
"""normal.py - takes out of a program's output what differs between two kernels and may.

- device and inode of a mapped file (the columns before its name are padded to a fixed place);
- the rows of the kernel's own code in every program, and, because these lie at the top of the mapping area and are not
  equally large everywhere, the addresses of all mappings below them;
- process numbers, which are no facts about memory;
- signals 32 and 33 in SigIgn: glibc's posix_spawn leaves its own two ignored in whatever it starts.
"""

import re

MAPS_ROW = re.compile(r"^([0-9a-f]{8,}-[0-9a-f]{8,} [r-][w-][x-][ps] [0-9a-f]{8}) [0-9a-f]+:[0-9a-f]+ \d+ *", re.MULTILINE)
KERNELS_ROW = re.compile(r"^([0-9a-f]{8,})-[0-9a-f]{8,} .*\[(?:vvar|vvar_vclock|vdso|vsyscall)\]\n", re.MULTILINE)
ADDRESS = re.compile(r"\b(0x)?(0{0,4}7f[0-9a-f]{10})\b")
PROCESS = re.compile(r"\b(pid|process) \d+|/proc/\d+/|^\d+:", re.MULTILINE)
IGNORED = re.compile(r"^([ \t]*SigIgn:\s+)([0-9a-f]{16})$", re.MULTILINE)
GLIBCS_OWN = 3 << 31
MAPPING_TOP, MAPPING_LOW = 0x7FFFF7FFF000, 0x7F0000000000


def kernels_bytes(maps):
    """How much of the mapping area the kernel's own rows take, in the text of a /proc/self/maps."""
    starts = [int(start, 16) for start in KERNELS_ROW.findall(maps)]
    return MAPPING_TOP - min([start for start in starts if start < MAPPING_TOP], default=MAPPING_TOP)


def mappings(text, taken):
    """text without devices, inodes and the kernel's rows, its mappings moved up by `taken` bytes."""
    def moved(match):
        address = int(match.group(2), 16)
        moves = MAPPING_LOW <= address <= MAPPING_TOP - taken
        return f"{match.group(1) or ''}{address + taken if moves else address:0{len(match.group(2))}x}"

    return ADDRESS.sub(moved, MAPS_ROW.sub(r"\1 ", KERNELS_ROW.sub("", text)))


def without_process_numbers(text):
    return PROCESS.sub(r"\1 N", text)


def without_glibcs_signals(text):
    return IGNORED.sub(lambda match: f"{match.group(1)}{int(match.group(2), 16) & ~GLIBCS_OWN:016x}", text)
