# SPDX-License-Identifier: MIT
"""rewind.py - a recorded run, backwards. mm end: to where its program ends. mm who-wrote: who wrote what is there now.

QEMU goes back by going forth: it loads the machine's first state and replays until just before, once to find the last hit
of a watchpoint and once to reach it. What comes out is exact, because the replay is.

A watchpoint is for a virtual address, so a frame that has two names gets two: a program's own, and the direct map's, by
which the kernel clears and copies frames.
"""

import os
import re

import gdb

from mm import heap, kernel, machine, processes, recording, whence
from mm.command import Command, address_of
from mm.headers import LAYOUT
from mm.machine import Space, register

USER_END = 1 << 47
WORD = 8
SNAPSHOT = "program"
WATCHED = {1: "char", 2: "short", 4: "int", 8: "long"}
ENDS = ("*power_off", "*panic", "*panic_trap")
SWITCHED_OFF = {0x10: "all is well", 0x11: "after a panic", 0x12: "the frame ledger does not balance"}


class undisturbed:
    """Meanwhile no breakpoint of the user stops the machine (and none makes it slow), and gdb tells of no stop: it prints
    those past its own redirections, so its standard output leads nowhere for a while."""

    def __enter__(self):
        self.were = [one for one in gdb.breakpoints() if one.is_valid() and one.enabled]
        for one in self.were:
            one.enabled = False
        gdb.flush()
        self.output, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)

    def __exit__(self, *_error):
        gdb.flush()
        os.dup2(self.output, 1)
        os.close(self.output)
        for one in self.were:
            if one.is_valid():
                one.enabled = True


# ---- mm end ----

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
    with undisturbed():
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


# ---- mm who-wrote ----

class Target:
    """Some bytes, by all names that somebody may write them by."""

    def __init__(self, va, size, who):
        self.va, self.size, self.who = va, size, who
        self.physical = self.space().translate(va)
        self.names = [va]
        if self.physical is not None and va < USER_END:
            self.names.append(LAYOUT.DIRECT_MAP + self.physical)

    def space(self):
        """The kernel half is the same under every root; who runs now may not have been born yet where we go."""
        return Space(self.who.cr3 if self.who else register("cr3"))

    def value(self):
        """What is there at this moment, under this name or in the frame that it had; None if nothing is."""
        try:
            return int.from_bytes(self.space().read(self.va, self.size), "little")
        except gdb.MemoryError:
            data = machine.physical(self.physical, self.size) if self.physical is not None else None
            return int.from_bytes(data, "little") if data else None


def extent_of(text):
    """(address, size) of what the user named: a place that is no pointer, as it is; else a word at the address."""
    value = gdb.parse_and_eval(text)
    if value.address is not None and value.type.sizeof in WATCHED and \
            value.type.strip_typedefs().code not in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY):
        return int(value.address), value.type.sizeof
    return address_of(text), WORD


def watch(va, size):
    one = gdb.Breakpoint(f"*({WATCHED[size]} *){va:#x}", gdb.BP_WATCHPOINT, gdb.WP_WRITE, internal=True)
    one.silent = True
    return one


# The last operand, which is where an instruction writes, if it is in memory: 0x10(%rax,%rbx,4), %es:(%rdi), 0x4384(%rip)
DESTINATION = re.compile(r"(?P<offset>-?0x[0-9a-f]+)?\((?P<base>%\w+)?(?:,(?P<index>%\w+)(?:,(?P<scale>\d))?)?\)$")
ONLY_READ = ("cmp", "test", "mul", "div", "imul", "idiv", "jmp", "lea", "nop", "prefetch", "ucomis", "comis")
WIDEST = 16    # bytes that an instruction stores (a string instruction: in each round)


def instruction_now():
    return gdb.newest_frame().architecture().disassemble(register("rip"))[0]


def stores_at():
    """Where the instruction that the machine stands before stores; None if it does not, or by none of these forms."""
    one = instruction_now()
    text = one["asm"].split("#")[0].strip()
    if text.startswith(("push", "call")):
        return register("rsp") - WORD
    where = DESTINATION.search(text)
    if not where or text.startswith(ONLY_READ):
        return None
    place = int(where["offset"] or "0", 16) + int(where["scale"] or "1") * (register(where["index"][1:]) if where["index"] else 0)
    if where["base"]:
        place += register(where["base"][1:]) + (one["length"] if where["base"] == "%rip" else 0)
    return place & machine.MASK


def stores_to(target):
    place = stores_at()
    return place is not None and any(place < name + target.size and name < place + WIDEST for name in target.names)


def back_one(target):
    """One instruction back: (value before, value after) if it wrote the target, else None."""
    after = target.value()
    gdb.execute("reverse-stepi", to_string=True)
    before = target.value()
    # Every program has this address: another one's write is none of ours. QEMU 7.2 takes an unaligned store for one to all
    # of its page below it (store_helper_unaligned), so that the stop of a watchpoint alone proves nothing.
    if before != after or stores_to(target) and (target.who is None or register("cr3") == target.who.cr3):
        return before, after
    return None


