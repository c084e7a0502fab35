# SPDX-License-Identifier: MIT
"""faults.py - mm fault: stop where the CPU enters the kernel for a page fault, and tell what will happen; then what did.

The stop is at the first instruction of the trap's stub: CR2 has the address, the stack the error code and the
interrupted code, as the CPU pushed them. What comes next is foretold from the regions and page tables, by the same table
as in kernel/mm/fault.c. When the instruction runs again, or a signal is sent instead, the second half is told.
"""

import json
import linecache
import os
from collections import Counter, namedtuple

import gdb

from mm import kernel, machine, processes, tables
from mm.command import Command, address_of, plural
from mm.headers import ROOT, VMA, X86
from mm.machine import PAGE, Space

ENTRY = "*trap_stub_14"    # the vector of #PF
PUSHED = ("error", "rip", "cs", "rflags", "rsp", "ss")
ACCESSES = {"READ": VMA.VMA_READ, "WRITE": VMA.VMA_WRITE, "EXECUTE": VMA.VMA_EXEC}

Fault = namedtuple("Fault", "va error rip rsp user access who region entry")
Step = namedtuple("Step", "text function")


# ---- what happened, what will happen ----

def fault_now():
    """The fault whose stub the CPU is about to run."""
    data = bytes(gdb.selected_inferior().read_memory(machine.register("rsp"), 8 * len(PUSHED)))
    pushed = dict(zip(PUSHED, machine.words(data)))
    error, va, who = pushed["error"], machine.register("cr2"), kernel.running()
    access = "EXECUTE" if error & X86.FAULT_ERROR_FETCH else "WRITE" if error & X86.FAULT_ERROR_WRITE else "READ"
    region = kernel.region_at(who, va) if who else None
    entry = Space(who.cr3).leaf(va) if who else 0
    return Fault(va, error, pushed["rip"], pushed["rsp"], bool(pushed["cs"] & 3), access, who, region, entry)


def allowed(fault):
    wanted = VMA.VMA_PROT if fault.access == "READ" else ACCESSES[fault.access]
    return bool(fault.region and fault.region.flags & wanted)


def will_grow(fault):
    """Is it a touch below the stack, near enough? (The kernel decides by the limit: mm/stack.c.)"""
    above = min((region for region in kernel.regions(fault.who) if region.start > fault.va),
                key=lambda region: region.start, default=None)
    limit = int(kernel.at("struct aspace", fault.who.aspace)["limit_stack"])
    return bool(above and above.flags & VMA.VMA_STACK and above.end - fault.va <= limit)


def is_refused(fault):
    """Foretold: the program (or the kernel's caller) gets no page."""
    if not fault.who or fault.va >= 1 << 47:
        return True
    return not allowed(fault) if fault.region else not will_grow(fault)


def promise_step(fault):
    name = (fault.region.name or "[anon]") if fault.region else ""
    if not fault.who or fault.va >= 1 << 47:
        return Step("an address of the kernel: nobody promised it -> refused", "trap")
    if not fault.region:
        return (Step("find VMA: none, but the stack is above -> it grows down to here", "stack_grow") if will_grow(fault)
                else Step("find VMA: none -> refused: SIGSEGV", "vma_find"))
    text = f"find VMA: {name} {kernel.permissions(fault.region.flags)}"
    return Step(f"{text}, {fault.access.lower()} is allowed -> legal" if allowed(fault) else
                f"{text} forbids to {fault.access.lower()} -> refused: SIGSEGV", "fault")


def keep_step(fault):
    """The row of the table in kernel/mm/fault.c."""
    kind = fault.region.kind if fault.region else "anon"
    write, entry = fault.access == "WRITE", fault.entry
    if machine.slot_of(entry) is not None:
        return Step(f"on the swap disk, slot {machine.slot_of(entry)} -> take a frame and read it", "swap_in")
    if entry and write:
        if kind == "shared":
            return Step("the file's own page, first write -> make the entry writable", "pmap_make_writable")
        one = kernel.page(machine.frame_of(entry))
        if kernel.owner(one) == "anon" and one.refs == 1:
            return Step("copy on write, but nobody else has the frame -> make the entry writable", "pmap_make_writable")
        zero = machine.frame_of(entry) == kernel.zero_pfn()
        return Step("first write to a page that was only read (the page of zeros) -> take a zeroed frame" if zero else
                    "copy on write -> take a frame and copy", "anon_copy_on_write")
    if kind == "anon":
        return Step("anonymous, first touch -> take a zeroed frame", "anon_enter") if write else \
            Step("anonymous, read before any write -> the shared page of zeros", "anon_fault")
    if kind == "file" and write:
        return Step("a private page of a file, written -> take a frame and copy the file's page", "private_fault")
    return Step("a page of a file -> map the file's own frame, no copy", f"{'shared' if kind == 'shared' else 'private'}_fault")


