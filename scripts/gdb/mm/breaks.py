# SPDX-License-Identifier: MIT
"""breaks.py - mm break: a breakpoint that asks which program runs.

All programs are linked at the same address: a breakpoint in one stops every other that has code there, and one in the kernel
stops for whoever comes by.
"""

import re

import gdb

from mm import kernel, processes
from mm.command import Command


def who():
    """The argument of $mm_in: the process that `mm proc` chose, or the program whose symbols are loaded."""
    if kernel.selected is not None:
        return str(kernel.selected)
    if name := processes.program_name():
        return f'"{name}"'
    raise gdb.GdbError("which program? `mm sym PROGRAM` loads its symbols, `mm proc PID` chooses a process")


class Break(Command):
    """mm break PLACE [if CONDITION]: a breakpoint that stops in one program only.

It is the program whose symbols are loaded (mm sym, make gdb PROGRAM=...), or the process that mm proc chose. PLACE is all that gdb's
break takes: a function or line of the program, *ADDRESS, a function of the kernel (then it stops there for that program).
-t   for one stop, as tbreak does
Example: mm break main          mm break fault_locked if va == 0x400000"""

    name, flags = "break", ("t",)

    def look(self, argument, given):
        place, *condition = re.split(r"\s*\bif\b\s*", argument, maxsplit=1)
        if not place:
            raise gdb.GdbError("where? (-h shows an example)")
        only = who()
        test = " && ".join([f"$mm_in({only})", *(f"({words})" for words in condition)])
        try:
            said = gdb.execute(f"{'tbreak' if 't' in given else 'break'} {place} if {test}", to_string=True)
        except gdb.error as error:
            raise gdb.GdbError(f"mm break: {error}") from error
        made = gdb.breakpoints()[-1]
        return {"number": made.number, "condition": made.condition, "said": said.strip()}

    def show(self, data):
        print(f"{data['said']}\n  stops if {data['condition']}")


Break()
