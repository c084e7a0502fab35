# SPDX-License-Identifier: MIT
"""The event stream: what a run leaves in its folder, at each level, and that watching does not change what is watched."""

import os
import subprocess
import sys
from collections import Counter

import pytest

import lab
from lab import guest

sys.path.insert(0, os.path.join(lab.ROOT, "scripts", "trace"))
import schema    # noqa: E402

VMRSS = "vmrss"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Runs a program with --trace, once for each set of words; (its result, the folder)."""
    done = {}

    def run(*words, level=2, options=()):
        key = (words, level, tuple(options))
        if key not in done:
            folder = tmp_path_factory.mktemp("trace")
            result = guest(words, options=["--trace", str(folder), "--trace-level", str(level), *options])
            done[key] = result, folder
        return done[key]
    return run


@pytest.fixture(scope="module")
def events(record):
    def read(*words, **options):
        return schema.Schema().read(record(*words, **options)[1])
    return read


def test_a_level_tells_what_it_says(events):
    kinds = [{event.name for event in events(VMRSS, level=level)} for level in (1, 2, 3)]
    declared = {event.name: event.level for event in schema.Schema().events.values()}
    for level, seen in enumerate(kinds, 1):
        assert all(declared[name] <= level for name in seen)
    assert {"sys_enter", "sys_exit", "vma_add", "vma_del", "exec", "proc_exit", "rss"} <= kinds[0]
    assert {"fault_begin", "fault_end", "fault_run", "frame_alloc", "frame_free", "resident"} <= kinds[1]
    assert {"pte", "tlb"} <= kinds[2]


def test_time_never_goes_back(events):
    times = [event.time for event in events(VMRSS, level=3)]
    assert len(times) > 10000 and times == sorted(times)


def test_only_the_program_is_told_of(events):
    """Process 1 makes process 2; nothing of what it does itself is in the stream."""
    assert {event.pid for event in events(VMRSS)} == {2}


@pytest.mark.parametrize("words", [("vmrss",), ("malloc1", "-v"), ("malloc128k", "-v"), ("regions", "-v"), ("cat", "/proc/self/maps")])
def test_watching_changes_nothing_that_a_program_sees(record, words):
    plain = guest(words)
    result, _ = record(*words, level=3)
    assert (result.stdout, result.returncode) == (plain.stdout, plain.returncode) and plain.stdout
    assert b"ledger: balanced" in result.stderr


def test_babeltrace2_reads_what_we_read(record):
    result, folder = record(VMRSS, level=3)
    assert result.returncode == 0
    said = subprocess.run(["babeltrace2", str(folder)], capture_output=True, text=True, check=True)
    assert "warning" not in said.stderr.lower() and "discarded" not in said.stderr
    ours = schema.Schema().read(folder)
    theirs = Counter(line.split(": {")[0].split()[-1].rstrip(":") for line in said.stdout.splitlines())
    assert theirs == Counter(event.name for event in ours)
    first = next(event for event in ours if event.name == "vma_add")
    assert f"start = 0x{first.start:X}, end = 0x{first.end:X}" in said.stdout


def test_a_gibibyte_of_touches_is_few_records(events):
    """512 MiB here: 131 072 faults."""
    told = events("vmrss", options=("-m", "1200"))
    faults = sum(event.n for event in told if event.name == "fault_run") + sum(event.name == "fault_end" for event in told)
    assert faults > 130000
    assert len(told) * 20 < faults


# ---- What the C library tells ----

def of(events, *names):
    return [event for event in events if event.name in names]


def test_malloc_tells_what_it_did(events):
    """One gibibyte: its own mapping, made inside the operation and caused by it; the first write faults for the header."""
    told = events(VMRSS)
    malloc = of(told, "malloc")[0]
    assert (malloc.size, malloc.path, malloc.chunk_size, malloc.ptr - malloc.chunk) == (1 << 30, "mmap", (1 << 30) + 4096, 16)
    begin = next(at for at, event in enumerate(told) if event.name == "begin" and event.op == malloc.op)
    inside = [event for event in told[begin:told.index(malloc)] if event.name not in ("begin", "rss") and event.cause == malloc.op]
    mmap = next(at for at, event in enumerate(inside) if event.name == "sys_enter" and event.nr == 9 and event.a1 >= 1 << 30)
    assert [event.name for event in inside[mmap:mmap + 3]] == ["sys_enter", "vma_add", "sys_exit"]
    region = inside[mmap + 1]
    assert region.start <= malloc.chunk < region.end
    touches = [event for event in of(told[begin:], "fault_end", "fault_run") if region.start <= event.va < region.end]
    assert len(touches) > 5 and {event.cause for event in touches} == {malloc.op}
    free = of(told, "free")[0]
    assert (free.ptr, free.act, free.chunk_size) == (malloc.ptr, "unmap", malloc.chunk_size)


def test_small_blocks_come_from_the_break(events):
    told = events("malloc1")
    malloc, top = of(told, "malloc")[0], of(told, "heap_top")[0]
    assert (malloc.size, malloc.path, top.why, top.cause) == (1, "brk", "first", malloc.op)
    assert top.new_break - top.old_break == 132 * 1024 and top.old_break < malloc.ptr < top.new_break
    assert not [event for event in told if event.name == "sys_enter" and event.nr >= 512]    # to tell is no system call


def test_marks_say_where_the_program_was(events):
    marks = of(events(VMRSS), "mark")
    assert [mark.text for mark in marks][:2] == ["malloc(1 GiB)", "read 1 page"] and marks[-1].text == "free"
    with open(f"{lab.ROOT}/user/demo/vmrss.c", encoding="utf-8") as file:
        source = file.read().splitlines()
    assert all(f'demo_mark("{mark.text}")' in source[mark.line - 1] and mark.file == "vmrss.c" for mark in marks)


def test_a_program_of_ours_tells_nothing_on_linux():
    """The same binary: strace sees none of our private calls."""
    result = subprocess.run(["strace", "-f", os.path.join(lab.BUILD, "user", "demo", "malloc1.elf")], capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "syscall_0x" not in result.stderr


def test_strace_does_not_see_the_telling():
    result = guest(["malloc1"], options=["--append", "trace=1 strace"])
    assert b"brk(" in result.stderr and b"syscall_" not in result.stderr


def test_bad_words_are_refused():
    """The stream's own call, with arguments that are no good: refused, whether somebody watches or not."""
    for options in (["-q"], ["-q", "--append", "trace=2"]):
        result = guest([lab.program("borrow")], options=options)
        assert (result.stdout, result.returncode) == (b"0 0\n", 0)


