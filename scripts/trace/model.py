# SPDX-License-Identifier: MIT
"""model.py - replays a recording into what existed, and from which event to which.

Everything that a recording tells of is a life: a region was promised, a run of pages was resident, a chunk was handed out, a frame was
taken - from the event `born` to the event `died` (None: it outlived the recording), both as numbers of events. The state
after event i is then no more than a filter, `alive(life, i)`. Viewers draw from that, so no two of them replay differently.

    history = model.replay(schema.read(folder))
    process = history.find("vmrss")
    resident = sum(run.n for run in process.runs if run.counted and lives.alive(run, i))

Not here: what sums follow from the lives (sizes.py), which operation caused what (spans.py), and source lines (source.py).
"""

import collections
import os

from lives import GROWS_DOWN, HEAP, PAGE, SHARED, SWAPPED, Chunk, Frame, Region, Run, Space

MAPPING_KINDS = ("zero", "zero_page", "file", "cow", "reuse", "swapin", "stack", "vdso")
CLONE_VM = 0x100
UNCOUNTED = ("zero_page", "vdso", "image", SWAPPED)    # mapped, and the kernel's own: resident for nobody; or on the disk


def blocks(pfn, end):
    """The range as blocks of 2^order frames, each at a multiple of its size: (first, order)."""
    while pfn < end:
        order = min(pfn & -pfn or end, end - pfn).bit_length() - 1
        yield pfn, order
        pfn += 1 << order


class Process:
    def __init__(self, pid, born, parent=None):
        self.pid, self.parent, self.born, self.died, self.path, self.execs = pid, parent, born, None, "", []
        self.regions, self.runs, self.chunks = [], [], []
        self.counters = []           # [(event number, rss event)]
        self.faults = []             # [(event number, faults from then on)]
        self.breaks = []             # [(event number, new break)]
        self.space, self.told_before = Space(self.regions, self.runs), []
        self.live_chunks, self.shares = {}, False

    def share(self, other):
        self.regions, self.runs, self.space, self.shares = other.regions, other.runs, other.space, True

    def leave(self):
        """Gets memory of its own, if it shared another's. => whether it did"""
        shared, self.shares = self.shares, False
        if shared:
            self.regions, self.runs = [], []
            self.space = Space(self.regions, self.runs)
        return shared

    def started(self):
        """The event at which it began its first program; what came before belongs to its parent's program."""
        return self.execs[0] if self.execs else self.born

    def handed_out(self):
        """The chunks of its own programs."""
        return [chunk for chunk in self.chunks if chunk.born >= self.started()]

    def name(self):
        return os.path.basename(self.path) or f"process {self.pid}"


