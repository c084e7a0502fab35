# SPDX-License-Identifier: MIT
"""model.py - replays a recording into what existed, and from which event to which.

Everything that a recording tells of is a life: a region was promised, a run of pages was resident, a chunk was handed out, a frame was
taken - from the event `born` to the event `died` (None: it outlived the recording), both as numbers of events. The state
after event i is then no more than a filter, `alive(life, i)`. Viewers draw from that, so no two of them replay differently.

    history = model.replay(schema.read(folder))
    process = history.find("vmrss")
    resident = sum(run.n for run in process.runs if run.counted and model.alive(run, i))

Pages are runs, because faults come folded: n pages from va on, the frame of page k is pfn + k * dpfn. Which page tables stand follows
from the runs: a table is there as long as it maps something.

Not here: which operation caused what (spans.py), and source lines (source.py).
"""

import bisect
import os

PAGE = 4096
UNCOUNTED = ("[vvar]", "[vdso]")    # the kernel's own frames: mapped, never resident
MAPPING_KINDS = ("zero", "zero_page", "file", "cow", "reuse", "swapin", "stack")


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
    """Mapped pages: va, n, pfn, dpfn, kind, cause, lane, counted (in the resident set)."""

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
        for run in [each for each in self.runs if start <= each.va < end]:
            self.unmap(run.va, run.end, now)
            self._insert(run.copy(born=now, died=None, va=run.va - start + to))

    def end(self, now):
        for region in list(self.regions):
            self.drop(region, now)
        for run in self.runs:
            run.died = now
        self.starts, self.runs = [], []


class Process:
    def __init__(self, pid, born, parent=None):
        self.pid, self.parent, self.born, self.died, self.path, self.execs = pid, parent, born, None, "", []
        self.regions, self.runs, self.chunks = [], [], []
        self.counters = []           # [(event number, rss event)]
        self.faults = []             # [(event number, faults from then on)]
        self.breaks = []             # [(event number, new break)]
        self.space = self.new_space()
        self.building = self.leaving = self.forking = None    # of an exec not yet done; of one just done; of a child not yet there
        self.live_chunks = {}

    def new_space(self):
        return Space(self.regions, self.runs)

    def name(self):
        return os.path.basename(self.path) or f"process {self.pid}"

    def space_at(self, va):
        return self.building if self.building and self.building.region_at(va) else self.space


class History:
    def __init__(self, events):
        self.events, self.processes, self.frames = events, {}, []

    def find(self, name):
        """The first process that ran a program of this name; None: the last program of all."""
        ran = [process for process in self.processes.values() if process.path]
        if name is None:
            return ran[-1] if ran else None
        return next((process for process in ran if name in (process.name(), process.path)), None)