# ---- The levels at run time, the flight recorder ----

def test_levels_can_be_set_and_read(tmp_path):
    """cat /proc/trace is a stream of the same form; a level that there is not is refused."""
    script = ("cat /proc/sys/kernel/trace; echo 2 > /proc/sys/kernel/trace; malloc1 > /dev/null; echo 0 > /proc/sys/kernel/trace; "
              "cat /proc/trace; echo 4 > /proc/sys/kernel/trace || echo 77777 > /proc/sys/kernel/trace_pid")
    result = guest(["sh", "-c", script])
    assert result.stdout[:2] == b"0\n" and result.stderr.count(b"write error") == 2 and b"No such process" not in result.stdout
    (tmp_path / "stream").write_bytes(result.stdout[2:])
    (tmp_path / "metadata").write_text(schema.Schema().metadata())
    told = schema.Schema().read(tmp_path)
    assert [event.size for event in of(told, "malloc")] == [1, 1] and {"exec", "heap_top", "fault_end"} <= {event.name for event in told}
    assert len({event.pid for event in told}) == 2    # the shell too: nobody was chosen


def test_a_panic_shows_the_last_events():
    result = guest(["true"], options=["--append", "trace=2 panic=test"])
    log = result.stderr.decode()
    assert result.returncode == 125 and "the last 16 events" in log
    last = log[log.index("the last 16 events"):].splitlines()[1:17]
    assert all(line.startswith("  0.") for line in last)
    assert any("frame_alloc pfn=" in line and line.endswith("owner=table") for line in last)


def test_a_panic_without_a_trace_says_nothing_of_it():
    assert b"events" not in guest(["true"], options=["--append", "panic=test"]).stderr


def test_the_ring_overwrites_its_oldest(tmp_path):
    """Without a reader it holds the last MiB, whole packets of it, and the ledger still balances."""
    script = "echo 3 > /proc/sys/kernel/trace; vmrss > /dev/null; echo 0 > /proc/sys/kernel/trace; cat /proc/trace"
    result = guest(["sh", "-c", script], options=[])
    (tmp_path / "stream").write_bytes(result.stdout)
    (tmp_path / "metadata").write_text(schema.Schema().metadata())
    told = schema.Schema().read(tmp_path)
    assert 900_000 < len(result.stdout) <= 1 << 20 and told[-1].name in ("fault_end", "sys_enter", "pte", "frame_free", "tlb", "rss")
    assert b"ledger: balanced" in result.stderr


