# SPDX-License-Identifier: MIT
"""malloc_measures.py - what `make bench-malloc` measures, for each allocator of peers.py.

    pairs      a malloc and a free, by pattern and size              instructions
    traces     the recorded ones: an operation, the longest call     instructions, without those of the kernel
               utilisation at the peak, 70 % deleted and refilled    bytes that no file stands behind (smaps_rollup)
    programs   Debian's, and five of ours that live from malloc      instructions; the peak of RSS, the mean of ten runs and more
    redis      redis-server filled, 70 % refilled, flushed           RSS
    refill     malloc-lab -f, 2 s and 20 000 calls after the last free
    threads    tests/malloc/threads.c on 1, 2 and 4                  operations per second of processor time, median of fifteen rounds
    misuse     what share of tests/guest/malloc_corpus.c is noticed
    lines      of the sources

Instructions are exact (scripts/instructions.py), so two are counted at the same time; time is taken at the end, alone, in
turns. A part that an allocator cannot do is None, and named under "failures".
"""

import glob
import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import corpus
import instructions
import peers
import redis_memory
import tool
import traces

TOP = instructions.TOP
LAB = os.path.join(peers.BUILD, "malloc-lab")
TOOLS = os.path.join(peers.BUILD, "malloc")
WORKLOADS = os.path.join(TOP, "tests", "malloc", "workloads")
STUBS = 3    # instructions of the two functions that do nothing in tests/malloc/pairs.c
LARGE_KIB = 256
DEBIAN = ["python3", "perl", "lua", "sqlite3", "cc1"]
OURS = {"numbers": 200, "words": 600, "tree": 1500, "random": 1500, "batch": 500}
THREAD_WORK = [(work, threads) for work in ("server", "handover", "mixed") for threads in (1, 2, 4)]
PEAK_RUNS, SMALL_PEAK_RUNS = 10, 40    # Linux counts resident pages for each processor by itself: a peak is right to 256 KiB only
THREAD_ROUNDS = 15    # of a tenth of a second: one alone says little
SETTINGS = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "PERL_HASH_SEED": "0", "LC_ALL": "C"}

failures = []
lock = threading.Lock()


def say(words):
    print(f"bench-malloc: {words}", file=sys.stderr, flush=True)


def attempt(peer, what, body, *arguments):
    """body(*arguments), or None and a line in `failures`."""
    try:
        return body(*arguments)
    except (instructions.Failure, redis_memory.Failure, corpus.Failure, subprocess.SubprocessError, OSError, ValueError) as failure:
        with lock:
            failures.append(f"{peer.name}: {what}: {failure}")
        return None


def in_parallel(body, jobs):
    """=> [body(*job)], two at a time"""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda job: body(*job), jobs))


# ---- pairs ----
def count_pairs(which, number, preload):
    paths = instructions.count([os.path.join(TOOLS, "pairs"), which, str(number)], preload).paths
    return [path.instructions for path in paths]


def measure_pairs(everyone, quick):
    number = 2000 if quick else 10000
    plan = subprocess.run([os.path.join(TOOLS, "pairs")], capture_output=True, text=True, check=True).stdout.splitlines()
    loop = count_pairs("none", number, None)
    counted = in_parallel(lambda peer: attempt(peer, "pairs", count_pairs, "malloc", number, peer.preload), [(p,) for p in everyone])
    return {peer.name: {line: (sums[i] - loop[i]) / number + STUBS if sums else None for i, line in enumerate(plan)}
            for peer, sums in zip(everyone, counted)}


# ---- traces ----
def lab_row(peer, trace):
    """What malloc-lab itself finds, on the machine: its columns of numbers."""
    done = subprocess.run([LAB, "-a", "libc", trace], env=peers.environment(peer), capture_output=True, text=True, timeout=300,
                          check=False)
    row = re.search(r"^  libc(.*)$", done.stdout, re.M)
    if done.returncode != 0 or not row:
        raise ValueError(f"malloc-lab ended with status {done.returncode}: {done.stderr.strip()}")
    return row.group(1).split()


def measure_trace(peer, trace, loop, peak_kib):
    replay = attempt(peer, traces.short(trace), instructions.replay, "libc", trace, peer.preload)
    row = attempt(peer, traces.short(trace), lab_row, peer, trace)
    return {"large": peak_kib >= LARGE_KIB, "instructions": replay and replay.above(loop), "longest": replay and replay.longest[0],
            "longest_realloc": replay and replay.longest[1], "utilisation": row and float(row[0]), "faults": row and int(row[4]),
            "refilled": row and int(row[5]), "freed": row and int(row[6])}


