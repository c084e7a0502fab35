# SPDX-License-Identifier: MIT
"""Several CPUs: that all of them start and are told of, and that programs of several threads and processes find there what they find on
one, and on Linux. (tests/guest/thread_cpus.c asks what only several can get wrong; here it has them.)"""

import os
import re
import shutil
import sys

import pytest

import lab

sys.path[:0] = [os.path.join(lab.ROOT, "scripts", "trace")]

import model     # noqa: E402 (the scripts' folder comes first)
import schema    # noqa: E402
import sizes     # noqa: E402

TWO = ["-c", "2"]
TWO_IN_TURN = [*TWO, "--swap", "1"]    # with a disk QEMU has one thread for both (scripts/qemu.py): the host cannot hold up one of them alone
NAMES = [("ours", f"thread_{what}") for what in ("cpus", "c11", "cancel", "exit", "fork", "futex", "join", "mutex", "objects", "robust",
                                                  "signals", "soak", "spawn", "sync")]
NAMES += [("musl", name) for name in ("thread_cpus", "mm_fork", "mm_mprotect", "mm_mremap", "mm_munmap", "mm_shared", "proc_exec", "proc_oom",
                                      "proc_orphans", "proc_wait", "sys_pipe", "sys_registers")]


@pytest.mark.parametrize("library,name", NAMES)
def test_programs(library, name):
    """They know what they should find; test_programs.py holds that Linux agrees."""
    with open(os.path.join(lab.ROOT, "tests", "guest", name + ".c"), encoding="utf-8") as source:
        dozes = "doze()" in source.read()    # and takes it for granted that others have come far enough meanwhile
    result = lab.guest([os.path.join(lab.BUILD, "tests", library, name)], options=TWO_IN_TURN if dozes else TWO)
    assert "ledger: balanced" in lab.log_of(result)
    assert result.returncode == 0, result.stdout.decode()


LOOK = ("nproc; grep -c ^processor /proc/cpuinfo; grep -c '^cpu[0-9]' /proc/stat; cat /sys/devices/system/cpu/online; grep Cpus_allowed /proc/self/status; "
        "ls -d /sys/devices/system/cpu/cpu[0-9] | wc -l; for n in /sys/devices/system/cpu/cpu*/topology; do cat $n/core_id $n/core_cpus $n/core_siblings_list; done")


@pytest.mark.parametrize("count, every, mask", [(1, "0", "1"), (2, "0-1", "3"), (3, "0-2", "7"), (8, "0-7", "ff")])
def test_all_run_and_are_told_of(count, every, mask):
    result = lab.guest(["sh", "-c", LOOK], options=["-c", str(count)])
    log = lab.log_of(result)
    assert ("cpu:" in log) == (count > 1)
    assert count == 1 or f"cpu: {count} of {count} run\n" in log
    width = len(mask)
    cores = [line for n in range(count) for line in (str(n), f"{1 << n:0{width}x}", every)]
    assert result.stdout.decode().split("\n")[:-1] == [str(count)] * 3 + [every, f"Cpus_allowed:\t{mask}", f"Cpus_allowed_list:\t{every}",
                                                                          str(count), *cores]
    assert "ledger: balanced" in log


def test_more_than_the_kernel_has_room_for():
    result = lab.guest(["nproc"], options=["-c", "12"])
    assert (result.stdout, result.returncode) == (b"8\n", 0)
    assert "cpu: 8 of 12 run\n" in lab.log_of(result)


def test_it_boots_by_grub():
    booted = lab.boot(cpus=2, iso=os.path.join(lab.BUILD, "tour.iso"))
    assert booted.status == lab.qemu.CLEAN and "cpu: 2 of 2 run" in booted.output and "ledger: balanced" in booted.output


def test_a_panic_ends_the_machine():
    """Beside CPUs that wait for the lock that it has."""
    booted = lab.boot(cpus=3, append="panic=test")
    assert booted.status == lab.qemu.PANIC and "unable to handle page fault" in booted.output


def test_a_process_stays_where_it_was_sent():
    """taskset(1), Linux's own words for where a thread was last: the 39th number of its stat."""
    script = "for mask in 1 2 4; do taskset $mask sh -c 'nproc; cut -d\" \" -f39 /proc/self/stat'; done; taskset 8 true || echo none"
    result = lab.guest(["sh", "-c", script], options=["-q", "-c", "3"])
    assert result.stdout.decode().split() == ["1", "0", "1", "1", "1", "2", "none"]