def steps(fault):
    page = fault.va // PAGE * PAGE
    told = [Step(f"CR2={fault.va:#x} -> page {page:#x}", "trap"), promise_step(fault)]
    if is_refused(fault):
        return told + [Step("no page: the program gets the signal" if fault.user else
                            "no page: the kernel's copy ends early, the system call answers EFAULT", "signal_fault")]
    index = fault.va // PAGE % X86.PT_ENTRIES
    return told + [keep_step(fault), Step(f"write PTE[{index}], return (iretq); the instruction runs again", "pmap_enter")]


def place_of(function):
    """file:line of a function of the kernel; of one that is inlined everywhere, the line that most of its copies begin with."""
    found = gdb.lookup_global_symbol(function) or gdb.lookup_static_symbol(function)
    if found:
        return f"{found.symtab.filename}:{found.line}"
    copies = Counter(f"{copy.symtab.filename}:{copy.line}" for copy in gdb.decode_line(function)[1])
    return copies.most_common(1)[0][0]


def source(fault):
    """(file:line, the line's text) of the instruction that faulted; nothing if its program's symbols are not loaded."""
    line = gdb.find_pc_line(fault.rip)
    if not line.symtab or (fault.user and not (fault.who and processes.loaded(fault.who))):
        return "", ""
    path = os.path.join(ROOT, line.symtab.filename)
    return f"{line.symtab.filename}:{line.line}", linecache.getline(path, line.line).rstrip()


def error_words(error):
    letters = "|".join(letter for letter, bit in (("I", X86.FAULT_ERROR_FETCH), ("U", X86.FAULT_ERROR_USER),
                                                   ("W", X86.FAULT_ERROR_WRITE), ("P", X86.FAULT_ERROR_PRESENT)) if error & bit)
    return f"{error:#x}" + (f" = {letters}" if letters else "") + \
        (", the entry forbids it" if error & X86.FAULT_ERROR_PRESENT else ", page not present")


def as_data(fault):
    return {"address": fault.va, "access": fault.access, "error": fault.error, "user": fault.user, "pc": fault.rip,
            "pid": fault.who.pid if fault.who else None, "refused": is_refused(fault),
            "steps": [{"text": step.text, "place": place_of(step.function)} for step in steps(fault)]}


def tell(fault):
    who = f"pid {fault.who.pid} {fault.who.name}" if fault.who else "no process"
    where, text = source(fault)
    print(f"#PF  {who}  {fault.access} by {'USER' if fault.user else 'KERNEL'} to {fault.va:#x}   "
          f"error {error_words(fault.error)}   {'user' if fault.user else 'kernel'} pc {fault.rip:#x} {where}")
    if text:
        print(f" > {where.rsplit(':', 1)[1]}  {text}")
    for number, step in enumerate(steps(fault), 1):
        print(f"  step {number}  {step.text:66} {place_of(step.function)}")
    print("(`c` runs to the end of the handler and prints what changed)")


# ---- the two stops ----

class Outcome:
    """What is to be told when the fault is over."""

    def __init__(self, fault):
        self.fault, self.over = fault, False
        self.resident, self.tables = self.counts()
        self.stops = [Return(self), Signal(self)]

    def counts(self):
        if not self.fault.who:
            return 0, 0
        pmap = kernel.at("struct aspace", self.fault.who.aspace)["pmap"]
        owners = kernel.owner_names()
        return sum(int(pmap["resident"][owners.index(name)]) for name in ("anon", "file", "shmem")), int(pmap["tables"])

    def is_ours(self):
        who = kernel.running()
        return not self.over and who is not None and self.fault.who is not None and who.pid == self.fault.who.pid

    def tell_served(self):
        self.over = True
        resident, made = self.counts()
        entry = Space(self.fault.who.cr3).leaf(self.fault.va)
        kib = PAGE // 1024
        where, text = source(self.fault)
        print(f"#PF served: RSS {self.resident * kib}K -> {resident * kib}K, {plural(made - self.tables, 'page table')} built"
              f", {tables.describe_frame(machine.frame_of(entry)) if machine.has_frame(entry) else 'no frame'}")
        print(f"back at {self.fault.rip:#x} {where}" + (f"\n > {where.rsplit(':', 1)[1]}  {text}" if text else ""))

    def tell_refused(self):
        self.over = True
        print("#PF refused: the kernel is about to send a signal.  `mm why " + f"{self.fault.va:#x}` says what is near")


