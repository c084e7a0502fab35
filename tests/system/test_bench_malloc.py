# SPDX-License-Identifier: MIT
"""make bench-malloc: that its parts measure what they say, and that goals and failures come out. No figure of time is asserted."""

import importlib.machinery
import importlib.util
import os
import subprocess
import xml.dom.minidom

import pytest

import instructions
import lab
import malloc_measures as measures
import peers

BOTH = [peers.ours(), peers.GLIBC]


@pytest.fixture(scope="module", autouse=True)
def host_tools():
    lab.make("malloc-lab", *(f"malloc/{name}" for name in ("pairs", "threads", "peak", "programs")))


@pytest.fixture(scope="module")
def bench():
    loader = importlib.machinery.SourceFileLoader("bench_malloc", os.path.join(lab.ROOT, "scripts", "bench-malloc"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_malloc", loader))
    loader.exec_module(module)
    return module


def test_pairs_are_the_same_every_time():
    first, second = (measures.measure_pairs(BOTH, True) for _ in range(2))
    assert first == second
    assert first["glibc"].keys() == first[BOTH[0].name].keys() and len(first["glibc"]) == 63
    assert all(10 < value < 100_000 for row in first.values() for value in row.values())
    ours = first[next(name for name in first if name != "glibc")]
    assert all(ours[f"new {size}"] < ours[f"hot {size}"] + 60 for size in (16, 64, 128, 256, 512, 1024))    # no proof of the pointer twice


def test_the_loop_is_what_is_taken_off():
    """The two functions that do nothing, measured as an allocator, are the three instructions that they have."""
    short, long = (measures.count_pairs("none", number, None) for number in (1000, 3000))
    assert all(b > 2.8 * a for a, b in zip(short, long))


@pytest.mark.parametrize("program", list(measures.OURS))
def test_our_programs_compute_the_same_on_every_allocator(program):
    words = [os.path.join(measures.TOOLS, "programs"), program, "20"]
    outputs = {subprocess.run(words, env=peers.environment(peer), capture_output=True, check=True, timeout=180).stdout for peer in BOTH}
    assert len(outputs) == 1 and outputs.pop().startswith(program.encode())


def test_the_peak_is_the_programs_own():
    kib, faults = measures.run_for_peak(peers.GLIBC, ["/bin/true"])
    assert 500 < kib < 4000 and faults > 20    # and not that of this python3
    kib, _ = measures.run_for_peak(BOTH[0], ["/usr/bin/python3", "-c", "x = b'x' * 50_000_000"])
    assert 50_000 < kib < 80_000


@pytest.mark.parametrize("work", ["server", "handover", "mixed"])
@pytest.mark.parametrize("threads", [1, 4])
def test_threads_come_to_their_end(work, threads):
    for peer in BOTH:
        assert measures.thread_rate(peer, work, threads, 40_000) > 0


def test_a_part_that_fails_is_named_and_not_a_figure():
    measures.failures.clear()
    broken = peers.Peer("broken", "/nonexistent.so")
    assert measures.attempt(broken, "x", measures.run_for_peak, broken, ["/bin/false"]) is None
    assert len(measures.failures) == 1 and measures.failures[0].startswith("broken: x: status 1")
    with pytest.raises(instructions.Failure):
        instructions.count(["/bin/false"])


def results_of(bench, **changes):
    trace = {"large": True, "instructions": 100.0, "longest": 5, "longest_realloc": 6, "utilisation": 0.8, "faults": 1,
             "refilled": 1, "freed": 1}
    program = {"instructions": 10, "kib": 10, "faults": 10}
    one = {"pairs": {f"{p} {s}": 50.0 for p in ("hot", "lifo", "fifo", "random", "mixed", "new", "aligned") for s in
                     (16, 64, 128, 256, 512, 1024, 4096, 65536, 204800)},
           "traces": {"t": trace}, "programs": {"python3": program, "numbers": program},
           "redis": {"filled": 1, "refilled": 80_000, "flushed": 40_000}, "refill": {"refilled": 1, "freed": 1},
           "misuse": {"default": 80.0, "checking": 80.0}, "threads": {"server 2": 2.0}}
    results = {part: {"ours": dict(row), "glibc": dict(row)} for part, row in one.items()}
    results |= {"lines": {"ours": [1000, 1500, 3000]}, "failures": []}
    for part, row in changes.items():
        results[part]["ours"] = {**results[part]["ours"], **row}
    return {row["measure"]: row for row in bench.summary(results, ["ours", "glibc"], False)}, results


def test_goals_are_met_or_missed(bench):
    rows, results = results_of(bench, pairs={"fifo 128": 61.0}, threads={"server 2": 4.0})
    verdicts = {measure: row["verdict"] for measure, row in rows.items() if row["goal"] is not None}
    assert verdicts["pair, 16-128 B: hot, fifo, random; the worst"] == "MISSED"    # one cell is enough
    assert verdicts["pair, 256-1024 B, random; the worst"] == "met"
    assert verdicts["large traces, utilisation at peak"] == "MISSED"
    assert verdicts["redis, MB after delete and refill"] == "met" and verdicts["redis, MB 2 s after flush"] == "MISSED"
    assert verdicts["server, 2 threads"] == "met" and verdicts["handover, 2 threads"] == "not measured"
    assert verdicts["misuse caught, default, %"] == "met" and verdicts["misuse caught, checking, %"] == "MISSED"
    assert verdicts["lines, comments included"] == "met"
    text = "\n".join(bench.write_all(results, list(rows.values()), ["ours", "glibc"]))
    assert text.count("MISSED") == list(verdicts.values()).count("MISSED")


def test_the_plot_is_a_picture(bench):
    rows, _ = results_of(bench)
    picture = xml.dom.minidom.parseString(bench.plot(list(rows.values()), ["ours", "glibc"]))
    assert picture.documentElement.tagName == "svg" and len(picture.getElementsByTagName("circle")) > 20
