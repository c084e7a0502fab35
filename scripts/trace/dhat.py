# SPDX-License-Identifier: MIT
"""dhat.py - version 2 of DHAT's JSON, for the viewer dh_view.html that comes with valgrind.

A program point is a caller of malloc. For each: how many bytes and blocks in all (tb, tbk), how long they lived together (tl), the
most at one moment (mb, mbk), how many at the moment the heap was largest (gb, gbk), and at the end (eb, ebk). Reads and writes
are not counted (bkacc false): the recording knows faults, not accesses.
"""

import json

from massif import moments
from model import alive


def most_at_once(chunks):
    """(bytes, blocks) at the moment these chunks together were largest."""
    changes = sorted([(chunk.born, chunk.size, 1) for chunk in chunks] +
                     [(chunk.died, -chunk.size, -1) for chunk in chunks if chunk.died is not None])
    size = blocks = 0
    most = (0, 0)
    for _, more, block in changes:
        size, blocks = size + more, blocks + block
        most = max(most, (size, blocks))
    return most


def point(history, chunks, peak, frame):
    end = len(history.events) - 1
    last = history.events[end].time
    lived = sum((history.events[chunk.died].time if chunk.died is not None else last) - history.events[chunk.born].time for chunk in chunks)
    at_peak = [chunk for chunk in chunks if alive(chunk, peak)]
    at_end = [chunk for chunk in chunks if alive(chunk, end)]
    most, blocks = most_at_once(chunks)
    return {"tb": sum(chunk.size for chunk in chunks), "tbk": len(chunks), "tl": lived, "mb": most, "mbk": blocks,
            "gb": sum(chunk.size for chunk in at_peak), "gbk": len(at_peak),
            "eb": sum(chunk.size for chunk in at_end), "ebk": len(at_end), "fs": [frame]}


def export(history, process, sources):
    _, peak = moments(history, process)
    frames, points, callers = ["[root]"], [], {}
    for chunk in process.chunks:
        callers.setdefault(chunk.pc, []).append(chunk)
    for pc, chunks in callers.items():
        place = sources.place(pc, is_return=True)
        frames.append(f"0x{pc:X}: {place.function} ({place.file or 'unknown'}:{place.line})")
        points.append(point(history, chunks, peak, len(frames) - 1))
    start = history.events[0].time
    return json.dumps({
        "dhatFileVersion": 2, "mode": "heap", "verb": "Allocated", "bklt": True, "bkacc": False, "tu": "ns", "Mtu": "ms", "tuth": 500,
        "cmd": process.path, "pid": process.pid, "tg": history.events[peak].time - start, "te": history.events[-1].time - start,
        "pps": points, "ftbl": frames}, indent=1)