class Replay:
    """A method for each event that changes what exists; the others need none."""

    def __init__(self, events):
        self.history, self.now, self.lanes, self.files, self.live_frames = History(events), 0, 0, {}, {}

    def run(self):
        handlers = {}
        for self.now, event in enumerate(self.history.events):
            name = event.name
            if name not in handlers:
                handlers[name] = getattr(self, "on_" + name, None)
            if handlers[name]:
                handlers[name](event, self.process(event.pid))
        return self.history

    def process(self, pid):
        if pid not in self.history.processes:
            self.history.processes[pid] = Process(pid, self.now)
        return self.history.processes[pid]

    # ---- processes ----

    def on_proc_new(self, event, process):
        child = self.history.processes[event.child] = Process(event.child, self.now, process.pid)
        child.path = process.path
        for region in process.forking or []:
            child.space.add(region)
            if not region.shared:
                for run in [each for each in process.space.runs if region.start <= each.va < region.end and each.kind != "file"]:
                    child.space.map(run.copy(born=self.now, lane=region.lane))
        process.forking = None

    def on_exec(self, event, process):
        process.space.end(self.now)
        process.leaving, process.space = process.space, process.building or process.new_space()
        process.building, process.path = None, event.path
        process.execs.append(self.now)
        self.end_chunks(process)

    def on_proc_exit(self, _, process):
        process.space.end(self.now)
        process.died = self.now
        self.end_chunks(process)

    def end_chunks(self, process):
        for chunk in process.live_chunks.values():
            chunk.died = self.now
        process.live_chunks = {}

    def on_rss(self, event, process):
        process.counters.append((self.now, event))

    # ---- regions ----

    def on_file(self, event, _):
        self.files[event.file_id] = event.path

    def region_name(self, event, process):
        if event.file_id:
            return self.files.get(event.file_id, f"file {event.file_id}")
        return {"brk": "[heap]", "stack": "[stack]"}.get(event.why, "[anon]")

    def on_vma_add(self, event, process):
        self.lanes += 1
        region = Region(self.now, start=event.start, end=event.end, prot=event.prot, flags=event.flags, offset=event.offset,
                        name=self.region_name(event, process), why=event.why, cause=event.cause, lane=self.lanes,
                        shared=bool(event.flags & 1))
        if event.why == "fork":
            process.forking = (process.forking or []) + [region]
        elif event.why in ("exec", "stack", "vdso"):
            process.building = process.building or process.new_space()
            process.building.add(region)
        else:
            process.space.add(region)

    def space_of(self, event, process):
        """An exec takes down the old address space after it has gone over to the new one."""
        if event.why == "exec" and process.leaving:
            return process.leaving
        return process.space_at(event.start)

    def on_vma_del(self, event, process):
        self.space_of(event, process).cut(event.start, event.end, self.now)

    def on_vma_split(self, event, process):
        space = process.space_at(event.start)
        region = space.region_at(event.at)
        if region and region.start < event.at:
            self.lanes += 1
            space.reshape(region, self.now, end=event.at)
            space.add(region.copy(born=self.now, start=event.at, offset=region.offset + event.at - region.start, lane=self.lanes))

    def on_vma_merge(self, event, process):
        space = process.space_at(event.start)
        lower, upper = space.region_at(event.start), space.region_at(event.at)
        if lower and upper and lower is not upper:
            space.drop(upper, self.now)
            space.reshape(lower, self.now, end=event.end)

    def on_vma_prot(self, event, process):
        space = process.space_at(event.start)
        for region in space.inside(event.start, event.end):
            space.reshape(region, self.now, prot=event.prot)

    def on_vma_size(self, event, process):
        space = process.space_at(event.start)
        region = space.region_at(event.start)
        if region:
            space.reshape(region, self.now, start=event.new_start, end=event.new_end)
            for low, high in ((event.start, event.new_start), (event.new_end, event.end)):
                if low < high:
                    space.unmap(low, high, self.now)

    def on_vma_move(self, event, process):
        space = process.space_at(event.start)
        for region in space.inside(event.start, event.end):
            shift = event.to - event.start
            space.reshape(region, self.now, start=region.start + shift, end=region.end + shift)
        space.move(event.start, event.end, event.to, self.now)

    def on_zap(self, event, process):
        self.space_of(event, process).unmap(event.start, event.end, self.now)

    # ---- pages and frames ----

    def on_fault_end(self, event, process, n=1, dpfn=0):
        if event.kind in MAPPING_KINDS or event.kind == "spurious":
            process.faults.append((self.now, n))
        if event.kind not in MAPPING_KINDS:
            return
        va, space = event.va & -PAGE, process.space_at(event.va)
        region = space.region_at(va)
        space.map(Run(self.now, va=va, n=n, pfn=event.pfn, dpfn=dpfn, kind=event.kind, cause=event.cause,
                      lane=region.lane if region else 0,
                      counted=event.kind != "zero_page" and not (region and region.name in UNCOUNTED)))

    def on_fault_run(self, event, process):
        self.on_fault_end(event, process, event.n, 0 if event.kind == "zero_page" else event.dpfn)

    def on_swap_out(self, event, process):
        process.space.unmap(event.va & -PAGE, (event.va & -PAGE) + PAGE, self.now)

    def on_frame_alloc(self, event, _):
        frame = Frame(self.now, pfn=event.pfn, order=event.order, owner=event.owner, pid=event.pid)
        self.live_frames[event.pfn] = frame
        self.history.frames.append(frame)

    def on_frame_free(self, event, _):
        frame = self.live_frames.pop(event.pfn, None)
        if frame:
            frame.died = self.now

    # ---- the heap ----

    def on_malloc(self, event, process):
        if event.ptr:
            chunk = Chunk(self.now, ptr=event.ptr, size=event.size, chunk=event.chunk, chunk_size=event.chunk_size,
                          path=event.path, pc=event.pc, op=event.op)
            process.live_chunks[event.ptr] = chunk
            process.chunks.append(chunk)

    def on_free(self, event, process):
        chunk = process.live_chunks.pop(event.ptr, None)
        if chunk:
            chunk.died = self.now

    def on_realloc(self, event, process):
        old = process.live_chunks.pop(event.old_ptr, None)
        if old:
            old.died = self.now
        if event.ptr:
            chunk = Chunk(self.now, ptr=event.ptr, size=event.size, chunk=event.chunk, chunk_size=event.chunk_size,
                          path=old.path if old and event.act != "move" else "move", pc=event.pc, op=event.op)
            process.live_chunks[event.ptr] = chunk
            process.chunks.append(chunk)

    def on_heap_top(self, event, process):
        process.breaks.append((self.now, event.new_break))


def replay(events):
    return Replay(events).run()


# ---- Questions to a process ----

def resident_kb(process, at):
    return sum(run.n for run in process.runs if run.counted and alive(run, at)) * PAGE // 1024


def promised_kb(process, at):
    return sum(region.end - region.start for region in process.regions if alive(region, at)) // 1024


def tables(process, at):
    """{level: number of page tables} at that moment; level 4 is the root."""
    count = {4: 1}
    runs = [run for run in process.runs if alive(run, at)]
    for level, shift in ((3, 39), (2, 30), (1, 21)):
        count[level] = len({index for run in runs for index in range(run.va >> shift, (run.end - 1 >> shift) + 1)})
    return count
