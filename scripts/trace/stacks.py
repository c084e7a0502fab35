# SPDX-License-Identifier: MIT
"""stacks.py - collapsed stacks, for flamegraph.pl, speedscope and Perfetto: `frame;frame;frame weight` a line.

The frames of a stack are not callers but reasons, from the program down to the frame of memory:

    bytes     vmrss;main vmrss.c:68;malloc;mmap path 1073741824             who asked, and where malloc took it from
    faults    vmrss;main vmrss.c:68;malloc;mmap;[anon];touch_write look.c:40;#PF zero 100
"""

import os

import calls


def frame(sources, pc, at, is_return=False):
    place = sources.place(pc, is_return, at)
    return f"{place.function} {os.path.basename(place.file)}:{place.line}" if place.line else place.function


def by_bytes(_, process, __, sources):
    for chunk in process.handed_out():
        yield (process.name(), frame(sources, chunk.pc, chunk.born, True), "malloc", f"{chunk.path} path"), chunk.size


def region_maker(history, process):
    """{lane: (the call that made the region, its name)}"""
    makers = {}
    for region in process.regions:
        makers.setdefault(region.lane, (region.why, region.name))
    return makers


def by_faults(history, process, spans, sources):
    makers, lanes = region_maker(history, process), {run.born: run.lane for run in process.runs}
    for span in spans:
        if span.pid != process.pid or span.first < process.started() or span.kind not in ("fault", "fault_run") or not hasattr(span.event, "kind"):
            continue
        event, reason = span.event, span.cause
        line = [process.name()]
        if reason:
            line += [frame(sources, reason.event.pc, reason.first, True)] if hasattr(reason.event, "pc") else []
            line += [reason.kind]
        mapped = [span.last, *(child.first for child in span.children if child.kind == "swap_in")]    # the event by which the page was
        lane = next((lanes[number] for number in mapped if number in lanes), None)
        made, name = makers.get(lane, ("", f"{event.va:#x}"))
        line += [made, name] if made else [name]
        call = next((each for each in span.ancestors() if each.kind == "call"), None)
        if call:
            line += [calls.name(call.opener.nr)]
        elif hasattr((span.like or span).opener, "ip"):
            line += [frame(sources, (span.like or span).opener.ip, span.first)]
        yield (*line, f"#PF {event.kind}"), getattr(event, "n", 1)


def export(weighing, history, process, spans, sources):
    weights = {}
    for line, weight in weighing(history, process, spans, sources):
        words = ";".join(part.replace(";", ",") for part in line)
        weights[words] = weights.get(words, 0) + weight
    return "".join(f"{line} {weight}\n" for line, weight in sorted(weights.items()))
