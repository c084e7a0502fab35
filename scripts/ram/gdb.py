# SPDX-License-Identifier: MIT
"""gdb.py - as much of gdb's Python interface as the mm commands need, over a guest's RAM file instead of a debugger.

What reads the kernel's structures (scripts/gdb/mm) is written once, against gdb.Value and gdb.Type. With this folder first
on sys.path `import gdb` finds this file, and the same code looks into a guest that simply runs: attach(RamFile) says which.
Values come from that memory, types from the kernel's DWARF. There are no registers: the one that matters, CR3, is that of
the thread which the first processor runs.

Here are values, types, memory; of commands only their classes, so that the modules can be imported.
"""

import re

import dwarftypes
from dwarftypes import ARRAY, BASE, ENUMERATION, POINTER
from ramfile import NoRam, NotMapped

COMMAND_DATA = COMPLETE_EXPRESSION = PARAM_BOOLEAN = 0
(TYPE_CODE_PTR, TYPE_CODE_ARRAY, TYPE_CODE_ENUM, TYPE_CODE_INT, TYPE_CODE_STRUCT, TYPE_CODE_FUNC) = (
    POINTER, ARRAY, ENUMERATION, BASE, dwarftypes.STRUCTURE, -1)
STRING_MAX = 4096

_ram = _types = None


class GdbError(Exception):
    pass


class error(Exception):    # (gdb's own spelling)
    pass


class MemoryError(error):    # noqa: A001 (gdb has this name too)
    pass


def attach(ram):
    """From now on everything is read from this RamFile."""
    global _ram, _types
    if _ram is None or _ram.kernel is not ram.kernel:
        _types = dwarftypes.Types(ram.kernel)
    _ram = ram


def read(address, size):
    try:
        return _ram.read_virt(address, size)
    except NotMapped as problem:
        raise MemoryError(str(problem)) from problem


def read_physical(address, size):
    try:
        return _ram.read_phys(address, size)
    except NotMapped as problem:
        raise MemoryError(str(problem)) from problem


def read_register(name):
    """CR3 is where the running thread's page tables are; paging is on once the kernel has its own."""
    if name == "cr0":
        return 1 << 31 if _ram.word(_ram.symbol("root", "kernel/mm/kmap.c")) else 0
    if name != "cr3":
        raise GdbError(f"a memory has no register {name}")
    thread = int(parse_and_eval("'kernel/arch/x86/percpu.c'::percpu")[0]["current"])
    root = int(Value(thread).cast(lookup_type("struct thread").pointer()).dereference()["cr3"]) if thread else 0
    return root or _ram.kernel_space().root


# ---- values ----

class Value:
    """A number, or something in memory; the bytes are read when they are needed, or all at once by fetch_lazy()."""

    def __init__(self, number, kind=None, place=None, data=None):
        self._number, self.type, self._place, self._data = number, kind, place, data

    @property
    def address(self):
        return Value(self._place, self.type.pointer()) if self._place is not None else None

    @property
    def plain(self):
        return self.type.strip_typedefs() if self.type else None

    def fetch_lazy(self):
        self._bytes()

    def _bytes(self):
        if self._data is None:
            self._data = read(self._place, self.type.sizeof)
        return self._data

    def __int__(self):
        if self._number is None:
            signed = self.plain.is_signed
            self._number = int.from_bytes(self._bytes()[:self.type.sizeof], "little", signed=signed)
        return self._number

    __index__ = __int__

    def __getitem__(self, key):
        kind = self.plain
        if isinstance(key, str):
            offset, field = kind.by_name[key]
        else:
            if kind.tag == POINTER:
                return Value(None, kind.target(), int(self) + int(key) * kind.target().sizeof)
            field = kind.target()
            offset = int(key) * field.sizeof
        data = self._data[offset:offset + field.sizeof] if self._data is not None else None
        return Value(None, field, self._place + offset if self._place is not None else None, data)

    def cast(self, kind):
        return Value(int(self), kind)

    def dereference(self):
        return Value(None, self.plain.target(), int(self))

    def string(self):
        """The text that a pointer leads to, or that an array of characters holds."""
        if self.plain.tag != POINTER:
            return self._bytes().split(b"\0")[0].decode("utf-8", "replace")
        text, place = b"", int(self)
        while b"\0" not in text and len(text) < STRING_MAX:
            step = 64 - (place + len(text)) % 64    # never beyond the page
            text += read(place + len(text), step)
        return text.split(b"\0")[0].decode("utf-8", "replace")

    def __str__(self):
        if self.plain and self.plain.tag == ENUMERATION:
            return next((one.name for one in self.plain.fields() if one.enumval == int(self)), str(int(self)))
        return str(int(self))


def lookup_type(name):
    try:
        return _types.named(name)
    except KeyError:
        raise error(f"no type {name}") from None


def parse_and_eval(text):
    """A number; a variable of the kernel; of a static one, 'file'::name."""
    text = text.strip()
    if re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", text):
        return Value(int(text, 0))
    match = re.fullmatch(r"(?:'(?P<file>[^']+)'::)?(?P<name>\w+)", text)
    try:
        return Value(None, _types.variable(match["name"], match["file"]), _ram.symbol(match["name"], match["file"]))
    except (KeyError, TypeError, NoRam):
        raise error(f"no {text} in {_ram.kernel.path}") from None


# ---- memory ----

class Inferior:
    @staticmethod
    def read_memory(address, size):
        return memoryview(read(int(address), int(size)))


def selected_inferior():
    return Inferior


# ---- what only a debugger has: so that `import` of the commands finds their base classes ----

class Command:
    def __init__(self, *_words, **_more):
        pass


class Parameter(Command):
    value = False


class Function(Command):
    pass


def find_pc_line(_pc):
    return type("Line", (), {"symtab": None, "line": 0})


def lookup_objfile(_name):
    return None
