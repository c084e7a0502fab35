# SPDX-License-Identifier: MIT
"""scripts/trace/model.py and spans.py on recordings whose every number is known: what exists when, and what caused what."""

import os
import re

import pytest

import lab
import recording
from recording import HEAP, MAPPING, PAGE, SCHEMA

import lives
import model
import sizes
import spans


@pytest.fixture(scope="module")
def events():
    return recording.small_program()


@pytest.fixture(scope="module")
def process(events):
    return model.replay(events).find("vmrss")


def at(events, name, nth=0):
    return [index for index, event in enumerate(events) if event.name == name][nth]


def test_the_replay_agrees_with_the_kernels_counters_at_every_moment(process):
    assert len(process.counters) > 5
    for index, rss in process.counters:
        assert sizes.resident_kb(process, index) == rss.anon_kb + rss.file_kb, index
        assert sizes.promised_kb(process, index) == rss.vsz_kb, index


def test_a_touch_makes_resident_what_malloc_promised(process, events):
    promised = at(events, "malloc", 2)
    touched = at(events, "fault_run")
    assert sizes.promised_kb(process, promised) == sizes.promised_kb(process, touched) > 1 << 20
    assert sizes.resident_kb(process, touched) - sizes.resident_kb(process, promised) == 4 * 101
    assert sizes.promised_kb(process, len(events) - 1) == sizes.resident_kb(process, len(events) - 1) == 0


def test_the_zero_page_is_mapped_and_not_resident(process, events):
    zero = next(run for run in process.runs if run.kind == "zero_page")
    assert not zero.counted and zero.va == MAPPING + PAGE
    assert zero.died == [index for index, event in enumerate(events) if event.name == "fault_end" and event.va == zero.va][1]


def test_tables_follow_from_what_is_mapped(process, events):
    # text at 4 MiB and the stack at the top: three tables for each, beside the root; the mapping crosses a border of 2 MiB
    assert sizes.tables_kb(process, at(events, "rss", 1)) == 4 * 6
    assert sizes.tables_kb(process, at(events, "fault_run")) == 4 * 9


def test_the_curves_are_the_filters_at_every_event(process, events):
    rows = dict((row[0], row[1:]) for row in sizes.curves(process))
    now = (0, 0, 0, 0)
    for index in range(len(events)):
        now = rows.get(index, now)
        assert now == (sizes.promised_kb(process, index), sizes.resident_kb(process, index), sizes.tables_kb(process, index), 0), index


def test_a_recording_that_does_not_tell_all_is_noticed(events):
    assert sizes.differences(model.replay(events).find("vmrss")) == []
    lost = [event for event in events if event.name != "fault_run"]
    assert len(sizes.differences(model.replay(lost).find("vmrss"))) == 1


def test_chunks_live_from_malloc_to_free(process, events):
    first, second, third = process.chunks
    assert (first.ptr, first.size, first.died) == (HEAP + 0x10, 100, at(events, "free", 0))
    assert (third.path, third.died) == ("mmap", at(events, "free", 1))
    assert second.died == at(events, "free", 2)


def space():
    return lives.Space([], [])


def test_cutting_a_region_keeps_both_ends_and_their_pages():
    live = space()
    live.add(lives.Region(0, start=0x10000, end=0x20000, prot=3, flags=2, name="", why="mmap", offset=0, lane=1, cause=0))
    live.map(lives.Run(1, va=0x10000, n=16, pfn=100, dpfn=2, kind="zero", cause=0, lane=1, counted=True))
    live.cut(0x14000, 0x18000, 5)
    assert [(each.start, each.end, each.offset) for each in live.regions] == [(0x10000, 0x14000, 0), (0x18000, 0x20000, 0x8000)]
    assert [(run.va, run.n, run.pfn) for run in live.runs] == [(0x10000, 4, 100), (0x18000, 8, 116)]
    dead = [run for run in live.runs_log if run.died]
    assert [(run.va, run.n, run.pfn, run.born, run.died) for run in dead] == [(0x14000, 4, 108, 1, 5)]


def test_both_halves_of_a_split_outlive_a_recording_that_ends_before_them():
    """As one that was timed out does."""
    events = [SCHEMA.make("vma_add", 1, start=0x10000, end=0x14000, prot=3, flags=0, file_id=0, offset=0, why="mmap"),
              SCHEMA.make("vma_split", 2, start=0x10000, end=0x14000, at=0x11000),
              SCHEMA.make("vma_prot", 2, start=0x10000, end=0x11000, prot=0, why="mprotect")]
    process = model.replay(events).processes[1]
    assert sizes.promised_kb(process, len(events) - 1) == sizes.curves(process)[-1][1] == 16