def peak_of(trace):
    """KiB live at the peak: malloc-lab says it of every trace."""
    done = subprocess.run([LAB, "-a", "bump", trace], capture_output=True, text=True, check=True)
    return int(re.search(r"at most (\d+) KiB live", done.stdout).group(1))


def measure_traces(everyone, files):
    found = {peer.name: {} for peer in everyone}
    with tempfile.TemporaryDirectory() as folder:
        plain = [traces.plain(folder, name) for name in files]
        loops = dict(zip(plain, in_parallel(lambda trace: instructions.replay("none", trace), [(trace,) for trace in plain])))
        jobs = [(peer, trace, loops[trace], peak_of(trace)) for trace in plain for peer in everyone]
        for (peer, trace, *_), row in zip(jobs, in_parallel(measure_trace, jobs)):
            found[peer.name][traces.short(trace)] = row
    return found


# ---- programs ----
def cc1_words(folder, quick):
    """The compiler proper on a file that was preprocessed before, so that no other process is in the figures."""
    source = os.path.join(TOP, "tests", "malloc", "programs.c") if quick else os.path.join(TOP, "tests", "guest", "fuzz_memory.c")
    prepared = os.path.join(folder, "input.i")
    subprocess.run(["gcc", "-E", "-P", "-D_GNU_SOURCE", "-o", prepared, source], check=True)
    cc1 = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=True).stdout.strip()
    return [cc1, "-quiet", "-O2", "-o", "/dev/null", prepared]