def test_both_work():
    """Two processes that only compute, each longer than many time slices: both CPUs did, and the first line is their sum."""
    script = "work() { i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; }; work & work; wait; cat /proc/stat"
    text = lab.guest(["sh", "-c", script], options=["-q", *TWO]).stdout.decode()
    lines = {name: [int(number) for number in numbers.split()] for name, numbers in re.findall(r"^(cpu\d?) +([\d ]+)$", text, re.M)}
    assert lines["cpu0"][0] > 5 and lines["cpu1"][0] > 5, text
    assert all(abs(total - a - b) <= 1 for total, a, b in zip(lines["cpu"], lines["cpu0"], lines["cpu1"])), text


def test_malloc_in_threads():
    """Four threads of a program of Debian's C library, with our malloc preloaded, against the model of what must be where."""
    lab.make("malloc-lab", "malloc/model")
    library = os.path.join(lab.BUILD, "libmalloc.so")
    result = lab.guest([os.path.join(lab.BUILD, "malloc", "model"), "4", "100000", "7", "fork"],
                       options=["-q", *TWO, "-m", "512", "-f", library, "-e", "LD_PRELOAD=" + library])
    assert result.returncode == 0 and b"nothing wrong" in result.stdout, result.stderr.decode()


def test_memory_that_is_larger_than_ram():
    result = lab.guest([lab.program("swapping"), "crowd", "30", "1"], options=["-m", "24", "--swap", "256", *TWO])
    assert result.returncode == 0, result.stdout.decode() + lab.log_of(result)
    assert "ledger: balanced" in lab.log_of(result)


def test_the_last_frames_are_in_the_other_cpus_cache():
    """They are taken before somebody has to go: no frame is free when memory has run out, though the other CPU has used and freed some."""
    result = lab.guest(["sh", "-c", "taskset 2 cat /proc/self/smaps > /dev/null; taskset 1 leak -forever"], options=["-m", "32", *TWO])
    log = lab.log_of(result)
    assert re.search(r"Out of memory: Killed process \d+ \(leak\)", log), log
    assert "  frames: anon" in log and "  frames: free" not in log, log
    assert "ledger: balanced" in log


def test_stress():
    if not shutil.which("stress-ng"):
        pytest.skip("stress-ng is not installed: scripts/doctor names its package")
    kinds = {"vm": 60, "fault": 100, "mmapfork": 1, "mprotect": 40, "mremap": 3, "futex": 300, "pipe": 300, "fork": 40, "malloc": 500, "switch": 300}
    words = [shutil.which("stress-ng"), "--seed", "1", "--vm-bytes", "4M", "--mremap-bytes", "1M", "--malloc-bytes", "1M"]
    for kind, operations in kinds.items():
        words += [f"--{kind}", "2", f"--{kind}-ops", str(operations)]
    result = lab.guest(words, options=["-m", "256", *TWO], seconds=300)
    assert result.returncode == 0, (result.stdout + result.stderr).decode()
    assert "successful run completed" in (result.stdout + result.stderr).decode()
    assert "ledger: balanced" in lab.log_of(result)


def test_the_stream_tells_the_same(tmp_path):
    """What is replayed from the events of two CPUs agrees with the kernel's counters, of every process, at every moment."""
    forks = os.path.join(lab.BUILD, "tests", "ours", "thread_fork")
    script = f"vmrss > /dev/null & {forks} > /dev/null & vmrss > /dev/null; wait"
    folder = tmp_path / "events"
    result = lab.guest(["sh", "-c", script], options=["-q", *TWO, "-f", forks, "--trace", str(folder), "-m", "256"])
    assert result.returncode == 0, result.stderr.decode()
    processes = model.replay(list(schema.Schema().read(folder))).processes.values()
    assert len(processes) > 10 and sum(len(process.counters) for process in processes) > 100
    assert [difference for process in processes for difference in sizes.differences(process)] == []


@pytest.mark.parametrize("count", [1, 2])
def test_the_experiment(count, tmp_path):
    """What takes pages away from the thread on the other CPU asks that one; on one CPU nobody is asked."""
    result = lab.guest(["cpus", "-v"], options=["-q", "-c", str(count), "--trace", str(tmp_path / "events"), "--trace-level", "3"])
    text = result.stdout.decode()
    assert ("the first runs on CPU 0, the second on CPU 1" if count == 2 else "both run on CPU 0, in turn") in text
    assert text.count("at the page's address: yes") == 2 and "YES" not in text and "NO" not in text
    asked = [event.asked for event in schema.Schema().read(tmp_path / "events") if event.name == "tlb"]
    assert set(asked) <= set(range(count)) and asked.count(1) >= (3 if count == 2 else 0), asked
