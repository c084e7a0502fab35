#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""libcnames.py ARCHIVE OBJECT... - makes libc.a, such that the library never calls a function of the program's for its own.

A program may call a function of its own `read` or `basename`: C keeps few names for the library. So each function gets a second
name here. `__libc_read` is the one by which the library's parts know it; `read` is the same code, weak: who does not define
one gets this. (glibc and musl write both names into their sources, for the functions where they thought of it.)

Not renamed: names that begin with an underscore, variables, and what is defined in malloc's objects: a program that brings its
own malloc must be served by it everywhere, and the rest of malloc has other names already (libc/malloc/names.h).
"""

import os
import subprocess
import sys
import tempfile

from elf import SHN_LORESERVE, SHN_UNDEF, STB_LOCAL, STT_FUNC, Elf, ElfError

PREFIX = "__libc_"


def functions(path):
    """The functions that an object shows and that get a second name."""
    if os.path.basename(os.path.dirname(path)) == "malloc":
        return []
    return [symbol for symbol in Elf(path).symbols()
            if symbol.type == STT_FUNC and symbol.bind != STB_LOCAL and SHN_UNDEF < symbol.section < SHN_LORESERVE
            and not symbol.name.startswith("_")]


def rename(path, shown, names, renamed):
    """Writes the object `renamed`: its functions `shown` have both names, what it calls of others has the library's."""
    sections = Elf(path).sections
    second = [f"--add-symbol={symbol.name}={sections[symbol.section].name}:{symbol.value},weak,function" for symbol in shown]
    subprocess.run(["objcopy", f"--redefine-syms={names}", *second, path, renamed], check=True)


def make(archive, paths):
    shown = {path: functions(path) for path in paths}
    with tempfile.TemporaryDirectory(dir=os.path.dirname(archive)) as folder:
        names = os.path.join(folder, "names")
        with open(names, "w", encoding="ascii") as file:
            file.writelines(f"{symbol.name} {PREFIX}{symbol.name}\n" for symbols in shown.values() for symbol in symbols)
        renamed = [os.path.join(folder, os.path.basename(path)) for path in paths]
        for path, result in zip(paths, renamed):
            rename(path, shown[path], names, result)
        whole = os.path.join(folder, "libc.a")
        subprocess.run(["ar", "rcsD", whole, *renamed], check=True)
        os.replace(whole, archive)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: libcnames.py ARCHIVE OBJECT...")
    try:
        make(sys.argv[1], sys.argv[2:])
    except (OSError, ElfError, subprocess.CalledProcessError) as error:
        sys.exit(f"libcnames.py: {error}")


if __name__ == "__main__":
    main()
