# SPDX-License-Identifier: MIT
"""massif.py - massif.out, for ms_print and massif-visualizer: how much of the heap was whose, over time.

A snapshot has three sizes: mem_heap_B what was asked for, mem_heap_extra_B what malloc took beyond it (headers and rounding),
mem_stacks_B the resident stack. Time is in nanoseconds, which massif has no unit for: it is called `i`, as one is one
instruction in a recording under -icount. Detailed snapshots name the callers of malloc, the largest first.
"""

from model import PAGE, alive

SNAPSHOTS = 60
DETAILED_EVERY = 10


def moments(history, process):
    """The events to take a picture of: evenly spread over the changes of the heap, and the one with the most in use."""
    changes = sorted({chunk.born for chunk in process.chunks} | {chunk.died for chunk in process.chunks if chunk.died is not None})
    if not changes:
        return [0], 0
    balance = {}
    for chunk in process.chunks:
        balance[chunk.born] = balance.get(chunk.born, 0) + chunk.chunk_size
        if chunk.died is not None:
            balance[chunk.died] = balance.get(chunk.died, 0) - chunk.chunk_size
    total, most, peak = 0, -1, 0
    for at in changes:
        total += balance[at]
        if total > most:
            most, peak = total, at
    step = max(len(changes) // SNAPSHOTS, 1)
    return sorted({0, *changes[::step], changes[-1], peak}), peak


def caller_tree(chunks, sources):
    callers = {}
    for chunk in chunks:
        callers[chunk.pc] = callers.get(chunk.pc, 0) + chunk.size
    lines = [f"n{len(callers)}: {sum(callers.values())} (heap allocation functions) malloc, calloc, realloc"]
    for pc, size in sorted(callers.items(), key=lambda item: -item[1]):
        place = sources.place(pc, is_return=True)
        lines.append(f" n0: {size} 0x{pc:X}: {place.function} ({place.file or 'unknown'}:{place.line})")
    return lines


def snapshot(number, history, process, sources, at, peak):
    chunks = [chunk for chunk in process.chunks if alive(chunk, at)]
    asked, taken = sum(chunk.size for chunk in chunks), sum(chunk.chunk_size for chunk in chunks)
    stacks = {region.lane for region in process.regions if region.name == "[stack]"}
    stack = sum(run.n for run in process.runs if run.counted and run.lane in stacks and alive(run, at)) * PAGE
    lines = ["#-----------", f"snapshot={number}", "#-----------", f"time={history.events[at].time - history.events[0].time}",
             f"mem_heap_B={asked}", f"mem_heap_extra_B={taken - asked}", f"mem_stacks_B={stack}"]
    if at == peak or number % DETAILED_EVERY == 0:
        return [*lines, f"heap_tree={'peak' if at == peak else 'detailed'}", *caller_tree(chunks, sources)]
    return [*lines, "heap_tree=empty"]


def export(history, process, sources):
    lines = ["desc: recorded by Faultline", f"cmd: {process.path}", "time_unit: i"]
    times, peak = moments(history, process)
    for number, at in enumerate(times):
        lines += snapshot(number, history, process, sources, at, peak)
    return "\n".join(lines) + "\n"
