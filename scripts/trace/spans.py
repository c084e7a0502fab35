# SPDX-License-Identifier: MIT
"""spans.py - folds the events of each thread into spans that nest, and finds what caused each.

    malloc op#41 ----------------------------------------------.          a span has a first and a last event;
      `- mmap ------------------------------.                  |          parent: the span that was open in the same thread
           `- vma_add                       |                  |
    ...                                                                   cause: the operation behind it, which may be long over:
    fault -------.                          cause = op#41                 a fault is caused by the malloc that made its region
      `- frame_alloc

An operation opens with `begin` and closes with its own record; a call with sys_enter and sys_exit, a fault with fault_begin and
fault_end. A fault that no operation is behind, as in a program whose C library tells none, has the system call as its cause that
promised the region. Everything else is a span of one event: a mark too, which is the cause of what follows until the next one. A span that
never closed (exit does not return) ends with its thread.
"""

OPERATIONS = ("malloc", "free", "realloc", "mark")
FAULTS = ("fault_end", "fault_run")


class Span:
    __slots__ = ("kind", "number", "first", "last", "pid", "tid", "parent", "depth", "opener", "closer", "op", "cause", "children", "like")

    def __init__(self, kind, number, first, event, parent):
        self.kind, self.number, self.first, self.last, self.parent = kind, number, first, None, parent
        self.pid, self.tid, self.depth = event.pid, event.tid, parent.depth + 1 if parent else 0
        self.opener, self.closer, self.op, self.cause, self.children = event, None, None, None, []
        self.like = None    # of a run of folded faults: the fault that all of them were like
        if parent:
            parent.children.append(self)

    @property
    def event(self):
        """The record that tells most: the closing one of an operation and a fault, the opening one of a call."""
        return self.opener if self.kind == "call" or not self.closer else self.closer

    def ancestors(self):
        span = self.parent
        while span:
            yield span
            span = span.parent

    def chain(self):
        """From the first reason to this span itself: its operation's callers, what it did, and how this came of it."""
        line = [self, *self.ancestors()][::-1]
        if line[0].cause and line[0].cause is not line[0]:
            return line[0].cause.chain() + line
        return line


class Folder:
    def __init__(self):
        self.spans, self.open, self.operations, self.faults = [], {}, {}, {}
        self.promises = {}    # pid: [(start, end, the call)], of what was promised for no operation

    def start(self, kind, at, event):
        stack = self.open.setdefault((event.pid, event.tid), [])
        span = Span(kind, len(self.spans), at, event, stack[-1] if stack else None)
        if event.cause:
            span.cause = self.operations.get((event.pid, event.cause))
        elif kind in ("fault", "fault_run"):
            span.cause = self.promise_of(event)
        self.spans.append(span)
        return span, stack

    def close(self, kinds, at, event, op=None):
        """Ends the innermost open span of these kinds, and whatever was left open inside. => None: there was none"""
        stack = self.open.get((event.pid, event.tid), [])
        for place in range(len(stack) - 1, -1, -1):
            span = stack[place]
            if span.kind in kinds and (op is None or span.op == op):
                for left in stack[place:]:
                    left.last = at
                del stack[place:]
                span.closer = event
                return span
        return None

    def promise_of(self, event):
        """The last one that has this address counts: what lay there before is gone."""
        return next((call for start, end, call in reversed(self.promises.get(event.pid, ())) if start <= event.va < end), None)

    def promised(self, span, event):
        start, end = (event.start, event.end) if span.kind == "vma_add" else (event.new_start, event.new_end)
        if not event.cause and span.parent and span.parent.kind == "call" and event.why != "exec":
            self.promises.setdefault(event.pid, []).append((start, end, span.parent))

    def one(self, kind, at, event):
        span, _ = self.start(kind, at, event)
        span.last, span.closer = at, event
        return span

    def feed(self, at, event):
        name = event.name
        if name == "begin":
            span, stack = self.start("operation", at, event)
            span.op = event.op
            self.operations[event.pid, event.op] = span
            stack.append(span)
        elif name in OPERATIONS:
            span = self.close(("operation",), at, event, event.op) or self.one(name, at, event)
            span.kind, span.op = name, event.op
            self.operations[event.pid, event.op] = span
        elif name == "sys_enter":
            span, stack = self.start("call", at, event)
            stack.append(span)
        elif name == "sys_exit":
            self.close(("call",), at, event)
        elif name == "fault_begin":
            span, stack = self.start("fault", at, event)
            stack.append(span)
        elif name == "fault_end":
            fault = self.close(("fault",), at, event) or self.one("fault", at, event)
            self.faults[event.pid, event.tid] = fault
        elif name == "fault_run":
            self.one(name, at, event).like = self.faults.get((event.pid, event.tid))
        elif name in ("thread_exit", "proc_exit"):
            self.one(name, at, event)
            for span in self.open.pop((event.pid, event.tid), []):
                span.last = at
        elif name in ("vma_add", "vma_size"):
            self.promised(self.one(name, at, event), event)
        else:
            if name == "exec":
                self.promises.pop(event.pid, None)
            self.one(name, at, event)


def fold(events):
    """All spans, in order of their first events."""
    folder = Folder()
    for at, event in enumerate(events):
        folder.feed(at, event)
    for stack in folder.open.values():
        for span in stack:
            span.last = len(events) - 1
    return folder.spans
