# SPDX-License-Identifier: MIT
"""chrome.py - Chrome's trace event JSON: ui.perfetto.dev, chrome://tracing and speedscope open it.

Operations, calls and faults are slices (`X`), which nest in a thread as they did; an arrow (`s` to `f`) leads from a malloc to each
fault it is the reason of, and stands right behind its malloc's slice, because a viewer gives it to the slice that is open there; resident, promised and page-table sizes, and what is swapped, are counters (`C`). Times are microseconds.
"""

import json

import calls


EXACT = 1 << 53    # from here on a number of JavaScript's is rounded


def title(span):
    event = span.event
    if span.kind == "call":
        return calls.name(event.nr)
    if span.kind == "fault":
        return f"#PF {getattr(event, 'kind', '')}".strip()
    if span.kind == "fault_run":
        return f"#PF {event.kind} x {event.n}"
    if span.kind == "malloc":
        return f"malloc({event.size})"
    if span.kind == "mark":
        return event.text
    return span.kind


def details(span):
    shown = {}
    for event in {id(event): event for event in (span.opener, span.closer) if event}.values():
        for field in event.kind_of_event.fields:
            value = getattr(event, field.name, None)
            shown[field.name] = f"{value:#x}" if field.kind == "X64" and isinstance(value, int) else value
    return {name: str(value) if isinstance(value, int) and abs(value) >= EXACT else value
            for name, value in shown.items() if value is not None}


def beginnings(history, spans):
    """{number of a folded run of faults: when it began}: it is told when it ends, and nothing else happened in its thread meanwhile."""
    runs = {span.first: span.number for span in spans if span.kind == "fault_run"}
    before, begun = {}, {}
    for at, event in enumerate(history.events):
        if at in runs:
            begun[runs[at]] = max(event.time - event.time_ns, before.get(event.tid, 0))
        before[event.tid] = event.time
    return begun


SLICES = ("operation", "malloc", "free", "realloc", "mark", "call", "fault", "fault_run")


def arrows(spans):
    """{number of a span: [numbers of the spans that it is the cause of, without being around them]}"""
    found = {}
    for span in spans:
        cause = span.cause
        if span.kind in SLICES and cause and cause.kind in SLICES and cause is not span and cause not in span.ancestors():
            found.setdefault(cause.number, []).append(span.number)
    return found


def slices(history, spans):
    begun, led = beginnings(history, spans), arrows(spans)
    caused = {number for numbers in led.values() for number in numbers}
    for span in (span for span in spans if span.kind in SLICES):
        last = history.events[span.last].time
        first = begun.get(span.number, history.events[span.first].time)
        common = {"pid": span.pid, "tid": span.tid, "ts": first / 1000}
        yield {"ph": "X", "name": title(span), "cat": span.kind, "dur": (last - first) / 1000, "args": details(span), **common}
        for number in led.get(span.number, ()):
            yield {"ph": "s", "id": number, "name": "cause", "cat": "cause", **common}
        if span.number in caused:
            yield {"ph": "f", "bp": "e", "id": span.number, "name": "cause", "cat": "cause", **common}


def counters(process):
    swaps = any(rss.swap_kb for _, rss in process.counters)
    for _, rss in process.counters:
        values = {"resident kB": rss.anon_kb + rss.file_kb, "promised kB": rss.vsz_kb, "page tables kB": rss.table_kb, **({"swapped kB": rss.swap_kb} if swaps else {})}
        for name, value in values.items():
            yield {"ph": "C", "pid": process.pid, "ts": rss.time / 1000, "name": name, "args": {"kB": value}}


def names(history, spans):
    for process in history.processes.values():
        yield {"ph": "M", "pid": process.pid, "tid": process.pid, "name": "process_name", "args": {"name": process.name()}}
    for pid, tid in sorted({(span.pid, span.tid) for span in spans}):
        name = history.processes[pid].name() if pid in history.processes else f"process {pid}"
        yield {"ph": "M", "pid": pid, "tid": tid, "name": "thread_name", "args": {"name": name if pid == tid else f"thread {tid}"}}


def export(history, spans):
    """The whole machine: a track for each thread of each process."""
    events = list(names(history, spans))
    for process in history.processes.values():
        events += counters(process)
    events += slices(history, spans)
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ns"})