def program_list(folder, quick):
    """=> {name: words}"""
    part = 5 if quick else 1

    def workload(name):
        return os.path.join(WORKLOADS, name)

    words = {"python3": ["/usr/bin/python3", workload("objects.py"), str(100 // part)],
             "perl": ["/usr/bin/perl", workload("hashes.pl"), str(200 // part)],
             "lua": ["/usr/bin/lua5.4", workload("trees.lua"), str(400 // part)],
             "sqlite3": ["/usr/bin/sqlite3", ":memory:", "-cmd", f"create table scale(v); insert into scale values({400 // part});",
                         ".read " + workload("index.sql")],
             "cc1": cc1_words(folder, quick)}
    for name, scale in OURS.items():
        words[name] = [os.path.join(TOOLS, "programs"), name, str(scale // part)]
    return words


def run_for_peak(peer, words):
    """=> (KiB, page faults)"""
    with tempfile.NamedTemporaryFile("r", encoding="ascii") as answer:
        done = subprocess.run([os.path.join(TOOLS, "peak"), answer.name, peer.preload or "-", *words],
                              env={**peers.environment(peers.GLIBC), **SETTINGS}, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise ValueError(f"status {done.returncode}: {done.stderr.strip()[:300]}")
        kib, faults = answer.read().split()
    return int(kib), int(faults)


def count_program(peer, words):
    return instructions.count(words, peer.preload, SETTINGS, stdout=subprocess.DEVNULL, timeout=900).all


def measure_program(peer, name, words, runs):
    counted = attempt(peer, name, count_program, peer, words)
    peaks = [attempt(peer, name, run_for_peak, peer, words) for _ in range(runs)]
    whole = None not in peaks
    return {"instructions": counted, "kib": statistics.mean(peak[0] for peak in peaks) if whole else None,
            "faults": min(peak[1] for peak in peaks) if whole else None}


def measure_programs(everyone, quick):
    found = {peer.name: {} for peer in everyone}
    with tempfile.TemporaryDirectory() as folder:
        jobs = [(peer, name, words, 1 if quick else SMALL_PEAK_RUNS if name in OURS else PEAK_RUNS) for name, words in program_list(folder, quick).items() for peer in everyone]
        for (peer, name, *_), row in zip(jobs, in_parallel(measure_program, jobs)):
            found[peer.name][name] = row
    return found


# ---- redis, refill ----
def measure_redis(everyone, quick):
    phases = redis_memory.load(redis_memory.KEYS // (10 if quick else 1))
    return {peer.name: attempt(peer, "redis-server", redis_memory.measure, peers.environment(peer), phases) or {} for peer in everyone}


def refill_row(peer):
    done = subprocess.run([LAB, "-f", "-w", "2", "-a", "libc"], env=peers.environment(peer), capture_output=True, text=True,
                          timeout=120, check=False)
    row = re.search(r"^libc(.*)$", done.stdout, re.M)
    if done.returncode != 0 or not row:
        raise ValueError(f"malloc-lab ended with status {done.returncode}: {done.stderr.strip()}")
    return dict(zip(("live", "filled", "refilled", "freed"), map(int, row.group(1).split())))


def measure_refill(everyone):
    rows = in_parallel(lambda peer: attempt(peer, "malloc-lab -f", refill_row, peer), [(peer,) for peer in everyone])
    return {peer.name: row or {} for peer, row in zip(everyone, rows)}


# ---- threads ----
def thread_rate(peer, work, threads, operations):
    done = subprocess.run([os.path.join(TOOLS, "threads"), work, str(threads), str(operations)], env=peers.environment(peer),
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise ValueError(f"status {done.returncode}: {done.stderr.strip()[:300]}")
    return float(done.stdout)


def measure_threads(everyone, quick):
    rates = {peer.name: {f"{work} {threads}": [] for work, threads in THREAD_WORK} for peer in everyone}
    for _ in range(1 if quick else THREAD_ROUNDS):
        for work, threads in THREAD_WORK:
            for peer in everyone:
                rate = attempt(peer, f"{work}, {threads} threads", thread_rate, peer, work, threads, 400_000 if quick else 3_000_000)
                rates[peer.name][f"{work} {threads}"].append(rate)
    return {name: {key: None if None in values else statistics.median(values) for key, values in row.items()}
            for name, row in rates.items()}


# ---- misuse, lines ----
def measure_misuse(everyone):
    def shares(peer):
        table = attempt(peer, "misuse", lambda: corpus.measure([peer])[0])
        return {mode: corpus.share(table, mode) for mode in corpus.MODES} if table else {}

    return {peer.name: row for peer, row in zip(everyone, in_parallel(shares, [(peer,) for peer in everyone]))}


INTERFACE = ["malloc.c", "blocks.h"]
TABLE = ["chosen.c", "shared.c", "allocator.h"]
SEAM = ["glue_libc.c", "glue.h", "words.c", "words.h", "words.def", "site.c", "stats.c", "told.h", "inspect.h", "interface.h", "names.h"]
HEAP = ["classic/*"]    # what the product stands on; classic.c is the table of the allocator classic
OWN = {"malloc": (["product/*"], HEAP, ["product/table.c", "classic/classic.c"]), "classic": (HEAP + TABLE, [], []),
       **{name: ([file] + TABLE, [], []) for name, file in (("bump", "bump.c"), ("list", "list.c"), ("first", "list.c"), ("implicit", "list.c"))}}


def lines_of(name):
    """=> [{file: lines, comments included}]: its own files and the interface, what they stand on, the seam and the texts that all share"""
    folder = os.path.join(TOP, "libc", "malloc")
    own, below, left_out = OWN[name]
    rows = []
    for patterns in (own + INTERFACE, below, SEAM):
        files = sorted({os.path.relpath(path, folder) for pattern in patterns for path in glob.glob(os.path.join(folder, pattern))})
        rows.append({file: len(open(os.path.join(folder, file), encoding="utf-8").readlines()) for file in files if file not in left_out})
    return rows


def measure_lines(name):
    """=> [its own, with what they stand on, with what all share]"""
    return list(itertools.accumulate(sum(row.values()) for row in lines_of(name)))


def measure_all(everyone, quick, files):
    """=> everything, by part and allocator"""
    failures.clear()
    if quick:
        files = [name for name in files if os.path.getsize(name) < 50_000]
    results = {"allocators": {peer.name: peer.preload for peer in everyone}, "quick": quick}
    say("pairs")
    results["pairs"] = measure_pairs(everyone, quick)
    say(f"{len(files)} traces")
    results["traces"] = measure_traces(everyone, files)
    say("programs")
    results["programs"] = measure_programs(everyone, quick)
    say("redis-server")
    results["redis"] = measure_redis(everyone, quick)
    results["refill"] = measure_refill(everyone)
    say("misuse")
    results["misuse"] = measure_misuse(everyone)
    say("threads")
    results["threads"] = measure_threads(everyone, quick)
    results["lines"] = {everyone[0].name: measure_lines(everyone[0].name)}
    results["failures"] = failures
    return results


def show_lines(name):
    """`make malloc-lines`"""
    for title, row in zip((f"{name} and the interface", "what it stands on", "the seam, texts and statistics, which all allocators share"),
                          lines_of(name)):
        print(f"{sum(row.values()):5} {title}")
        for file, lines in row.items():
            print(f"      {lines:5} {file}")


if __name__ == "__main__":
    tool.run(lambda: show_lines(peers.chosen()))
