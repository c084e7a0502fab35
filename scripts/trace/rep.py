# SPDX-License-Identifier: MIT
"""rep.py - CS:APP's .rep: what a program asked malloc for, out of a recording and back.

Four numbers (a hint of the heap's size, ids, operations, weight), then a line for each operation:

    a ID SIZE      r ID SIZE      f ID

`save` writes what a process did; every malloc-lab driver replays it. `load` makes events of such a file, so that each export works
on it too. It has sizes and an order, and nothing else: pointers are numbers, times count operations.
"""

import schema

UNIT = 1 << 32    # addresses of a loaded file: far enough apart that no two blocks overlap


def save(history, process):
    ids, lines, born = {}, [], 0
    for event in history.events:
        if event.pid != process.pid:
            continue
        if event.name == "malloc" and event.ptr:
            ids[event.ptr] = born
            lines.append(f"a {born} {event.size}")
            born += 1
        elif event.name == "free" and event.ptr in ids:
            lines.append(f"f {ids.pop(event.ptr)}")
        elif event.name == "realloc" and event.ptr and event.old_ptr in ids:
            ids[event.ptr] = identity = ids.pop(event.old_ptr)
            lines.append(f"r {identity} {event.size}")
    return "\n".join([str(1 << 28), str(born), str(len(lines)), "1", *lines]) + "\n"


def load(path):
    """The events of a recording that has nothing but these operations."""
    with open(path, encoding="ascii") as file:
        lines = [line.split() for line in file if line.strip()]
    definition, sizes = schema.Schema(), {}
    events = [definition.make("exec", 0, stack_low=0, stack_high=0, entry=0, base=0, brk=0, path=path)]
    for op, (kind, identity, *size) in enumerate(lines[4:], 1):
        ptr = UNIT * (int(identity) + 1)
        if kind == "f":
            events.append(definition.make("free", op, op=op, ptr=ptr, chunk_size=sizes.pop(ptr), act="none", pc=0))
            continue
        old, sizes[ptr] = sizes.get(ptr, 0), int(size[0])
        fields = {"op": op, "size": sizes[ptr], "ptr": ptr, "chunk": ptr, "chunk_size": sizes[ptr], "pc": 0}
        if kind == "a":
            events.append(definition.make("malloc", op, align=16, path="none", searched=0, **fields))
        else:
            events.append(definition.make("realloc", op, old_ptr=ptr, old_size=old, act="none", **fields))
    return events
