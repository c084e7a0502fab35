# SPDX-License-Identifier: MIT
"""sizes.py - the sums that follow from the lives of a process: promised, resident, page tables, swapped, at one event or at all of them.

Which page tables stand follows from the pages: a table is there as long as it maps something, or knows something on the swap disk. The kernel's own counters are in the `rss` events;
`differences` holds the replay against them.
"""

import bisect

from lives import PAGE, SWAPPED, Region, alive


def resident_kb(process, at):
    return sum(run.n for run in process.runs if run.counted and alive(run, at)) * PAGE // 1024


def swapped_kb(process, at):
    return sum(run.n for run in process.runs if run.kind == SWAPPED and alive(run, at)) * PAGE // 1024


def end_of(history, process):
    """The last event at which the process still had its memory: what is alive then was never freed."""
    return (len(history.events) if process.died is None else process.died) - 1


def frames_of(process, at):
    """{address: frame} of every resident page."""
    return {run.va + k * PAGE: run.pfn + k * run.dpfn for run in process.runs if run.counted and alive(run, at) for k in range(run.n)}


def slots_of(process, at):
    """{address: slot} of every page on the swap disk."""
    return {run.va + k * PAGE: run.pfn + k for run in process.runs if run.kind == SWAPPED and alive(run, at) for k in range(run.n)}


def promised_kb(process, at):
    return sum(region.end - region.start for region in process.regions if alive(region, at)) // 1024


TABLE_SHIFTS = (39, 30, 21)    # of what one table of each level covers, the root left out, as VmPTE leaves it out


def tables_kb(process, at):
    runs = [run for run in process.runs if alive(run, at)]
    return sum(len({index for run in runs for index in range(run.va >> shift, (run.end - 1 >> shift) + 1)}) for shift in TABLE_SHIFTS) * 4


class Sizes:
    """Adds up what is promised, resident, spent on tables and swapped while lives come and go."""

    def __init__(self):
        self.promised = self.resident = self.swapped = 0
        self.mapped = {}    # (shift, index of a table): runs in it

    def change(self, life, by):
        if isinstance(life, Region):
            self.promised += by * (life.end - life.start)
            return
        self.resident += by * life.n * PAGE * life.counted
        self.swapped += by * life.n * PAGE * (life.kind == SWAPPED)
        for shift in TABLE_SHIFTS:
            for index in range(life.va >> shift, (life.end - 1 >> shift) + 1):
                left = self.mapped.get((shift, index), 0) + by
                self.mapped[shift, index] = left
                if not left:
                    del self.mapped[shift, index]

    def row(self, at):
        return at, self.promised // 1024, self.resident // 1024, len(self.mapped) * 4, self.swapped // 1024


def curves(process):
    """[(event number, promised kB, resident kB, tables kB, swapped kB)], wherever one of them changes."""
    changes = []
    for life in process.regions + process.runs:
        if life.died != life.born:
            changes.append((life.born, 1, life))
            if life.died is not None:
                changes.append((life.died, -1, life))
    sizes, rows = Sizes(), []
    for at, by, life in sorted(changes, key=lambda change: change[0]):
        sizes.change(life, by)
        if rows and rows[-1][0] == at:
            rows.pop()
        rows.append(sizes.row(at))
    return rows


def differences(process):
    """The rss events that the replay does not agree with: [] when the recording told all."""
    rows = curves(process)
    starts = [row[0] for row in rows]
    wrong = []
    for at, rss in process.counters:
        row = rows[bisect.bisect_right(starts, at) - 1] if rows else None
        if not row or row[1:] != (rss.vsz_kb, rss.anon_kb + rss.file_kb, rss.table_kb, rss.swap_kb):
            wrong.append((at, row, rss))
    return wrong
