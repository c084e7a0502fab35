# SPDX-License-Identifier: MIT
"""chain.py - why is this page resident? From a page of a process at its end, back to the first reason, link by link.

    page 0x7fffb7ff9000 (frame #775)
      <- fault          the touch that brought it               (or: shared by fork, written by execve)
      <- vma_add        the promise: which event put this address into a region, by growing one or making one
      <- mmap           the system call that was asked
      <- malloc op#41   the operation of the C library that asked it

Chain.broken names the first link that is missing, "" when there is none. What must be there depends on the promise: one of mmap, brk or
mremap is a system call's, a stack grows by itself, exec and fork give theirs as they make the address space.
"""

import bisect
from collections import namedtuple

import model
import spans

PAGE = model.PAGE

Chain = namedtuple("Chain", "va pages pfn arrival promise call operation origin broken")
# arrival: the number of the event that brought the pages; promise: of the one that made the promise; call, operation: spans or None.

ASKED = ("mmap", "brk", "mremap")


class Promises:
    """Which event promised an address last: [start, end) -> number of a vma_add or vma_size, for one process."""

    def __init__(self):
        self.starts, self.rows = [], []    # rows: (start, end, number), sorted, not overlapping
        self.before = []                   # those that were there when all was told anew

    def cut(self, start, end):
        first = max(bisect.bisect_right(self.starts, start) - 1, 0)
        last = bisect.bisect_left(self.starts, end)
        kept = []
        for low, high, number in self.rows[first:last]:
            kept += [(a, b, number) for a, b in ((low, min(high, start)), (max(low, end), high)) if a < b]
        self.rows[first:last] = kept
        self.starts[first:last] = [row[0] for row in kept]

    def put(self, start, end, number):
        if start < end:
            self.cut(start, end)
            at = bisect.bisect_left(self.starts, start)
            self.starts.insert(at, start)
            self.rows.insert(at, (start, end, number))

    def find(self, va):
        at = bisect.bisect_right(self.starts, va) - 1
        return self.rows[at][2] if at >= 0 and va < self.rows[at][1] else None

    def feed(self, number, event):
        if event.name == "vma_add":
            self.put(event.start, event.end, number)
            for start, end, known in self.before if event.why == "found" else ():
                self.put(max(start, event.start), min(end, event.end), known)
        elif event.name == "vma_del":
            if event.why == "found":
                self.before = self.rows
            self.cut(event.start, event.end)
        elif event.name == "vma_size":
            self.put(event.new_start, min(event.start, event.new_end), number)
            self.put(max(event.end, event.new_start), event.new_end, number)
            self.cut(event.start, event.new_start)
            self.cut(event.new_end, event.end)


class Chains:
    def __init__(self, events):
        self.events, self.history = events, model.replay(events)
        self.spans = spans.fold(events)
        self.span_of, self.promises_at_end = self._index_spans(), {}
        promises = {}
        for number, event in enumerate(events):
            if event.name == "exec" and event.pid in promises:
                promises[event.pid] = Promises()
            mine = promises.setdefault(event.pid, Promises())
            if event.name == "proc_new" and event.flags & model.CLONE_VM:
                promises[event.child] = mine
            mine.feed(number, event)
            if event.name == "proc_exit":
                self.promises_at_end[event.pid] = mine
        self.promises_at_end = {**promises, **self.promises_at_end}

    def _index_spans(self):
        """{number of an event: the innermost span that it lies in or is}"""
        index = {}
        for span in self.spans:    # parents come before their children
            index[span.first] = span
            if span.closer is not None:
                index.setdefault(span.last, span)
        return index

    def call_around(self, number):
        span = self.span_of.get(number)
        return next((each for each in [span, *span.ancestors()] if each.kind == "call"), None) if span else None

    def operation(self, pid, cause):
        return next((span for span in self.spans if span.pid == pid and span.op == cause and span.kind in spans.OPERATIONS), None)

    def link(self, pid, run, va, pages, pfn):
        """The chain of pages that have one arrival and one promise."""
        number = self.promises_at_end[pid].find(va)
        if run is None:
            return Chain(va, pages, pfn, None, number, None, None, "?", "arrival")
        if number is None:
            return Chain(va, pages, pfn, run.born, None, None, None, "?", "promise")
        promise = self.events[number]
        call = self.call_around(number)
        operation = self.operation(promise.pid, promise.cause) if promise.cause else None
        broken = ""
        if promise.why in ASKED and call is None:
            broken = "call"
        elif promise.cause and operation is None:
            broken = "operation"
        elif promise.why == "exec" and not self.history.processes[promise.pid].execs:
            broken = "exec"
        origin = operation.kind if operation else promise.why
        return Chain(va, pages, pfn, run.born, number, call, operation, origin, broken)

    def of_process(self, pid):
        """Chains for all that the page tables held at the end, from the kernel's own list of it."""
        process = self.history.processes[pid]
        ended = next(number for number in range(len(self.events) - 1, -1, -1)
                     if self.events[number].name == "proc_exit" and self.events[number].pid == pid)
        runs = sorted((run for run in process.runs if run.born < ended <= (run.died or ended) and run.counted), key=lambda run: run.va)
        starts = [run.va for run in runs]
        chains = []
        for event in self.events[:ended]:
            if event.name != "resident" or event.why != "exit" or event.pid != pid:
                continue
            for page in range(event.pages):
                va, pfn = event.va + page * PAGE, event.pfn + page
                at = bisect.bisect_right(starts, va) - 1
                run = runs[at] if at >= 0 and va < runs[at].end else None
                if run and run.pfn + (va - run.va) // PAGE * run.dpfn != pfn:
                    run = None    # another frame than the events say
                self._extend(chains, self.link(pid, run, va, 1, pfn), run)
        return chains

    @staticmethod
    def _extend(chains, chain, run):
        """Adds it, as part of the one before if they differ in nothing but the page."""
        last = chains[-1] if chains else None
        if last and last.va + last.pages * PAGE == chain.va and last[3:] == chain[3:] and run and run.dpfn == 1 \
                and last.pfn + last.pages == chain.pfn:
            chains[-1] = last._replace(pages=last.pages + 1)
        else:
            chains.append(chain)
