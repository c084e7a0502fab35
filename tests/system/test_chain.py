# SPDX-License-Identifier: MIT
"""No page without a reason: at the end of each experiment every resident page, as the page tables list them, has a whole chain of events
back to malloc, execve, fork or the stack, and the events add up to the kernel's own counters all along the way."""

import os
import re
import sys
from collections import Counter

import pytest

import lab

sys.path.insert(0, os.path.join(lab.ROOT, "scripts", "trace"))
import chain     # noqa: E402
import schema    # noqa: E402
import sizes     # noqa: E402

NAMES = lab.sources("user/demo")


def record(folder, words, options=()):
    result = lab.guest(words, options=["-q", "--trace", str(folder), *options])
    assert result.returncode in (0, 1), result.stderr    # 1: an experiment's own word for "not so"
    return schema.Schema().read(folder)


def counted(chains, key):
    count = Counter()
    for link in chains:
        count[key(link)] += link.pages
    return count


@pytest.mark.parametrize("name", NAMES)
def test_every_resident_page_has_a_whole_chain(name, tmp_path):
    events = record(tmp_path / "trace", [name])
    every = chain.Chains(events)
    pages = 0
    for pid, process in every.history.processes.items():
        if process.died is None:
            continue
        chains = every.of_process(pid)
        last = process.counters[-1][1]
        assert sum(link.pages for link in chains) == (last.anon_kb + last.file_kb) // 4    # nothing that is not accounted for
        assert set(counted(chains, lambda link: link.broken)) == {""}
        assert sizes.differences(process) == []
        pages += sum(link.pages for link in chains)
        print(f"{name} {pid}: {dict(counted(chains, lambda link: link.origin))}")
    assert pages > 10
    print(f"{name}: {pages} resident pages at exit, none without a reason")


def test_a_page_of_malloc_leads_to_its_malloc(tmp_path):
    events = record(tmp_path / "trace", ["malloc1"])
    link = next(link for link in chain.Chains(events).of_process(2) if link.origin == "malloc")
    assert link.operation.event.size == 1 and events[link.call.first].nr == 12    # malloc(1), brk
    assert events[link.promise].why == "brk" and events[link.arrival].name == "fault_end"


@pytest.mark.parametrize("lost,broken", [("fault_end", "arrival"), ("vma_add", "promise"), ("sys_enter", "call"), ("malloc", "operation")])
def test_a_missing_link_is_noticed(lost, broken, tmp_path):
    """What the test above stands on: without one kind of event the chains are broken, and say where."""
    events = [event for event in record(tmp_path / "trace", ["malloc1"]) if event.name != lost and event.name != "begin"]
    assert counted(chain.Chains(events).of_process(2), lambda link: link.broken)[broken] > 0


def test_a_foreign_program_has_chains_from_the_system_call_down(tmp_path):
    """musl's static demo and glibc's dynamic one: no malloc events, but every page has its promise and its call."""
    for program in (os.path.join(lab.BUILD, "tests", "demo", "malloc1"), "/usr/bin/env"):
        events = record(tmp_path / os.path.basename(program), [program])
        chains = chain.Chains(events).of_process(2)
        assert set(counted(chains, lambda link: link.broken)) == {""}
        assert {"exec"} <= set(counted(chains, lambda link: link.origin)) <= {"exec", "mmap", "brk", "stack"}
        assert len(chains) > 3


@pytest.mark.parametrize("words", [("musl/mm_fork",), ("musl/mm_shared",), ("musl/mm_mremap",), ("musl/fuzz_memory",), ("musl/thread_join",), ("ours/malloc_random",), ("programs/borrow",),
                                   ("sh", "-c", "ls /bin | sort | tail -1; cat /proc/self/maps > /dev/null")],
                         ids=lambda words: words[0].rpartition("/")[2])
def test_the_same_for_programs_that_try_hard(words, tmp_path):
    """Every way to change an address space: moved pages, shared ones, threads, pipelines of processes, 100 000 events of random calls."""
    name = os.path.join(lab.BUILD, "tests", words[0]) if "/" in words[0] else words[0]
    every = chain.Chains(record(tmp_path / "trace", [name, *words[1:]]))
    ended = [process for process in every.history.processes.values() if process.died is not None and process.counters]
    for process in ended:
        chains = every.of_process(process.pid)
        last = process.counters[-1][1]
        assert sum(link.pages for link in chains) == (last.anon_kb + last.file_kb) // 4
        assert set(counted(chains, lambda link: link.broken)) == {""}
        assert sizes.differences(process) == []
    assert ended


def test_a_page_that_was_on_the_swap_disk_has_its_chain(tmp_path):
    lab.swapping(tmp_path / "trace")
    events = schema.Schema().read(tmp_path / "trace")
    every = chain.Chains(events)
    chains, last = every.of_process(2), every.history.processes[2].counters[-1][1]
    assert sum(link.pages for link in chains) == (last.anon_kb + last.file_kb) // 4
    assert set(counted(chains, lambda link: link.broken)) == {""}
    back = [link for link in chains if events[link.arrival].name == "swap_in"]
    assert back and all(events[link.promise].start <= link.va < events[link.promise].end for link in back)


def test_every_frame_that_is_taken_is_placed(tmp_path):
    """A recording begins with what is taken already: so at every moment the placed frames and those that the kernel counts as free are all of RAM."""
    result = lab.guest(["vmrss"], options=["--icount", "--trace", str(tmp_path / "trace")])
    ram = int(re.search(rb"boot: (\d+) frames of 4 KiB", result.stderr).group(1))
    events = schema.Schema().read(tmp_path / "trace")
    history = chain.Chains(events).history
    assert sum(event.n for event in events if event.name == "frames" and event.owner != "no_ram") > 500
    absent = sum(event.n for event in events if event.name == "frames" and event.owner == "no_ram")
    assert absent > 0 and history.ram_end - absent == ram

    def alive(life, at):
        return life.born <= at and (life.died is None or life.died > at)
    moments = [(at, event) for at, event in enumerate(events) if event.name == "rss"]
    for at, event in moments:
        placed = {frame.pfn + k for frame in history.frames if alive(frame, at) and frame.owner != "no_ram" for k in range(1 << frame.order)}
        placed |= {run.pfn + k * run.dpfn for process in history.processes.values() for run in process.runs
                   if run.counted and alive(run, at) for k in range(run.n)}    # (of folded faults no allocation is told)
        assert len(placed) == ram - event.free_frames, at
    assert len(moments) > 20
