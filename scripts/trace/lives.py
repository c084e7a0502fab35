# SPDX-License-Identifier: MIT
"""lives.py - what exists in an address space: regions, runs of pages, chunks, frames, each with a beginning and an end.

`born` and `died` are numbers of events; died is None for what outlived the recording. Space holds the regions and runs that are alive in one
address space; it cuts, moves and ends them, and leaves every life in the logs that it was given.

Pages are runs, because faults come folded: n pages from va on, the frame of page k is pfn + k * dpfn. Pages on the swap disk are runs,
too, of slots: they take up entries, move and go as the others do.
"""

import bisect

PAGE = 4096
SHARED, HEAP, GROWS_DOWN = 1, 2, 4    # flags of a region
SWAPPED = "swapped"


class Life:
    def __init__(self, born, died=None, **fields):
        self.__dict__.update(fields)
        self.born, self.died = born, died

    def copy(self, **changes):
        return type(self)(**{**self.__dict__, **changes})

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v:#x}' if isinstance(v, int) else f'{k}={v}' for k, v in self.__dict__.items())})"


class Region(Life):
    """start, end, prot, flags, name, offset, why, cause, and lane: the same number for all shapes of one region."""


class Chunk(Life):
    """What malloc handed out: ptr, size (asked), chunk, chunk_size (taken), path, pc, op."""


class Frame(Life):
    """2^order frames from pfn on: owner, and pid for whom."""


class Run(Life):
    """Mapped pages: va, n, pfn, dpfn, kind, cause, lane, counted (in the resident set). Of kind SWAPPED: pages on the swap disk, pfn is
    the first slot's number."""

    @property
    def end(self):
        return self.va + self.n * PAGE

    def piece(self, start, end, **changes):
        """The part of it inside [start, end)."""
        first = max(start - self.va, 0) // PAGE
        last = (min(end, self.end) - self.va) // PAGE
        return self.copy(va=self.va + first * PAGE, n=last - first, pfn=self.pfn + first * self.dpfn, **changes)


def alive(life, at):
    return life.born <= at and (life.died is None or at < life.died)


class Space:
    """The live regions and runs of one address space, in order of address."""

    def __init__(self, regions_log, runs_log):
        self.regions, self.starts, self.runs = [], [], []
        self.regions_log, self.runs_log = regions_log, runs_log    # every life of the process, also those of the past

    # ---- regions ----

    def region_at(self, va):
        return next((region for region in self.regions if region.start <= va < region.end), None)

    def add(self, region):
        bisect.insort(self.regions, region, key=lambda each: each.start)
        self.regions_log.append(region)

    def drop(self, region, now):
        region.died = now
        self.regions.remove(region)
        if region.born == now:    # never seen
            self.regions_log.remove(region)

    def reshape(self, region, now, **changes):
        self.drop(region, now)
        self.add(region.copy(born=now, died=None, **changes))

    def cut(self, start, end, now):
        """Nothing is promised in [start, end) any more."""
        for region in [each for each in self.regions if each.start < end and start < each.end]:
            self.drop(region, now)
            for low, high in ((region.start, start), (end, region.end)):
                if low < high:
                    self.add(region.copy(born=now, died=None, start=low, end=high, offset=region.offset + low - region.start))
        self.unmap(start, end, now)

    def inside(self, start, end):
        return [each for each in self.regions if start <= each.start and each.end <= end]

    # ---- pages ----

    def run_at(self, va):
        at = bisect.bisect_right(self.starts, va) - 1
        return self.runs[at] if at >= 0 and va < self.runs[at].end else None

    def map(self, run):
        self.unmap(run.va, run.end, run.born)
        self._insert(run)

    def _insert(self, run):
        at = bisect.bisect_left(self.starts, run.va)
        self.starts.insert(at, run.va)
        self.runs.insert(at, run)
        self.runs_log.append(run)

    def unmap(self, start, end, now):
        """Cuts the runs at both ends; what lies between dies. => the number of pages"""
        first = max(bisect.bisect_right(self.starts, start) - 1, 0)
        last = bisect.bisect_left(self.starts, end)
        touched = [run for run in self.runs[first:last] if run.end > start]
        if not touched:
            return 0
        first = self.starts.index(touched[0].va, first)
        del self.starts[first:last], self.runs[first:last]
        pages = 0
        for run in touched:
            for low, high in ((run.va, start), (end, run.end)):
                if low < high:
                    self._insert(run.piece(low, high))
            dead = run.piece(max(start, run.va), end)
            pages += dead.n
            run.__dict__.update(dead.__dict__, died=now)
        return pages

    def move(self, start, end, to, now):
        moved = [run.piece(max(start, run.va), min(end, run.end)) for run in self.runs if run.va < end and start < run.end]
        self.unmap(start, end, now)
        for run in moved:
            self._insert(run.copy(born=now, died=None, va=run.va - start + to))

    def end(self, now):
        for region in list(self.regions):
            self.drop(region, now)
        for run in self.runs:
            run.died = now
        self.starts, self.runs = [], []
