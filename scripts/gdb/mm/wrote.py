# SPDX-License-Identifier: MIT
"""wrote.py - mm who-wrote: back in a recorded run to the write that made what is there now; the writer, in words.

QEMU goes back by going forth: it loads the nearest snapshot and replays until just before, once to find the last hit of a
watchpoint and once to reach it. What comes out is exact, because the replay is.

A watchpoint is for a virtual address, so a frame that has two names gets two: a program's own, and the direct map's, by
which the kernel clears and copies frames.
"""

import re

import gdb

from mm import heap, kernel, machine, processes, recording, whence
from mm.command import Command, address_of
from mm.headers import LAYOUT
from mm.machine import Space, register

USER_END = 1 << 47
WORD = 8
WATCHED = {1: "char", 2: "short", 4: "int", 8: "long"}
# The last operand, which is where an instruction writes, if it is in memory: 0x10(%rax,%rbx,4), %es:(%rdi), 0x4384(%rip)
DESTINATION = re.compile(r"(?P<offset>-?0x[0-9a-f]+)?\((?P<base>%\w+)?(?:,(?P<index>%\w+)(?:,(?P<scale>\d))?)?\)$")
FIXED = re.compile(r"[ ,](0x[0-9a-f]+)$")
ONLY_READ = ("cmp", "test", "mul", "div", "imul", "idiv", "jmp", "lea", "nop", "prefetch", "ucomis", "comis")
WIDEST = 16    # bytes that an instruction stores (a string instruction: in each round)


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


def instruction_now():
    return gdb.newest_frame().architecture().disassemble(register("rip"))[0]


def stores_at():
    """Where the instruction that the machine stands before stores; None if it does not, or by none of these forms."""
    one = instruction_now()
    text = one["asm"].split("#")[0].strip()
    if text.startswith(("push", "call")):
        return register("rsp") - WORD
    where, fixed = DESTINATION.search(text), FIXED.search(text)
    if text.startswith(ONLY_READ) or not (where or fixed):
        return None
    if fixed:
        return int(fixed[1], 16)
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
    with recording.undisturbed():
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


WhoWrote()
