# SPDX-License-Identifier: MIT
"""traceevents.py - Chrome's trace events, read as Perfetto's importer reads them, and refused where it would drop or misplace one.

The format: "Trace Event Format" (Google, the document that both viewers name); the importer takes the events in order of their time, those of
one time as they stand in the file, keeps a stack of slices a thread, and gives an arrow's end to the slice that is open there.
"""

NEEDED = {"X": {"name", "cat", "ts", "dur", "pid", "tid", "args"}, "s": {"name", "cat", "id", "ts", "pid", "tid"},
          "t": {"name", "cat", "id", "ts", "pid", "tid"}, "f": {"name", "cat", "id", "ts", "pid", "tid"},
          "C": {"name", "ts", "pid", "args"}, "M": {"name", "pid", "args"}}
METADATA = {"process_name": str, "thread_name": str, "process_labels": str, "process_sort_index": int, "thread_sort_index": int}


def read(trace):
    """=> (slices by (pid, tid), [(slice an arrow begins at, slice it ends at)], names by (pid, tid))"""
    assert set(trace) <= {"traceEvents", "displayTimeUnit", "otherData", "metadata"} and trace["displayTimeUnit"] in ("ms", "ns")
    events, names = trace["traceEvents"], {}
    for event in events:
        check_fields(event)
        if event["ph"] == "M":
            (value,) = event["args"].values()
            assert isinstance(value, METADATA[event["name"]]), event
            names[event["name"], event["pid"], event.get("tid")] = value
    return *place(sorted((event for event in events if event["ph"] != "M"), key=lambda event: event["ts"])), names


def check_fields(event):
    assert event["ph"] in NEEDED and NEEDED[event["ph"]] <= set(event), event
    assert set(event) <= NEEDED[event["ph"]] | {"ph", "tid", "bp", "id"}, event
    for number in ("pid", "tid"):    # (0 is the idle task's)
        assert isinstance(event.get(number, 1), int) and event.get(number, 1) > 0, event
    for time in ("ts", "dur"):
        assert isinstance(event.get(time, 0), (int, float)) and 0 <= event.get(time, 0) < 1 << 53, event
    for value in event.get("args", {}).values():
        assert not isinstance(value, int) or abs(value) < 1 << 53, event
        assert event["ph"] != "C" or isinstance(value, (int, float)), event


def place(events):
    tracks, open_slices, begun, arrows = {}, {}, {}, []
    for event in events:
        thread = event["pid"], event.get("tid")
        stack = open_slices.setdefault(thread, [])
        now = nanoseconds(event["ts"])
        while stack and stack[-1]["end"] < now + (event["ph"] == "X" and stack[-1]["end"] > stack[-1]["begin"]):
            stack.pop()
        if event["ph"] == "X":
            one = {"begin": now, "end": nanoseconds(event["ts"] + event["dur"]), "event": event}
            assert not stack or one["end"] <= stack[-1]["end"], f"ends after the slice that it is in: {event}"
            stack.append(one)
            tracks.setdefault(thread, []).append(event)
        elif event["ph"] == "s":
            assert event["id"] not in begun and stack, f"an arrow from nowhere: {event}"
            begun[event["id"]] = stack[-1]["event"], event
        elif event["ph"] in "tf":
            source, start = begun[event["id"]]
            assert stack and (start["name"], start["cat"]) == (event["name"], event["cat"]), event
            assert event["ph"] == "t" or event["bp"] == "e", event
            arrows.append((source, stack[-1]["event"]))
    assert len(arrows) >= len(begun), "an arrow without an end"
    return tracks, arrows


def nanoseconds(microseconds):
    return round(microseconds * 1000)
