# SPDX-License-Identifier: MIT
"""scripts/trace/model.py and spans.py on recordings whose every number is known: what exists when, and what caused what."""

import pytest

import recording
from recording import HEAP, MAPPING, PAGE, SCHEMA

import model
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
        assert model.resident_kb(process, index) == rss.anon_kb + rss.file_kb, index
        assert model.promised_kb(process, index) == rss.vsz_kb, index


def test_a_touch_makes_resident_what_malloc_promised(process, events):
    promised = at(events, "malloc", 2)
    touched = at(events, "fault_run")
    assert model.promised_kb(process, promised) == model.promised_kb(process, touched) > 1 << 20
    assert model.resident_kb(process, touched) - model.resident_kb(process, promised) == 4 * 101
    assert model.promised_kb(process, len(events) - 1) == model.resident_kb(process, len(events) - 1) == 0


def test_the_zero_page_is_mapped_and_not_resident(process, events):
    zero = next(run for run in process.runs if run.kind == "zero_page")
    assert not zero.counted and zero.va == MAPPING + PAGE
    assert zero.died == [index for index, event in enumerate(events) if event.name == "fault_end" and event.va == zero.va][1]


def test_tables_follow_from_what_is_mapped(process, events):
    # text at 4 MiB and the stack at the top: the root, and three tables for each; the mapping crosses a border of 2 MiB
    assert model.tables(process, at(events, "rss", 1)) == {4: 1, 3: 2, 2: 2, 1: 2}
    assert model.tables(process, at(events, "fault_run")) == {4: 1, 3: 2, 2: 3, 1: 4}


def test_chunks_live_from_malloc_to_free(process, events):
    first, second, third = process.chunks
    assert (first.ptr, first.size, first.died) == (HEAP + 0x10, 100, at(events, "free", 0))
    assert (third.path, third.died) == ("mmap", at(events, "free", 1))
    assert second.died == at(events, "free", 2)


def space():
    return model.Space([], [])


def test_cutting_a_region_keeps_both_ends_and_their_pages():
    live = space()
    live.add(model.Region(0, start=0x10000, end=0x20000, prot=3, flags=2, name="", why="mmap", offset=0, lane=1, cause=0))
    live.map(model.Run(1, va=0x10000, n=16, pfn=100, dpfn=2, kind="zero", cause=0, lane=1, counted=True))
    live.cut(0x14000, 0x18000, 5)
    assert [(each.start, each.end, each.offset) for each in live.regions] == [(0x10000, 0x14000, 0), (0x18000, 0x20000, 0x8000)]
    assert [(run.va, run.n, run.pfn) for run in live.runs] == [(0x10000, 4, 100), (0x18000, 8, 116)]
    dead = [run for run in live.runs_log if run.died]
    assert [(run.va, run.n, run.pfn, run.born, run.died) for run in dead] == [(0x14000, 4, 108, 1, 5)]


def test_a_region_that_moves_takes_its_pages_along():
    events = [SCHEMA.make("vma_add", 1, start=0x10000, end=0x12000, prot=3, flags=2, file_id=0, offset=0, why="mmap"),
              SCHEMA.make("fault_end", 2, va=0x11000, kind="zero", pfn=9, tables=0, time_ns=1),
              SCHEMA.make("vma_move", 3, start=0x10000, end=0x12000, to=0x50000)]
    process = model.replay(events).processes[1]
    assert [(run.va, run.pfn) for run in process.space.runs] == [(0x51000, 9)]
    assert [(each.start, each.lane) for each in process.space.regions] == [(0x50000, process.regions[0].lane)]


def test_a_child_shares_what_its_parent_had_but_not_the_files_pages():
    events = [SCHEMA.make("vma_add", 1, start=0x10000, end=0x12000, prot=3, flags=2, file_id=0, offset=0, why="mmap"),
              SCHEMA.make("fault_end", 2, va=0x10000, kind="zero", pfn=9, tables=0, time_ns=1),
              SCHEMA.make("fault_end", 3, va=0x11000, kind="file", pfn=7, tables=0, time_ns=1),
              SCHEMA.make("vma_add", 4, start=0x10000, end=0x12000, prot=3, flags=2, file_id=0, offset=0, why="fork"),
              SCHEMA.make("proc_new", 5, child=2, flags=0)]
    history = model.replay(events)
    assert [(run.va, run.pfn) for run in history.processes[2].space.runs] == [(0x10000, 9)]
    assert len(history.processes[1].space.regions) == 1


def test_an_exec_takes_the_old_space_down_after_the_new_one_stands():
    events = [SCHEMA.make("vma_add", 1, start=0x400000, end=0x401000, prot=5, flags=2, file_id=0, offset=0, why="mmap"),
              SCHEMA.make("vma_add", 2, start=0x400000, end=0x402000, prot=5, flags=2, file_id=0, offset=0, why="exec"),
              SCHEMA.make("exec", 3, stack_low=0, stack_high=0, entry=0, base=0, brk=0, path="/bin/next"),
              SCHEMA.make("vma_del", 4, start=0x400000, end=0x401000, why="exec")]
    process = model.replay(events).find("next")
    assert [(each.start, each.end) for each in process.space.regions] == [(0x400000, 0x402000)]


def test_every_fault_leads_back_to_the_malloc_behind_it(events):
    folded = spans.fold(events)
    faults = [span for span in folded if span.kind in ("fault", "fault_run") and MAPPING <= span.event.va < MAPPING + (1 << 30)]
    assert len(faults) == 4
    for fault in faults:
        chain = fault.chain()
        assert chain[0].kind == "malloc" and chain[0].event.size == 1 << 30
    assert [span.kind for span in faults[0].chain()] == ["malloc", "fault"]


def test_spans_nest(events):
    for span in spans.fold(events):
        assert span.first <= span.last
        if span.parent:
            assert span.parent.first <= span.first and span.last <= span.parent.last
    calls = [span for span in spans.fold(events) if span.kind == "call"]
    assert [span.opener.nr for span in calls] == [12, 9, 1, 11, 231]
    assert calls[-1].last == len(events) - 1
