# SPDX-License-Identifier: MIT
"""processes.py - mm proc: which processes there are, and which one the other commands mean. mm sym: their symbols.

All programs are linked at the same address, so only one program's symbols are loaded at a time. A breakpoint in it
stops every process that has code there, unless it asks ($mm_in), which `mm break` lets it do (breaks.py).
"""

import glob
import os
import struct

import gdb

from mm import kernel, recording
from mm.command import Command
from mm.headers import BUILD, ROOT, constants

ET_DYN, PT_INTERP = 3, 3
_file = None    # whose symbols are loaded


def file_of(name):
    """The file with the symbols of a program: a file of the host, or a program of the guest's /bin."""
    if recorded := recording.program_file(name):
        return recorded
    if os.path.isfile(name):
        return os.path.abspath(name)
    base = os.path.basename(name)
    found = glob.glob(os.path.join(BUILD, "user", "**", base + ".elf"), recursive=True)
    return found[0] if found else None


def load(path):
    """Loads a program's symbols in place of those of the one before."""
    global _file
    if path == _file:
        return
    forget()
    gdb.execute(f"add-symbol-file {path} -o {base_of(path):#x}", to_string=True)
    _file = path


def base_of(path):
    """Where the kernel puts a program: as it is linked, or a position-independent one with an interpreter at a fixed place.
    (One without goes up to the libraries, which depends on the run: its symbols are loaded as linked.)"""
    with open(path, "rb") as file:
        header = file.read(64)
        kind, = struct.unpack_from("<H", header, 16)
        table, = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        file.seek(table)
        kinds = [struct.unpack_from("<I", file.read(size))[0] for _ in range(count)]
    return constants("kernel/proc/elf.h").ELF_PIE_BASE if kind == ET_DYN and PT_INTERP in kinds else 0


def forget():
    global _file
    if _file:    # gdb removes symbols by an address in the file: its entry, which those without symbols have, too
        with open(_file, "rb") as file:
            entry, = struct.unpack_from("<Q", file.read(64), 24)
        gdb.execute(f"remove-symbol-file -a {base_of(_file) + entry:#x}", to_string=True)
    _file = None


def program_name():
    """What $mm_in calls the program whose symbols are loaded; None without them."""
    if _file is None:
        return None
    return stem(recording.facts()["executable"] if recording.FOLDER and recording.program_file(_file) else _file)


def stem(path):
    return os.path.basename(path).removesuffix(".elf")


def loaded(who):
    """Are the loaded symbols those of this process?"""
    return _file is not None and file_of(who.executable) == _file


def is_any_loaded():
    return _file is not None


def load_if_known(who):
    if path := file_of(who.executable):
        load(path)


def load_for(who):
    load_if_known(who)
    if not loaded(who):
        raise gdb.GdbError(f"no symbols for {who.executable}: `mm sym FILE` loads them")


class Proc(Command):
    """mm proc [PID | off]: lists the processes, or chooses the one that the other commands mean.

mm proc PID    from now on mm commands are about it, whoever runs; loads its program's symbols
mm proc off    back to the process that the CPU runs
Example: mm proc          mm proc 2"""

    name = "proc"

    def look(self, argument, given):
        if argument:
            choose(argument)
        run = kernel.running()
        chosen = kernel.selected
        return {"selected": chosen, "processes": [
            {"pid": one.pid, "name": one.name, "state": one.state, "cr3": one.cr3, "executable": one.executable,
             "running": bool(run and run.pid == one.pid), "symbols": loaded(one)} for one in kernel.processes()]}

    def show(self, data):
        print(f"   {'pid':>5}  {'name':16} {'state':7} {'CR3':>10}  program")
        for one in data["processes"]:
            marks = ("*" if one["pid"] == data["selected"] else " ") + (">" if one["running"] else " ")
            symbols = "  (symbols loaded)" if one["symbols"] else ""
            print(f"{marks} {one['pid']:5}  {one['name']:16} {one['state']:7} {one['cr3']:#010x}  "
                  f"{one['executable']}{symbols}")

    def hint(self, data):
        return "> runs now, * is what mm commands mean. `mm break LINE` stops in the loaded or chosen one only."


def choose(text):
    if text == "off":
        kernel.selected = None
        return
    kernel.selected = kernel.process(text).pid
    load_if_known(kernel.process())


class Sym(Command):
    """mm sym [PROGRAM | off]: loads the symbols of a program of the guest's /bin, or of a file, in place of the last one's.

Without a name: those of the process that runs (or was chosen).
Example: mm sym vmrss          mm sym build/tests/ours/mm_fork"""

    name = "sym"

    def look(self, argument, given):
        if argument == "off":
            forget()
            return {"file": None}
        name = argument or kernel.process().executable
        path = file_of(name)
        if not path:
            raise gdb.GdbError(f"no program {name!r} under {BUILD}/user")
        load(path)
        return {"file": path}

    def show(self, data):
        print(f"symbols of {os.path.relpath(data['file'], ROOT)} loaded" if data["file"] else "no program's symbols loaded")


class In(gdb.Function):
    """$mm_in("NAME"), $mm_in(PID): does the CPU run that program now? For conditions of breakpoints: programs share addresses."""

    def __init__(self):
        super().__init__("mm_in")

    def invoke(self, name):
        who = kernel.running()
        if who is None:
            return False
        if name.type.strip_typedefs().code == gdb.TYPE_CODE_INT:
            return who.pid == int(name)
        return stem(name.string()) in (stem(who.name), stem(who.executable))


Proc()
Sym()
In()
