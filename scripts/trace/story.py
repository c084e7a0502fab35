# SPDX-License-Identifier: MIT
"""story.py - a recording in words: what each operation of a program led to, as a tree.

    op#2 malloc(1073741824) = 0x7fffb7ff8010                                          vmrss.c:69 main
     `- a mapping of its own: chunk of 1048580 KiB, its header 16 bytes before the pointer
     `- mmap(NULL, 1073745920, 0x3, 0x22, -1, 0) = 0x7fffb7ff8000
         `- promised: [7fffb7ff8000, 7ffff7ff9000) rw-p anonymous                     VSZ +1048580K
     `- #PF write 0x7fffb7ff8008 -> a zeroed frame, #29855; 2 page tables made        RSS +4K   by malloc itself
    ... 2.9 ms later, touch_write (look.c:120)
     `- #PF write 0x7fffb7ff9000 -> a zeroed frame, #31650                            RSS +4K

What a region's later touches did stands with the operation that made the region, or where the C library tells none with the call. What the program asks of the kernel itself stands under
the mark that it has set, or by itself. Calls that have nothing to do with memory are counted, and told one by one on request.
"""

import bisect
import itertools
from collections import Counter

import calls
import model
import source
import spans

PAGE_KIB = 4
MEMORY_CALLS = ("mmap", "munmap", "mprotect", "mremap", "brk", "madvise", "mlock", "munlock", "mlockall", "munlockall", "fork", "vfork",
                "clone", "execve", "exit", "exit_group")
WHOLE = ("frames", "vma_del", "file", "vma_add", "resident", "swapped")    # by which an address space is told as a whole
SWAP_EVENTS = ("swap_out", "reclaim")
REGION_EVENTS = ("vma_add", "vma_del", "vma_split", "vma_merge", "vma_prot", "vma_size", "vma_move", "zap")
PATHS = {
    "cache": "from the thread's cache", "slab": "a slot of a slab", "bin": "a free chunk of its size, from a bin",
    "split": "a larger free chunk, split", "top": "cut from the top of the heap", "brk": "the heap had no room: the break moves",
    "mmap": "a mapping of its own", "zero_size": "nothing, but a pointer of its own", "none": "refused"}
ACTS = {
    "cache": "kept in the thread's cache", "slab": "its slot is free", "bin": "kept, in a bin", "merge": "one with the free chunk beside it",
    "trim": "the top of the heap goes back to the kernel", "unmap": "its mapping goes back to the kernel", "in_place": "where it was",
    "grow": "where it was, and larger", "move": "a new place, and a copy", "remap": "the kernel moves its pages", "none": "refused"}
KINDS = {
    "zero": "a zeroed frame, {frame}", "zero_page": "the page of zeros that all share: nothing resident", "file": "the file's own frame, {frame}",
    "cow": "a copy, {frame}", "reuse": "nobody else has it: writable, {frame}", "swapin": "back from the swap disk, {frame}",
    "stack": "a zeroed frame, {frame}", "spurious": "nothing to do", "oom": "no memory", "bus": "beyond the end of the file",
    "segv": "refused", "vdso": "a page of the kernel's image: resident for nobody"}
ADDS = ("zero", "file", "cow", "stack")    # a frame each; swapin brings neighbours, too
LATER_NS = 100_000    # a pause that is worth a line


class Node:
    """A line of the tree: text at the left, what it changed and where it was asked at the right, and what it led to."""

    def __init__(self, text, change="", place="", children=()):
        self.text, self.change, self.place, self.children = text, change, place, list(children)


def kib(number):
    return f"{number:+d}K" if number else ""


def changes(vsz=0, rss=0, swap=0):
    return "  ".join(f"{name} {kib(value)}" for name, value in (("VSZ", vsz), ("RSS", rss), ("SWAP", swap)) if value)


def permissions(region):
    return "".join(letter if region.prot & bit else "-" for letter, bit in (("r", 1), ("w", 2), ("x", 4))) + "ps"[region.flags & 1]


def access(error):
    return "execute" if error & 16 else "write" if error & 2 else "read"


def size_in_words(size):
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return f" ({size // unit} {name})"
    return ""


def flag_names(value, names):
    """PROT_ and MAP_ bits as their names, without the prefix."""
    known = [name for bit, name in names if value & bit]
    rest = value & ~sum(bit for bit, _ in names)
    return "|".join(known + ([f"{rest:#x}"] if rest or not known else []))


