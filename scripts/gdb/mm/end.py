# SPDX-License-Identifier: MIT
"""end.py - mm end: forward in a recorded run to the moment from which one looks back, the last one of its program.

That is where the process gives up its memory, which it still has. There may be none: then it is where the kernel panics or
switches the machine off, or the recording's last instruction. On its way it makes the snapshot that going back begins at.
"""

import gdb

from mm import kernel, recording, whence
from mm.command import Command
from mm.machine import register

SNAPSHOT = "program"
ENDS = ("*power_off", "*panic", "*panic_trap")
SWITCHED_OFF = {0x10: "all is well", 0x11: "after a panic", 0x12: "the frame ledger does not balance"}


class InProcess(gdb.Breakpoint):
    """Where a process comes by: one that process 1 made, or the one with this pid."""

    def __init__(self, place, pid=None):
        super().__init__(place, internal=True)
        self.silent, self.pid = True, pid

    def stop(self):
        return is_it(self.pid)


def is_it(pid):
    who = kernel.running()
    if who is None:
        return False
    if pid is not None:
        return who.pid == pid
    parent = int(kernel.at("struct process", who.address)["parent"])
    return bool(parent) and int(kernel.at("struct process", parent)["pid"]) == 1    # what process 1 started


def stands_at(name):
    return register("rip") == int(gdb.parse_and_eval(name.lstrip("*")).address)


def look_end(pid):
    """Goes there, and says what it is."""
    last = recording.facts()["instructions"]
    is_there = any(stands_at(name) for name in ENDS) or stands_at("process_exit") and is_it(pid) or \
        last is not None and recording.instruction() >= last - 1
    if not is_there:
        run_to_end(pid, last)
    who, frame = kernel.running(), whence.trapframe()
    data = {"instruction": recording.instruction(), "pid": who.pid if who else None, "name": who.name if who else None,
            "end": "cut off", "status": None, "places": []}
    if stands_at("process_exit"):
        data.update(end="exit", status=register("rdi"))
    elif stands_at("power_off"):
        data.update(end="power off", status=register("rdi"))
    elif any(stands_at(name) for name in ENDS):
        data["end"] = "panic"
    if who and (frame or whence.in_ring_3()):
        places = whence.user_places(who, frame)
        data.update(places=[place._asdict() for place in places], path=whence.path_text(places))
    return data


def run_until(*stops):
    """Forward to the first of these breakpoints."""
    for one in stops:
        one.silent = True
    try:
        gdb.execute("continue", to_string=True)
    finally:
        for one in stops:
            one.delete()


def the_machines_ends():
    return [gdb.Breakpoint(name, internal=True) for name in ENDS]


def take_snapshot():
    """On the way, once for a recording: QEMU goes back from the nearest snapshot before, and the boot takes longest."""
    if recording.instruction() == 0 and SNAPSHOT not in recording.monitor("info snapshots"):
        run_until(InProcess("*process_exec"), *the_machines_ends())
        if stands_at("process_exec"):
            recording.monitor("savevm " + SNAPSHOT)


def run_to_end(pid, last):
    """A process's last moment (*process_exit, where it still has its memory), or whatever else the end is."""
    with recording.undisturbed():
        if last is not None:
            recording.monitor(f"replay_break {last - 1}")
        take_snapshot()
        if not any(stands_at(name) for name in ENDS) and (last is None or recording.instruction() < last - 1):
            run_until(InProcess("*process_exit", pid), *the_machines_ends())
        if last is not None:
            recording.monitor("replay_delete_break")


def end_text(data):
    if data["end"] == "exit":
        signal = data["status"] & 0x7f
        how = f"killed by {whence.signal_name(signal)}" if signal else f"with status {data['status'] >> 8 & 0xff}"
        return f"pid {data['pid']} {data['name']} ends, {how}"
    if data["end"] == "power off":
        return f"the machine switches itself off: {SWITCHED_OFF.get(data['status'], 'for no known reason')}"
    return "the kernel panics" if data["end"] == "panic" else "the recording ends here: it was cut off from outside"


class End(Command):
    """mm end [PID]: goes forward to the end of a recorded run: where the program that was recorded gives up its memory.

With PID, where that process ends. If there is no such moment: a panic, the machine's end, or the last instruction.
Example: mm end          mm end 3"""

    name = "end"

    def look(self, argument, given):
        recording.facts()
        return look_end(int(argument, 0) if argument else None)

    def show(self, data):
        print(f"{end_text(data)}   (instruction {data['instruction']})")
        if data["places"]:
            print(f"  it stands at {data['path']}")

    def hint(self, data):
        return "mm who-wrote ADDR goes back to the write that made what is there; reverse-continue, reverse-stepi go back too."


End()
