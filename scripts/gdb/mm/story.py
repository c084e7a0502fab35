# SPDX-License-Identifier: MIT
"""story.py - mm story: what led to this moment, from the event stream that the kernel keeps in its ring (docs/trace.md).

The packets are read out of the guest's memory and go through the same files as a recording of scripts/guest --trace.
"""

import os
import sys

import gdb

from mm import kernel, machine
from mm.command import Command
from mm.headers import LAYOUT

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "trace"))
import schema    # noqa: E402 (the folder is on the path now)
import story     # noqa: E402

CONTENT_BITS, LINES = 40, 30


class Told(Command):
    """mm story [PID] [-a] [-e]: the last events, folded by cause into a tree: malloc, its calls, regions, faults, frames.

-a shows all that the ring holds, not the last 30 lines; -e the last events one by one, as they were recorded.
Example: mm story          mm story 2 -a          mm story -e"""

    name = "story"
    flags = ("a", "e")

    def look(self, argument, given):
        kernel.need_kernel()
        events = ring_events()
        if not events:
            raise gdb.GdbError("nothing was traced so far: start with `make gdb TRACE=2 PROGRAM=...`, or in the guest's shell type "
                               "echo 2 > /proc/sys/kernel/trace")
        pid = int(argument, 0) if argument else kernel.process().pid
        if "e" in given:
            lines = [one_line(event) for event in events if event.pid == pid]
        else:
            try:
                lines = list(story.render(story.Story(events, pid).nodes()))
            except ValueError:
                raise gdb.GdbError(f"the ring holds no events of process {pid}: {pids_text(events)}") from None
        left_out = 0 if "a" in given else max(len(lines) - LINES, 0)
        return {"pid": pid, "events": len(events), "left_out": left_out, "lines": lines[left_out:]}

    def show(self, data):
        if data["left_out"]:
            print(f"... {data['left_out']} lines before (-a shows them)")
        print("\n".join(data["lines"]))

    def hint(self, data):
        return "`mm why ADDR` tells what is at an address now; `mm story -e` the events themselves."


def pids_text(events):
    return "it has those of " + ", ".join(str(pid) for pid in sorted({event.pid for event in events}))


def one_line(event):
    fields = " ".join(f"{name}={value:#x}" if isinstance(value, int) and value > 4095 else f"{name}={value}"
                      for name, value in zip(event._fields[4:], event[4:]))
    return f"{event.time / 1e9:.6f}  op#{event.cause:<3} {event.name} {fields}" if event.cause else f"{event.time / 1e9:.6f}         {event.name} {fields}"


def ring_events():
    """All events of the ring, the oldest first, and the run of faults that is not written yet."""
    ring = kernel.symbol("trace_ring")
    if not int(ring["started"]):
        return []
    current, packets = int(ring["current"]), int(ring["packets"]) - LAYOUT.DIRECT_MAP
    count = ring["events"].type.range()[1] + 1
    size = gdb.lookup_type("struct packet").sizeof
    known, events = schema.Schema(), []
    for number in range(max(current - count + 1, 0), current + 1):
        place = packets + number % count * size
        content = int.from_bytes(machine.physical(place + CONTENT_BITS, 8), "little") // 8
        events += known.decode_packet(machine.physical(place, content))[0]
    return events + open_run(known)


def open_run(known):
    run = kernel.symbol("run", "kernel/trace/fault.c")
    record = run["record"]
    if not int(record["n"]):
        return []
    pid = kernel.process().pid
    return [known.make("fault_run", int(run["last_time"]), pid=pid, tid=int(run["tid"]), cause=int(run["cause"]), va=int(record["va"]),
                       n=int(record["n"]), kind=known.enums["fault_kind"][int(record["kind"])], pfn=int(record["pfn"]),
                       dpfn=int(record["dpfn"]), time_ns=int(record["time_ns"]))]


Told()