PROT = ((1, "READ"), (2, "WRITE"), (4, "EXEC"))
MAP = ((1, "SHARED"), (2, "PRIVATE"), (0x10, "FIXED"), (0x20, "ANONYMOUS"), (0x100, "GROWSDOWN"), (0x800, "DENYWRITE"), (0x4000, "NORESERVE"),
       (0x8000, "POPULATE"), (0x20000, "STACK"))


def shown(event):
    """A call as its manual page writes it, where that helps."""
    name = calls.name(event.nr)
    if name == "mmap":
        descriptor = event.a4 if event.a4 < 1 << 31 else -1
        where = f"{event.a0:#x}" if event.a0 else "NULL"
        return f"mmap({where}, {event.a1}, {flag_names(event.a2, PROT) if event.a2 else 'NONE'}, {flag_names(event.a3, MAP)}, {descriptor}, {event.a5})"
    if name == "mprotect":
        return f"mprotect({event.a0:#x}, {event.a1}, {flag_names(event.a2, PROT) if event.a2 else 'NONE'})"
    return calls.shown(event)


class Story:
    def __init__(self, events, pid=None, every_call=False):
        self.events, self.history = events, model.replay(events)
        ran = [process for process in self.history.processes.values() if process.execs]
        process = self.history.processes.get(pid) if pid else next(iter(ran), None)
        if process is None:
            raise ValueError("no such process in the recording" if pid else "no program was recorded")
        self.process, self.sources, self.every_call = process, source.Sources(process), every_call
        self.spans = [span for span in spans.fold(events) if span.pid == process.pid]
        self.files = {event.file_id: event.path for event in events if event.name == "file"}
        self.gone, self.left = Counter(), Counter()    # number of an event: resident pages that went with it; pages on the disk
        for run in process.runs:
            if run.died is not None:
                (self.gone if run.counted else self.left if run.kind == model.SWAPPED else Counter())[run.died] += run.n
        self.errors = {}         # number of a fault_end or fault_run: the error code and ip it began with
        self.marks = [(number, event) for number, event in enumerate(events) if event.name == "mark" and event.pid == process.pid]
        self._pair_faults()

    def _pair_faults(self):
        begun = None
        for number, event in enumerate(self.events):
            if event.pid != self.process.pid:
                continue
            if event.name == "fault_begin":
                begun = event
            elif event.name in spans.FAULTS and begun:
                self.errors[number] = begun

    # ---- The tree ----

    def nodes(self):
        """The lines at the left margin, in the order of their first events."""
        start = self.process.execs[-1] if self.process.execs else 0
        roots, later = [], {}
        for span in self.spans:
            if span.first < start or (span.parent and span.kind != "exec"):
                continue
            if span.kind == "fault" or span.kind in ("fault_end", "fault_run"):
                by_call = span.cause and span.cause.kind == "call"
                later.setdefault(("call", span.cause.number) if by_call else span.event.cause, []).append(span)
            else:
                roots.append(span)
        nodes, quiet, leaving = [], [], []
        if not self.process.execs:
            nodes.append(self.fork_node(later))
        to = nodes    # where the next goes: below the mark that is in force
        for span in roots:
            if span.kind == "call" and not self.tells_of_memory(span):
                quiet.append(span)
                continue
            if span.kind in SWAP_EVENTS:
                leaving.append(span)
                continue
            node = self.node(span, later)
            if node is None:
                continue
            to += self.leaving_nodes(leaving)
            leaving.clear()
            self._flush(quiet, to)
            (nodes if span.kind in ("mark", "proc_exit") else to).append(node)
            if span.kind == "mark":
                to = node.children
        to += self.leaving_nodes(leaving)
        self._flush(quiet, to)
        return nodes

    def _flush(self, quiet, to):
        if not quiet:
            return
        if self.every_call:
            to += [Node(self.call_text(span)) for span in quiet]
        else:
            count = Counter(calls.name(span.opener.nr) for span in quiet)
            to.append(Node("other calls: " + ", ".join(f"{name} {n}" if n > 1 else name for name, n in count.items())))
        quiet.clear()

    def tells_of_memory(self, span):
        return calls.name(span.opener.nr) in MEMORY_CALLS or any(
            self.is_region_event(child) or child.kind in SWAP_EVENTS or child.kind == "fault" or child.kind in spans.FAULTS
            or self.retold_node(child) for child in span.children)

    @staticmethod
    def is_region_event(span):
        """One that changes what is promised, and not one by which all is told anew."""
        return span.kind in REGION_EVENTS and getattr(span.event, "why", "") != "found"

    @staticmethod
    def leaving_nodes(spans_of_swap):
        """What was taken for others, or for itself: pages that went to the disk one after the other, however often frames were few."""
        pages = sum(span.kind == "swap_out" for span in spans_of_swap)
        rounds = [span.event for span in spans_of_swap if span.kind == "reclaim"]
        if not pages:
            return []
        text = f"{pages} page{'s leave' if pages > 1 else ' leaves'} for the swap disk"
        if rounds:
            times = "" if len(rounds) == 1 else f", {len(rounds)} times"
            text = f"frames are few{times}: {text} ({sum(each.scanned for each in rounds)} looked at)"
        return [Node(text, changes(rss=-pages * PAGE_KIB, swap=pages * PAGE_KIB))]

    def node(self, span, later):
        """The node of a span at the left margin, with what came of it later; None: nothing to say."""
        if span.kind in spans.OPERATIONS or span.kind == "operation":
            node = self.operation_node(span)
            node.children += self.later_nodes(later.pop(span.op, []), span)
            return node
        if span.kind == "call":
            node = self.call_node(span)
            node.children += self.later_nodes(later.pop(("call", span.number), []), span)
            return node
        if span.kind == "exec":
            node = self.exec_node(span)
            node.children += self.later_nodes(later.pop(0, []), span)
            return node
        if self.is_region_event(span) and span.event.why == "stack":
            return Node("the stack grows: " + self.region_text(span), self.region_change(span))
        if span.kind == "vma_del":
            return self.retold_node(span)
        if span.kind == "segv":
            event = span.event
            return Node(f"#PF {access(event.error)} {event.va:#x} -> refused: {event.reason.replace('_', ' ')}", "",
                        self.at(event.ip))
        if span.kind == "oom_kill":
            return Node(f"out of memory: process {span.event.victim} is ended")
        if span.kind == "proc_exit":
            return Node(self.end_text(span.event), "", "")
        if span.kind in ("proc_new", "thread_new"):
            return Node(f"{'process' if span.kind == 'proc_new' else 'thread'} {span.event.child} begins")
        if span.kind == "lost":
            return Node(f"{span.event.n} events are lost here")
        return None

    def at(self, pc, is_return=False):
        place = self.sources.place(pc, is_return)
        return f"{place.file.rpartition('/')[2]}:{place.line} {place.function}" if place.file else place.function

    # ---- Operations ----

    def operation_node(self, span):
        event = span.closer
        if span.kind == "mark":
            return Node(f"mark#{span.op} \"{event.text}\"", "", f"{event.file}:{event.line}")
        if event is None or span.kind == "operation":
            return Node(f"op#{span.op} of malloc, which did not end", "", self.at(span.opener.pc, True), self.inside(span))
        if span.kind == "free":
            text, how = f"op#{span.op} free({event.ptr:#x})", ACTS[event.act]
        elif span.kind == "realloc":
            text, how = f"op#{span.op} realloc({event.old_ptr:#x}, {event.size}) = {event.ptr:#x}", ACTS[event.act]
        else:
            aligned = f", aligned to {event.align}" if event.align > 16 else ""
            text, how = f"op#{span.op} malloc({event.size}{aligned}) = {event.ptr:#x}{size_in_words(event.size)}", PATHS[event.path]
            if event.searched:
                how += f", after {event.searched} looked at"
        if event.chunk_size:
            how += f"; the chunk is {event.chunk_size} bytes" + (f" at {event.chunk:#x}" if span.kind != "free" else "")
        return Node(text, "", self.at(event.pc, True), [Node(how), *self.inside(span)])

    def inside(self, span):
        """What happened while it was open."""
        nodes = [self.call_node(child) for child in span.children if child.kind == "call"]
        tops = [child.event for child in span.children if child.kind == "heap_top"]
        nodes += [Node(f"the heap's end: {top.old_break:#x} -> {top.new_break:#x} ({(top.new_break - top.old_break) // 1024:+d} KiB)")
                  for top in tops]
        faults = [child for child in span.children if child.kind == "fault" or child.kind in spans.FAULTS]
        return nodes + self.fault_nodes(faults) + self.leaving_nodes([child for child in span.children if child.kind in SWAP_EVENTS])

    # ---- Calls and regions ----

    def call_text(self, span):
        text = shown(span.opener)
        if span.closer is None or span.closer.name != "sys_exit":
            return text
        result = span.closer.result
        return f"{text} = {result:#x}" if result > 4095 else f"{text} = {result}"

    def call_node(self, span):
        children = []
        for child in span.children:
            if self.is_region_event(child):
                children.append(Node(self.region_text(child), self.region_change(child)))
            elif child.kind in ("proc_new", "thread_new"):
                children.append(self.node(child, {}))
            elif retold := self.retold_node(child):
                children.append(retold)
        faults = [child for child in span.children if child.kind == "fault" or child.kind in spans.FAULTS]
        children += self.leaving_nodes([child for child in span.children if child.kind in SWAP_EVENTS])
        return Node(self.call_text(span), "", self.sources.place(span.opener.ip).function if not span.parent else "", children + self.fault_nodes(faults))

    def region_name(self, event):
        if event.file_id:
            return self.files.get(event.file_id, f"file {event.file_id}")
        return "[heap]" if event.flags & model.HEAP else "[stack]" if event.flags & model.GROWS_DOWN else "anonymous"

    def region_text(self, span):
        event = span.event
        where = f"[{event.start:x}, {event.end:x})"
        if span.kind == "vma_add":
            return f"promised: {where} {permissions(event)} {self.region_name(event)}"
        if span.kind == "vma_del":
            return f"taken back: {where}"
        if span.kind == "vma_size":
            return f"promised: {where} is now [{event.new_start:x}, {event.new_end:x})"
        if span.kind == "vma_prot":
            return f"{where} is now {permissions(type('', (), {'prot': event.prot, 'flags': 0}))[:3]}"
        if span.kind == "vma_move":
            return f"the pages of {where} are now at {event.to:x}"
        if span.kind == "zap":
            return f"the frames of {where} go, the promise stays"
        return f"{'cut in two' if span.kind == 'vma_split' else 'one with its neighbour'}: {where} at {event.at:x}"

    def region_change(self, span):
        event = span.event
        vsz = {"vma_add": event.end - event.start, "vma_del": event.start - event.end}.get(span.kind, 0)
        if span.kind == "vma_size":
            vsz = event.new_end - event.new_start - event.end + event.start
        return changes(vsz // 1024, -self.gone[span.last] * PAGE_KIB, -self.left[span.last] * PAGE_KIB)

    def retold_node(self, span):
        """All is told anew: what have others taken from it, or brought? None: it is not told anew, or nothing has changed."""
        if span.kind != "vma_del" or span.event.why != "found":
            return None
        mine = (event for event in self.events[span.first:] if event.pid == self.process.pid)
        told = list(itertools.takewhile(lambda event: event.name in WHOLE, mine))
        pages = sum(event.pages for event in told if event.name == "resident" and event.owner not in model.UNCOUNTED) - self.gone[span.last]
        swapped = sum(event.pages for event in told if event.name == "swapped") - self.left[span.last]
        text = "others have sent pages of it to the swap disk" if swapped > 0 else "others have changed it"
        return Node(text, changes(rss=pages * PAGE_KIB, swap=swapped * PAGE_KIB)) if pages or swapped else None

    # ---- Faults ----

    def fault_nodes(self, faults):
        """Faults that were alike, one after the other at one place of the program, are one line."""
        nodes, group = [], []
        for span in faults:
            if group and self.alike(group[-1]) != self.alike(span):
                nodes += self.fault_node(group)
                group = []
            group.append(span)
        if group:
            nodes += self.fault_node(group)
        return nodes

    def later_nodes(self, faults, after):
        """Those that came after the span that made their region, by the mark that was in force then."""
        nodes, groups = [], {}
        for span in faults:
            groups.setdefault(bisect.bisect(self.marks, span.first, key=lambda mark: mark[0]), []).append(span)
        for at, group in groups.items():
            children, pause = self.fault_nodes(group), group[0].opener.time - (after.closer or after.opener).time
            mark = self.marks[at - 1][1] if at else None
            if mark and mark.time > after.opener.time:
                nodes.append(Node(f"... {pause / 1e6:.1f} ms later, after mark#{mark.op} \"{mark.text}\"", children=children))
            elif pause >= LATER_NS:
                nodes.append(Node(f"... {pause / 1e6:.1f} ms later", children=children))
            else:
                nodes += children
        return nodes

    def alike(self, span):
        begun = self.errors.get(span.last)
        return span.event.kind if hasattr(span.event, "kind") else "", access(begun.error) if begun else "", self.at(begun.ip) if begun else ""

    def fault_node(self, group):
        ends = [span.event for span in group if hasattr(span.event, "kind")]
        if not ends:
            return []
        begun = self.errors.get(group[0].last)
        pages = sum(getattr(end, "n", 1) for end in ends)
        first = ends[0]
        tables = sum(getattr(end, "tables", 0) for end in ends)
        was_there = begun and begun.error & 1 and first.kind == "cow"
        read = sum(child.kind == "swap_in" for span in group for child in span.children)
        rss = (read if first.kind == "swapin" else pages if first.kind in ADDS and not was_there else 0) * PAGE_KIB
        frame = f"#{first.pfn}"
        verb, where = access(begun.error) if begun else "touch", (begun.va if begun and begun.va & -4096 == first.va & -4096 else first.va)
        outcome = KINDS[first.kind].format(frame=frame)
        if pages > 1:
            outcome = outcome.replace("a zeroed frame, ", "zeroed frames, from ").replace("a copy, ", "copies, from ")
        text = f"#PF {verb} {where:#x}" + (f" and {pages - 1} more" if pages > 1 else "") + f" -> {outcome}"
        if read > pages:
            text += f", and {read - pages} more with {'them' if pages > 1 else 'it'}"
        if tables:
            text += f"; {tables} page table{'s' if tables > 1 else ''} made"
        place = "" if not begun else "inside a system call" if begun.from_ != "user" else self.at(begun.ip)
        if place and begun.from_ == "user" and "libc/malloc/" in self.sources.place(begun.ip, False).file:
            place = "by malloc itself"
        return [Node(text, changes(rss=rss, swap=-rss if first.kind == "swapin" else 0), place)]

    # ---- Beginning and end ----

    def exec_node(self, span):
        event, added = span.event, [event for event in self.events[span.first:] if event.pid == self.process.pid]
        regions = []
        for each in added:
            if each.name == "vma_add" and each.why == "exec":
                regions.append(each)
            elif each.name == "sys_exit":
                break
        vsz = sum(region.end - region.start for region in regions) // 1024
        pages = sum(each.pages for each in added if each.name == "resident" and each.why == "exec")
        lines = [Node(f"promised: [{region.start:x}, {region.end:x}) {permissions(region)} {self.region_name(region)}",
                      changes((region.end - region.start) // 1024)) for region in regions]
        if pages:
            lines.append(Node(f"written by execve itself: {pages} pages (arguments, the bss's first bytes)", changes(rss=pages * PAGE_KIB)))
        return Node(f"execve: {event.path}", changes(vsz, pages * PAGE_KIB), "", lines)

    def fork_node(self, later):
        """The beginning of a process that runs its parent's program. What it touches of what it inherited is told here."""
        mine = [event for event in self.events if event.pid == self.process.pid]
        told = list(itertools.takewhile(lambda event: event.name in WHOLE, mine))    # (others may change it: then it is told anew)
        regions = [event for event in told if event.name == "vma_add"]
        pages, swapped = (sum(event.pages for event in told if event.name == name) for name in ("resident", "swapped"))
        made = {event.op for event in mine if event.name in ("begin", "mark")}
        faults = [span for cause in list(later) if isinstance(cause, int) and cause not in made for span in later.pop(cause)]
        vsz = sum(region.end - region.start for region in regions) // 1024
        parent = f" of process {self.process.parent}" if self.process.parent else ""
        lines = [Node(f"the parent's {len(regions)} regions, and {pages} pages that both have until one of them writes" +
                      (f"; {swapped} on the swap disk" if swapped else ""))]
        return Node(f"fork: process {self.process.pid} begins as a copy{parent}", changes(vsz, pages * PAGE_KIB, swapped * PAGE_KIB), "",
                    lines + self.fault_nodes(sorted(faults, key=lambda span: span.first)))

    def end_text(self, event):
        status = event.status
        how = f"signal {status & 127}" if status & 127 else f"status {status >> 8 & 255}"
        rss = self.process.counters[-1][1] if self.process.counters else None
        held = f"; it held {rss.anon_kb + rss.file_kb} KiB in frames, " + \
            (f"{rss.swap_kb} KiB on the swap disk, " if rss.swap_kb else "") + f"{rss.vsz_kb} KiB were promised" if rss else ""
        return f"the end: {how}{held}"


def render(nodes, width=88, depth=0):
    """Lines of text. The right column begins at `width`, or where there is room."""
    for node in nodes:
        indent = "    " * (depth - 1) + " `- " if depth else ""
        left, right = indent + node.text, "  ".join(part for part in (node.change, node.place) if part)
        yield f"{left:<{width}}  {right}".rstrip() if right else left
        yield from render(node.children, width, depth + 1)