def test_a_region_that_moves_takes_its_pages_along():
    events = [SCHEMA.make("vma_add", 1, start=0x10000, end=0x12000, prot=3, flags=2, file_id=0, offset=0, why="mmap"),
              SCHEMA.make("fault_end", 2, va=0x11000, kind="zero", pfn=9, tables=0, time_ns=1),
              SCHEMA.make("vma_add", 3, start=0x50000, end=0x54000, prot=3, flags=2, file_id=0, offset=0, why="mremap"),
              SCHEMA.make("vma_move", 3, start=0x10000, end=0x12000, to=0x50000),
              SCHEMA.make("vma_del", 3, start=0x10000, end=0x12000, why="mremap")]
    process = model.replay(events).processes[1]
    assert [(run.va, run.pfn) for run in process.space.runs] == [(0x51000, 9)]
    assert [(each.start, each.end) for each in process.space.regions] == [(0x50000, 0x54000)]


def test_frames_that_came_as_one_block_may_go_as_another():
    frame = [("alloc", 8, 2), ("alloc", 20, 0), ("alloc", 21, 0), ("free", 9, 0), ("free", 20, 1), ("free", 10, 1)]
    events = [SCHEMA.make(f"frame_{what}", at, pfn=pfn, order=order, owner="anon") for at, (what, pfn, order) in enumerate(frame)]
    frames = model.replay(events).frames

    def owned(at):
        return {pfn for each in frames if lives.alive(each, at) for pfn in range(each.pfn, each.pfn + (1 << each.order))}

    assert [owned(at) for at in range(len(events))] == [
        {8, 9, 10, 11}, {8, 9, 10, 11, 20}, {8, 9, 10, 11, 20, 21}, {8, 10, 11, 20, 21}, {8, 10, 11}, {8}]


def test_a_new_program_has_nothing_of_the_old_one():
    events = [SCHEMA.make("vma_add", 1, start=0x400000, end=0x401000, prot=5, flags=0, file_id=0, offset=0, why="mmap"),
              SCHEMA.make("fault_end", 2, va=0x400000, kind="zero", pfn=9, tables=0, time_ns=1),
              SCHEMA.make("exec", 3, stack_low=0, stack_high=0, entry=0, base=0, brk=0, path="/bin/next"),
              SCHEMA.make("vma_add", 4, start=0x400000, end=0x402000, prot=5, flags=4, file_id=0, offset=0, why="exec"),
              SCHEMA.make("resident", 5, va=0x401000, pages=1, pfn=7, owner="anon", why="exec"),
              SCHEMA.make("resident", 6, va=0x400000, pages=2, pfn=7, owner="anon", why="exit")]
    process = model.replay(events).find("next")
    assert [(each.start, each.end, each.name) for each in process.space.regions] == [(0x400000, 0x402000, "[stack]")]
    assert [(run.va, run.n, run.pfn) for run in process.space.runs] == [(0x401000, 1, 7)]


def region_of_four(first):
    """A region, and a run of faults that brought all of it."""
    return [SCHEMA.make("vma_add", first, start=0x10000, end=0x14000, prot=3, flags=0, file_id=0, offset=0, why="mmap"),
            SCHEMA.make("fault_run", first + 1, va=0x10000, n=4, kind="zero", pfn=100, dpfn=1, time_ns=1)]


def what_is_where(process, at):
    return sizes.frames_of(process, at), sizes.slots_of(process, at)


def test_a_page_leaves_for_the_disk_and_comes_back_with_its_neighbour():
    events = [*region_of_four(0),
              SCHEMA.make("swap_out", 2, va=0x11000, pfn=101, slot=7), SCHEMA.make("frame_free", 2, pfn=101, order=0, owner="anon"),
              SCHEMA.make("swap_out", 3, va=0x12000, pfn=102, slot=8), SCHEMA.make("frame_free", 3, pfn=102, order=0, owner="anon"),
              SCHEMA.make("fault_begin", 4, va=0x11008, error=4, ip=0, from_="user"),
              SCHEMA.make("swap_in", 4, va=0x11000, pfn=55, slot=7), SCHEMA.make("swap_in", 4, va=0x12000, pfn=77, slot=8),
              SCHEMA.make("fault_end", 5, va=0x11008, kind="swapin", pfn=55, tables=0, time_ns=1)]
    process = model.replay(events).processes[1]
    assert what_is_where(process, 1) == ({0x10000: 100, 0x11000: 101, 0x12000: 102, 0x13000: 103}, {})
    assert what_is_where(process, 5) == ({0x10000: 100, 0x13000: 103}, {0x11000: 7, 0x12000: 8})
    assert what_is_where(process, 9) == ({0x10000: 100, 0x11000: 55, 0x12000: 77, 0x13000: 103}, {})
    assert [(row[2], row[4]) for row in sizes.curves(process)] == [(0, 0), (16, 0), (12, 4), (8, 8), (12, 4), (16, 0)]
    assert sum(n for _, n in process.faults) == 5    # the neighbour had none


def test_what_is_on_the_disk_keeps_its_table_moves_and_goes():
    events = [*region_of_four(0), *(SCHEMA.make("swap_out", 2, va=0x10000 + k * PAGE, pfn=100 + k, slot=5 + k) for k in range(4)),
              SCHEMA.make("vma_add", 3, start=0x50000, end=0x54000, prot=3, flags=0, file_id=0, offset=0, why="mremap"),
              SCHEMA.make("vma_move", 3, start=0x10000, end=0x14000, to=0x50000),
              SCHEMA.make("vma_del", 3, start=0x10000, end=0x14000, why="mremap"),
              SCHEMA.make("vma_del", 4, start=0x50000, end=0x52000, why="munmap")]
    process = model.replay(events).processes[1]
    assert (sizes.resident_kb(process, 5), sizes.tables_kb(process, 5)) == (0, 12)
    assert sizes.slots_of(process, 8) == {0x50000 + k * PAGE: 5 + k for k in range(4)}
    assert sizes.slots_of(process, 9) == {0x52000: 7, 0x53000: 8}


