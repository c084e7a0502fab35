# SPDX-License-Identifier: MIT
"""command.py - what every `mm` command has: -h prints its help, -j the same facts as JSON, at most one hint.

A command is two halves. look() finds out and returns plain data; show() prints that data as text. What a person reads
and what a program reads are therefore the same facts.
"""

import json

import gdb

from mm.machine import MASK

KIB = 1024


class Prefix(gdb.Command):
    """The memory of the guest: regions, page tables, frames, the heap.

mm why ADDR explains an address in words; every command has -h (help, an example) and -j (JSON)."""

    def __init__(self):
        super().__init__("mm", gdb.COMMAND_DATA, prefix=True)


class SetPrefix(gdb.Command):
    """Settings of the mm commands."""

    def __init__(self, verb):
        super().__init__(f"{verb} mm", gdb.COMMAND_DATA, prefix=True)


class Hints(gdb.Parameter):
    """Whether mm commands end with a hint."""

    set_doc = show_doc = "Whether mm commands end with a line `hint: ...`."

    def __init__(self):
        super().__init__("mm hints", gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = True

    def get_set_string(self):
        return ""

    def get_show_string(self, value):
        return f"Hints are {value}."


Prefix()
SetPrefix("set")
SetPrefix("show")
HINTS = Hints()


class Command(gdb.Command):
    """Subclasses have a name, a docstring (its first line is the summary), flags, and look(), show(), maybe hint()."""

    name = ""
    flags = ()    # the letters after a dash, besides -h and -j

    def __init__(self):
        super().__init__("mm " + self.name, gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, _from_tty):
        words = argument.split()
        given = {word[1:] for word in words if word.startswith("-") and (word[1:] in self.flags or word in ("-h", "-j"))}
        rest = " ".join(word for word in words if word[1:] not in given or not word.startswith("-"))
        if "h" in given:
            print(self.__doc__)
            return
        try:
            data = self.look(rest, given)
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"mm {self.name}: {error}") from error
        if data is None:
            return
        if "j" in given:
            print(json.dumps(data))
            return
        self.show(data)
        hint = self.hint(data)
        if hint and HINTS.value:
            print("hint: " + hint)

    def look(self, argument, given):
        raise NotImplementedError

    def show(self, data):
        raise NotImplementedError

    def hint(self, _data):
        return None


def is_free(word):
    """gdb takes abbreviations, too: `sym` is its symbol-file."""
    try:
        gdb.execute("help " + word, to_string=True)
    except gdb.error as error:
        return str(error).startswith("Undefined command")
    return False


def add_short_names():
    """`why` for `mm why`, where neither gdb nor anything that was loaded before has it: pwndbg and gef have a vmmap and a heap of their own."""
    for name in [each.name for each in Command.__subclasses__() if is_free(each.name)]:
        gdb.execute(f"alias {name} = mm {name}")


def address_of(text):
    """What an expression of the user means as an address: a number or a pointer's value; a place's own address."""
    if not text:
        raise gdb.GdbError("which address? (-h shows an example)")
    value = gdb.parse_and_eval(text)
    if value.type.strip_typedefs().code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT):
        value = value.address
    return int(value) & MASK


def size_text(size):
    """4K, 132K, 2M, 1.00G: whole kibibytes while they are few."""
    for unit, letter in ((KIB ** 3, "G"), (KIB ** 2, "M")):
        if size >= unit and size % unit == 0:
            return f"{size // unit}{letter}"
        if size >= unit * (4 if letter == "M" else 1):
            return f"{size / unit:.2f}{letter}"
    return f"{size // KIB}K" if size % KIB == 0 else f"{size}B"


def plural(number, word):
    return f"{number} {word}" + ("" if number == 1 else "s")