class Return(gdb.Breakpoint):
    """At the interrupted instruction, which runs again."""

    def __init__(self, outcome):
        super().__init__(f"*{outcome.fault.rip:#x}", internal=True, temporary=True)
        self.silent, self.outcome = True, outcome

    def stop(self):
        if not self.outcome.is_ours() or machine.register("rsp") != self.outcome.fault.rsp:
            return False
        self.outcome.tell_served()
        return True


class Signal(gdb.Breakpoint):
    """Where the kernel turns a refusal into a signal."""

    def __init__(self, outcome):
        super().__init__("signal_fault", internal=True, temporary=True)
        self.silent, self.outcome = True, outcome

    def stop(self):
        if not self.outcome.is_ours():
            return False
        self.outcome.tell_refused()
        return True


class Entry(gdb.Breakpoint):
    """At the trap's stub, for the faults that are wanted."""

    def __init__(self, wanted, once, quiet):
        super().__init__(ENTRY, internal=True)
        self.silent, self.wanted, self.once, self.quiet = True, wanted, once, quiet
        self.met = None    # the fault that `once` waited for

    def stop(self):
        global _outcome
        fault = fault_now()
        if self.met or not self.wanted(fault):
            return False
        self.met = fault if self.once else None
        forget_outcome()
        if not self.quiet:
            tell(fault)
        elif not self.once:
            print(json.dumps(as_data(fault)))
        _outcome = Outcome(fault)
        return True


_entry = None      # the standing stop
_outcome = None    # of the last fault that was told
_swept = []


def forget_outcome():
    global _outcome
    if _outcome:
        _outcome.over = True    # its stops are swept at the next stop: this may be called from one
        _swept.extend(_outcome.stops)
    _outcome = None


def sweep(_event=None):
    """Takes away stops that have done their work; a stop cannot take away itself."""
    if _outcome and _outcome.over:
        forget_outcome()
    for point in _swept:
        if point.is_valid():
            point.delete()
    _swept.clear()


# ---- the command ----

def wish(argument, given):
    """(which faults are wanted, in words)."""
    if "segv" in given:
        return is_refused, "that end in a signal"
    chosen = kernel.selected
    if argument:
        page = address_of(argument) // PAGE
        return (lambda fault: fault.va // PAGE == page), f"in the page {page * PAGE:#x}"
    if chosen is not None:
        return (lambda fault: fault.who is not None and fault.who.pid == chosen), f"of pid {chosen}"
    if processes.is_any_loaded():
        return (lambda fault: fault.who is not None and processes.loaded(fault.who)), "of the program with symbols"
    return (lambda fault: True), "of every process"


class FaultCommand(Command):
    """mm fault on | off | next | ADDR | -segv: stop at page faults and tell the story, step by step.

mm fault on      stop at each until `mm fault off`
mm fault next    run to the next one
Both mean faults of the process that `mm proc PID` chose, else of the program whose symbols are loaded, else all.
mm fault ADDR    run to the first touch of that page: an expression of the program will do
mm fault -segv   run to the first that cannot be served: the bug
Then `c` runs to the end of the handler and says what changed.
Example: mm fault next          mm fault &counter          mm fault -segv"""

    name = "fault"
    flags = ("segv",)

    def look(self, argument, given):
        global _entry
        if _entry:
            _entry.delete()
            _entry = None
        forget_outcome()    # the fault before is no longer waited for
        sweep()
        if argument == "off":
            return {"stop": False}
        if argument in ("on", "next", ""):
            if not argument and "segv" not in given:
                raise gdb.GdbError("mm fault on | off | next | ADDR | -segv  (-h explains)")
            wanted, words = wish("", given)
        else:
            wanted, words = wish(argument, given)
        _entry = Entry(wanted, argument != "on", "j" in given)
        if argument == "on":
            return {"stop": True, "faults": words}
        met = run_to_it()
        return as_data(met) if met else None

    def show(self, data):
        if "stop" in data:    # (a fault has told itself when it was met)
            print(f"page faults {data['faults']} stop; `c` goes on" if data["stop"] else "page faults do not stop")


def run_to_it():
    global _entry
    try:
        gdb.execute("continue", to_string=_entry.quiet)
        return _entry.met
    finally:
        if _entry and _entry.is_valid():
            _entry.delete()
        _entry = None


gdb.events.stop.connect(sweep)
FaultCommand()
