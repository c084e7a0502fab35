# SPDX-License-Identifier: MIT
"""chrome.py - Chrome's trace event JSON: ui.perfetto.dev, chrome://tracing and speedscope open it.

Operations, calls and faults are slices (`X`), which nest in a thread as they did; an arrow (`s` to `f`) leads from a malloc to each
fault it is the reason of; resident, promised and page-table sizes are counters (`C`). Times are microseconds.
"""

import json

import calls


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
    return {name: value for name, value in shown.items() if value is not None}


def beginnings(history, spans):
    """{number of a folded run of faults: when it began}: it is told when it ends, and nothing else happened in its thread meanwhile."""
    runs = {span.first: span.number for span in spans if span.kind == "fault_run"}
    before, begun = {}, {}
    for at, event in enumerate(history.events):
        if at in runs:
            begun[runs[at]] = max(event.time - event.time_ns, before.get(event.tid, 0))
        before[event.tid] = event.time
    return begun


def slices(history, spans):
    begun = beginnings(history, spans)
    for span in spans:
        if span.kind not in ("operation", "malloc", "free", "realloc", "mark", "call", "fault", "fault_run"):
            continue
        last = history.events[span.last].time
        first = begun.get(span.number, history.events[span.first].time)
        common = {"pid": span.pid, "tid": span.tid, "ts": first / 1000}
        yield {"ph": "X", "name": title(span), "cat": span.kind, "dur": (last - first) / 1000, "args": details(span), **common}
        cause = span.cause
        if cause and cause is not span and cause not in span.ancestors():
            start = {"pid": cause.pid, "tid": cause.tid, "ts": history.events[cause.first].time / 1000}
            yield {"ph": "s", "id": span.number, "name": "cause", "cat": "cause", **start}
            yield {"ph": "f", "bp": "e", "id": span.number, "name": "cause", "cat": "cause", **common}


def counters(process):
    for _, rss in process.counters:
        values = {"resident kB": rss.anon_kb + rss.file_kb, "promised kB": rss.vsz_kb, "page tables kB": rss.table_kb}
        for name, value in values.items():
            yield {"ph": "C", "pid": process.pid, "ts": rss.time / 1000, "name": name, "args": {"kB": value}}


def export(history, spans):
    """The whole machine: a track for each thread of each process."""
    events = [{"ph": "M", "pid": each.pid, "name": "process_name", "args": {"name": each.name()}} for each in history.processes.values()]
    for process in history.processes.values():
        events += counters(process)
    events += slices(history, spans)
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ns"})
