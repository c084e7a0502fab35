# SPDX-License-Identifier: MIT
"""calls.py - the system calls by number, from the headers that state the ABI."""

import functools
import os
import re

import source

HEADERS = ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h")
ARGUMENTS = re.compile(r'^SYSCALL\((\w+), "(\w*)', re.M)


@functools.cache
def names():
    for path in HEADERS:
        if os.path.isfile(path):
            with open(path, encoding="ascii") as file:
                return {int(number): name for name, number in re.findall(r"#define __NR_(\w+) (\d+)", file.read())}
    return {}


@functools.cache
def argument_kinds():
    """{name: a letter for each argument}, as kernel/sys/table.h explains."""
    with open(os.path.join(source.TOP, "kernel", "sys", "table.h"), encoding="utf-8") as file:
        return dict(ARGUMENTS.findall(file.read()))


def name(number):
    return names().get(number, f"syscall {number}")


def shown(event):
    """A call as strace would begin it: mmap(0, 0x40001000, 3, 0x22, -1, 0)."""
    kinds = argument_kinds().get(name(event.nr), "xxxxxx")
    values = [event.a0, event.a1, event.a2, event.a3, event.a4, event.a5][:len(kinds)]
    return f"{name(event.nr)}({', '.join(one(kind, value) for kind, value in zip(kinds, values))})"


def one(kind, value):
    if kind in "if":
        return str(value - (1 << 32) if value & 0xFFFFFFFF == value and value >> 31 else value - (1 << 64) if value >> 63 else value)
    if kind == "l":
        return str(value - (1 << 64) if value >> 63 else value)
    return str(value) if kind == "u" or value < 10 else f"{value:#x}"