class History:
    def __init__(self, events):
        self.events, self.processes, self.frames, self.ram_end = events, {}, [], None

    def find(self, name=None):
        """The process of this program (a name, a path or a pid) in which most happened: programs may leave their work to a child.
        None: of the program that was started first."""
        started = [process for process in self.processes.values() if process.execs]
        if name is None and started:
            name = started[0].path
        events = collections.Counter(event.pid for event in self.events)
        same = [process for process in self.processes.values() if name in (process.name(), process.path, str(process.pid))]
        return max(same, key=lambda process: events[process.pid], default=None)


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
        child = self.process(event.child)
        child.parent, child.path = process.pid, process.path
        if event.flags & CLONE_VM:    # vfork: it works in its parent's memory
            child.share(process)

    def on_exec(self, event, process):
        if not process.leave():
            process.space.end(self.now)
        process.path = event.path
        process.execs.append(self.now)
        self.end_chunks(process)

    def on_proc_exit(self, _, process):
        if not process.shares:
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

    def region_name(self, event):
        if event.file_id:
            return self.files.get(event.file_id, f"file {event.file_id}")
        return "[heap]" if event.flags & HEAP else "[stack]" if event.flags & GROWS_DOWN else "[anon]"

    def on_vma_add(self, event, process):
        known = next((region for region in process.told_before if region.start < event.end and event.start < region.end), None) \
            if event.why == "found" else None
        self.lanes += not known
        process.space.add(Region(
            self.now, start=event.start, end=event.end, prot=event.prot, flags=event.flags, offset=event.offset,
            why=known.why if known else event.why, name=self.region_name(event), cause=known.cause if known else event.cause,
            lane=known.lane if known else self.lanes, shared=bool(event.flags & SHARED)))

    def on_vma_del(self, event, process):
        """Why `found`: all of it is told anew, because others have changed some of it."""
        if event.why == "found":
            process.told_before = list(process.space.regions)
        process.space.cut(event.start, event.end, self.now)

    def on_vma_split(self, event, process):
        space = process.space
        region = space.region_at(event.at)
        if region and region.start < event.at:
            self.lanes += 1
            space.reshape(region, self.now, end=event.at)
            space.add(region.copy(born=self.now, died=None, start=event.at, offset=region.offset + event.at - region.start,
                                  lane=self.lanes))

    def on_vma_merge(self, event, process):
        space = process.space
        lower, upper = space.region_at(event.start), space.region_at(event.at)
        if lower and upper and lower is not upper:
            space.drop(upper, self.now)
            space.reshape(lower, self.now, end=event.end)

    def on_vma_prot(self, event, process):
        space = process.space
        for region in space.inside(event.start, event.end):
            space.reshape(region, self.now, prot=event.prot)

    def on_vma_size(self, event, process):
        space = process.space
        region = space.region_at(event.start)
        if region:
            space.reshape(region, self.now, start=event.new_start, end=event.new_end)
            for low, high in ((event.start, event.new_start), (event.new_end, event.end)):
                if low < high:
                    space.unmap(low, high, self.now)

    def on_vma_move(self, event, process):
        """Of the pages: the region there was added before, the one here goes after."""
        process.space.move(event.start, event.end, event.to, self.now)

    def on_zap(self, event, process):
        process.space.unmap(event.start, event.end, self.now)

    # ---- pages and frames ----

    def map(self, process, va, n, pfn, dpfn, kind, cause):
        region = process.space.region_at(va)
        process.space.map(Run(self.now, va=va, n=n, pfn=pfn, dpfn=dpfn, kind=kind, cause=cause, lane=region.lane if region else 0,
                              counted=kind not in UNCOUNTED))

    def on_fault_end(self, event, process):
        if event.kind in MAPPING_KINDS or event.kind == "spurious":
            process.faults.append((self.now, 1))
        if event.kind in MAPPING_KINDS and not self.came_back(event, process):
            self.map(process, event.va & -PAGE, 1, event.pfn, 0, event.kind, event.cause)

    def on_fault_run(self, event, process):
        process.faults.append((self.now, event.n))
        self.map(process, event.va & -PAGE, event.n, event.pfn, event.dpfn, event.kind, event.cause)

    def on_resident(self, event, process):
        """Without a fault: written by execve, or shared by fork. At exit it is an account, and maps nothing."""
        if event.why != "exit":
            self.map(process, event.va, event.pages, event.pfn, 1, event.owner, event.cause)

    def on_swapped(self, event, process):
        if event.why != "exit":
            self.map(process, event.va, event.pages, event.slot, 1, SWAPPED, event.cause)

    def on_swap_out(self, event, process):
        """Its frame is given back by an event of its own, if nobody else has it."""
        self.map(process, event.va, 1, event.slot, 1, SWAPPED, event.cause)

    def on_swap_in(self, event, process):
        self.map(process, event.va, 1, event.pfn, 0, "swapin", event.cause)

    @staticmethod
    def came_back(event, process):
        """Has a swap_in inside of this fault mapped its page already?"""
        run = process.space.run_at(event.va & -PAGE) if event.kind == "swapin" else None
        return run is not None and run.kind == "swapin" and run.pfn == event.pfn

    def take_frame(self, pfn, order, owner, pid):
        frame = Frame(self.now, pfn=pfn, order=order, owner=owner, pid=pid)
        self.live_frames.update(dict.fromkeys(range(pfn, pfn + (1 << order)), frame))
        self.history.frames.append(frame)

    def on_frames(self, event, _):
        """What was taken before the recording began, by nobody in particular."""
        if event.n == 0:
            self.history.ram_end = event.pfn
        for pfn, order in blocks(event.pfn, event.pfn + event.n):
            self.take_frame(pfn, order, event.owner, 0)

    def on_frame_alloc(self, event, _):
        self.on_frame_free(event, _)
        self.take_frame(event.pfn, event.order, event.owner, event.pid)

    def on_frame_free(self, event, _):
        """Frames come and go in blocks, but a block need not go as it came."""
        freed = range(event.pfn, event.pfn + (1 << event.order))
        for frame in {id(frame): frame for frame in map(self.live_frames.get, freed) if frame}.values():
            frame.died = self.now
            for pfn in range(frame.pfn, frame.pfn + (1 << frame.order)):
                del self.live_frames[pfn]
                if pfn not in freed:
                    self.take_frame(pfn, 0, frame.owner, frame.pid)

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