def test_with_a_reader_nothing_is_lost(record):
    """Some 6 MiB through a ring of 1 MiB: each fault has its begin, its end and, if it mapped something, its entry."""
    _, folder = record("vmrss", level=3, options=("-m", "256"))
    told = schema.Schema().read(folder)
    count = Counter(event.name for event in told)
    assert (folder / "stream").stat().st_size > 5 << 20 and "lost" not in count
    assert count["fault_begin"] == count["fault_end"] > 20000
    entries, inside = 0, False
    for event in told:
        inside = event.name == "fault_begin" or (inside and event.name != "fault_end")
        entries += inside and event.name == "pte" and event.table_level == 1
    assert entries == sum(event.name == "fault_end" and event.kind != "spurious" for event in told)


def test_a_page_table_is_linked_after_it_came_and_unlinked_before_it_goes(events):
    """All but the new program's root."""
    fresh, linked, unlinked, never_linked = set(), {}, 0, 0
    for event in events(VMRSS, level=3):
        if event.name == "frame_alloc" and event.owner == "table":
            fresh.add(event.pfn)
        elif event.name == "pte" and event.table_level > 1 and event.new_entry:
            assert event.old_entry == 0
            fresh.remove(event.new_entry >> 12)
            linked[event.new_entry >> 12] = event.table_level
        elif event.name == "pte" and event.table_level > 1:
            assert linked.pop(event.old_entry >> 12, event.table_level) == event.table_level
            unlinked += 1
        elif event.name == "frame_free" and event.owner == "table":
            assert event.pfn not in linked
            never_linked += event.pfn in fresh
            fresh.discard(event.pfn)
    assert unlinked > 10 and not linked and len(fresh) + never_linked <= 1


def test_a_reader_that_is_gone_is_not_waited_for_for_ever():
    """The kernel is told of a reader, and there is none: it waits ten seconds, once, then says how much was overwritten."""
    script = "vmrss > /dev/null; echo 0 > /proc/sys/kernel/trace; cat /proc/trace"
    result = guest(["sh", "-c", script], options=["-q", "--append", "trace=3 trace_reader"])
    assert result.returncode == 0
    known, offset, told = schema.Schema(), 0, []
    while offset < len(result.stdout):
        packet, offset = known.decode_packet(result.stdout, offset)
        told += packet
    assert sum(event.n for event in of(told, "lost")) > 1000


def test_pages_that_leave_for_the_disk_and_come_back(tmp_path):
    """What comes back is from the slot it left for; the frames that were left are free when reclaim is done; each fault for one is a major one of the kernel's count."""
    printed = lab.swapping(tmp_path)
    told = schema.Schema().read(tmp_path)
    slots, since, left = {}, [], set()
    for event in told:
        if event.name == "swap_out":
            slots[event.va] = event.slot
            left.add(event.pfn)
        elif event.name == "frame_free":
            left.difference_update(range(event.pfn, event.pfn + 2**event.order))
        elif event.name == "reclaim":
            assert not left
        elif event.name == "swap_in":
            assert slots.pop(event.va) == event.slot
        elif event.name == "sys_enter" and event.nr == 98:    # getrusage
            since.append(0)
        elif event.name == "fault_end" and event.kind == "swapin" and since:
            since[-1] += 1
    assert int(printed.split("that took ")[1].split()[0]) in since and max(since) > 100
    freed = sum(event.freed for event in of(told, "reclaim"))
    assert len(of(told, "swap_out")) <= freed < len(of(told, "swap_out")) + 10    # process 1 has a few pages, too, of which nothing is told
    left = {event.va + k * 4096: event.slot + k for event in of(told, "swapped") for k in range(event.pages)}
    assert left.items() <= slots.items()    # (the others were unmapped)
    assert of(told, "rss")[-1].swap_kb == 4 * len(left) > 0


def test_counting_instructions_the_same_run_is_the_same_stream(tmp_path):
    for name in ("a", "b"):
        assert guest(["malloc1"], options=["-q", "--icount", "--trace", str(tmp_path / name)]).returncode == 0
    streams = [(tmp_path / name / "stream").read_bytes() for name in ("a", "b")]
    assert streams[0] == streams[1] and len(streams[0]) > 5000