def test_what_others_took_is_told_anew_and_the_region_stays_the_same():
    events = [*region_of_four(0), SCHEMA.make("vma_del", 2, start=0, end=1 << 47, why="found"),
              SCHEMA.make("vma_add", 2, start=0x10000, end=0x14000, prot=3, flags=0, file_id=0, offset=0, why="found"),
              SCHEMA.make("resident", 2, va=0x10000, pages=1, pfn=100, owner="anon", why="found"),
              SCHEMA.make("swapped", 2, va=0x11000, pages=3, slot=9, why="found"),
              SCHEMA.make("swapped", 3, va=0x11000, pages=3, slot=9, why="exit")]
    process = model.replay(events).processes[1]
    assert {(region.lane, region.why) for region in process.regions} == {(1, "mmap")}
    assert what_is_where(process, 6) == ({0x10000: 100}, {0x11000: 9, 0x12000: 10, 0x13000: 11})


def test_every_fault_leads_back_to_the_malloc_behind_it(events):
    folded = spans.fold(events)
    faults = [span for span in folded if span.kind in ("fault", "fault_run") and MAPPING <= span.event.va < MAPPING + (1 << 30)]
    assert len(faults) == 4
    for fault in faults:
        chain = fault.chain()
        assert chain[0].kind == "malloc" and chain[0].event.size == 1 << 30
    assert [span.kind for span in faults[0].chain()] == ["malloc", "fault"]


def test_a_folded_run_is_like_the_fault_before_it(events):
    folded = spans.fold(events)
    run = next(span for span in folded if span.kind == "fault_run")
    assert run.like.event.va == run.event.va - PAGE and run.like.opener.ip


def test_spans_nest(events):
    for span in spans.fold(events):
        assert span.first <= span.last
        if span.parent:
            assert span.parent.first <= span.first and span.last <= span.parent.last
    calls = [span for span in spans.fold(events) if span.kind == "call"]
    assert [span.opener.nr for span in calls] == [12, 9, 1, 11, 231]
    assert calls[-1].last == len(events) - 1


# ---- Real recordings ----

PROGRAMS = sorted(name[:-2] for name in os.listdir(os.path.join(lab.ROOT, "user", "demo")) if name.endswith(".c") and name != "tour.c")


def check_whole(events):
    """In every process: the replay has the kernel's counters at each rss event, and at the end its frames and slots, page by page."""
    history = model.replay(events)
    ended = 0
    for process in history.processes.values():
        assert process.counters and sizes.differences(process) == []
        account = [(index, event) for index, event in enumerate(events)
                   if event.pid == process.pid and event.name in ("resident", "swapped") and event.why == "exit"]
        told = [{event.va + k * PAGE: event[event._fields.index(number)] + k for _, event in account if event.name == name for k in range(event.pages)}
                for name, number in (("resident", "pfn"), ("swapped", "slot"))]
        if account:
            assert told == [sizes.frames_of(process, account[0][0]), sizes.slots_of(process, account[0][0])]
            ended += 1
    assert ended
    return history


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_events_tell_all_of_a_real_program(program, tmp_path):
    lab.guest([program], options=("-q", "--icount", "--trace", str(tmp_path / "recording")))
    check_whole(SCHEMA.read(tmp_path / "recording"))


def test_the_events_tell_all_where_memory_is_short(tmp_path):
    """And the sums are what the program printed of itself."""
    printed = lab.swapping(tmp_path / "recording")
    process = check_whole(SCHEMA.read(tmp_path / "recording")).find("beyond")
    seen = [(int(rss), int(swap)) for rss, swap in re.findall(r"VmRSS (\d+) kB, VmSwap (\d+) kB", printed)]
    states = {(resident, swapped) for _, _, resident, _, swapped in sizes.curves(process)}
    assert len(seen) > 5 and max(swap for _, swap in seen) > 8 << 10 and set(seen) <= states
    row = re.search(r"Size \d+ kB, Rss \d+ kB, Swap (\d+) kB", printed).group(1)
    assert int(row) <= max(swap for _, swap in seen)


def test_the_events_tell_all_of_two_that_take_frames_from_each_other(tmp_path):
    """A sleeper's pages are taken by the other process, and it is told anew when it ends."""
    lab.swapping(tmp_path / "recording", lab.program("hog"), "16", "20")
    events = SCHEMA.read(tmp_path / "recording")
    history = check_whole(events)
    sleeper = history.processes[3]
    assert sizes.swapped_kb(sleeper, sizes.end_of(history, sleeper)) > 1000
    assert any(event.pid == 3 and event.name == "vma_add" and event.why == "found" for event in events)
