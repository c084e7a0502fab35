# SPDX-License-Identifier: MIT
"""faultline.py - what gdb is told when it is attached to a guest: settings, the mm commands, three lines of help.

Nothing here is kept in gdb's own start-up files, and every command is behind the prefix `mm`.
"""

import os
import sys

import gdb

HERE = os.path.dirname(os.path.realpath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

for setting in ("confirm off", "pagination off", "print pretty on", "disassemble-next-line off"):
    gdb.execute("set " + setting)
gdb.execute(f"directory {os.path.dirname(os.path.dirname(HERE))}", to_string=True)

from mm import (breaks, command, end, faults, frames, heap, processes, recording, regions, story, tables, why,    # noqa: E402,F401
                wrote)    # (each adds its commands)

command.add_short_names()

if recording.FOLDER:
    print("A recorded run. mm end goes to its end, mm who-wrote ADDR back to the write that made what is there;")
    print("  reverse-continue, reverse-stepi, reverse-finish go back; all other mm commands work as ever: see `help mm`")
else:
    print("The guest stands before its first instruction; its console goes to build/console.log.")
    print("  break kmain | continue         the kernel from its beginning; `break fault_locked` for each page fault")
    print("  mm sym vmrss | mm break main   a program of the guest; then mm why ADDR, mm vmmap, mm fault next: see `help mm`")