def back_to_write(target):
    """Goes back to just before the last write; (value before, value after), None at the beginning of the recording."""
    found = back_one(target)    # (QEMU's search begins one instruction further back)
    while found is None:
        watches = [watch(va, target.size) for va in target.names]
        try:
            gdb.execute("reverse-continue", to_string=True)
        finally:
            for one in watches:
                one.delete()
        if recording.is_at_the_beginning() or not machine.paging():
            return None    # (before paging there is neither a process nor the kernel's C)
        found = back_one(target)
    return found


def bytes_meant(text, is_entry):
    """What the user asks about: (facts about it, the process whose it is)."""
    who = kernel.process() if kernel.selected is not None else kernel.running()
    va, size = extent_of(text)
    about = {"address": va, "size": size, "entry_of": None}
    if va < USER_END and not who:
        raise gdb.GdbError("the CPU runs no process just now, so whose address is it? `mm proc PID` chooses one")
    if is_entry:
        last = (Space(who.cr3) if who else kernel.space()[0]).walk(va)[-1]
        about.update(entry_of=va, address=LAYOUT.DIRECT_MAP + last.address, size=WORD, level=last.level)
    return about, who if about["address"] < USER_END else None


_last = None    # what was asked about before: (facts, process)


def look_write(text, is_entry):
    global _last
    if not text and not _last:
        raise gdb.GdbError("which address? (-h shows an example)")
    about, who = _last = bytes_meant(text, is_entry) if text else _last
    target = Target(about["address"], about["size"], who)
    about = {**about, "now": target.value()}
    with undisturbed():
        values = back_to_write(target)
    if values is None:
        return {**about, "writer": None}
    return {**about, **writer_now(target, *values)}


def writer_now(target, before, after):
    """All about the instruction that the machine stands before."""
    who, frame = kernel.running(), whence.trapframe()
    user = whence.in_ring_3()
    places = whence.user_places(who, frame) if who and (user or frame) else []
    place = places[0] if user else whence.place_now()
    data = {"writer": "program" if user else "kernel", "before": before, "after": after, "place": place._asdict(),
            "where": whence.path_text(places) if user else whence.text_of(place), "source": whence.source_of(place),
            "instruction": recording.instruction(), "pid": who.pid if who else None, "name": who.name if who else None,
            "assembly": instruction_now()["asm"].strip(), "reason": None,
            "fault_address": None, "user_place": None, "user_where": None, "user_source": None, "block": None}
    if places:
        own = whence.the_users_own(places)
        data.update(user_place=own._asdict(), user_where=whence.path_text(places), user_source=whence.source_of(own))
    if not user and frame:
        data["reason"] = whence.reason_text(frame)
        if "page fault" in data["reason"]:
            data["fault_address"] = register("cr2")
    if who and target.va < USER_END and processes.loaded(who):
        data["block"] = heap.words_for(who, target.va)
    return data


def hexadecimal(value, size):
    return "nothing (not mapped)" if value is None else f"{value:#0{2 + 2 * size}x}"


class WhoWrote(Command):
    """mm who-wrote ADDR | -pte ADDR: goes back in a recorded run to the write that made what is at an address now.

mm who-wrote ADDR        8 bytes at an address or at a pointer; of a place like p->x or a[1] that is no pointer, just it
mm who-wrote -pte ADDR   the page-table entry that maps ADDR
mm who-wrote             the write before, to the same bytes
The machine then stands before that write: bt, info locals, mm why tell more, mm end goes to the end. An address of a program is that of the process which runs or that mm proc chose.
Example: mm who-wrote block          mm who-wrote -pte $cr2          mm who-wrote list->next"""

    name = "who-wrote"
    flags = ("pte",)

    def look(self, argument, given):
        recording.facts()
        kernel.need_kernel()
        return look_write(argument, "pte" in given)

    def show(self, data):
        size = data["size"]
        what = f"{data['address']:#x}" if data["entry_of"] is None else \
            f"the entry of {data['entry_of']:#x} (level {data['level']}, at {data['address']:#x})"
        print(f"who wrote {what}, {size} bytes, now {hexadecimal(data['now'], size)}?")
        if data["writer"] is None:
            print("  nobody: it is as it was when the machine started")
            return
        who = f"pid {data['pid']} {data['name']}" if data["pid"] else "no process"
        print(f"  {'the program, ' + who if data['writer'] == 'program' else 'the kernel'}: {data['where']}")
        if data["source"]:
            print(f" > {data['place']['line']}  {data['source']}")
        print(f"  {hexadecimal(data['before'], size)} -> {hexadecimal(data['after'], size)}   by `{data['assembly']}`, "
              f"instruction {data['instruction']}")
        if data["after"] is not None and data["entry_of"] is not None and data["after"] != data["now"]:
            print("  (the MMU itself has set bits since: accessed, dirty)")
        if data["block"]:
            print(f"  {data['block']}")
        if data["reason"]:
            at = f" at {data['fault_address']:#x}" if data["fault_address"] is not None else ""
            print(f"  for {data['reason']}{at} of {who}, which stood at {data['user_where']}")
            if data["user_source"]:
                print(f" > {data['user_place']['line']}  {data['user_source']}")

    def hint(self, data):
        return None if data["writer"] is None else "the machine stands before this write; `mm who-wrote` without an address goes to the one before."


End()
WhoWrote()
