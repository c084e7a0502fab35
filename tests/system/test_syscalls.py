# SPDX-License-Identifier: MIT
"""Every system call of the table has rows in one of the tables of refusals (tests/guest/errors_*.c), unless it refuses nothing. What the rows say is judged by test_programs.py: Linux first, then the guest."""

import os
import re

import lab

# Calls whose man page has no error that a program can bring about, and those that would end or stop the program.
NEVER_REFUSE = {"brk", "fork", "vfork", "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getpgrp",
                "set_tid_address", "sched_yield", "umask", "sync", "munlockall", "eventfd", "setreuid", "setregid", "setresuid", "setresgid", "personality", "exit", "exit_group", "pause", "alarm", "rt_sigreturn", "sched_setparam"}


def read(*names):
    with open(os.path.join(lab.ROOT, *names), encoding="utf-8") as file:
        return file.read()


def calls():
    return set(re.findall(r"^SYSCALL\((\w+)", read("kernel", "sys", "table.h"), re.MULTILINE))


def pairs():
    """(call, its outcome) -> rows, of what the tables print on Linux."""
    found = {}
    for name in (name for name in lab.sources("tests/guest") if name.startswith("errors_")):
        printed = lab.linux([os.path.join(lab.BUILD, "tests", "musl", name)]).stdout.decode()
        for call, outcome in re.findall(r"^(\w+)\(.*\): (\w+)$", printed, re.MULTILINE):
            found[call, outcome] = found.get((call, outcome), 0) + 1
    return found


def test_each_call_that_refuses_has_rows():
    found = pairs()
    refused = {call for call, outcome in found if outcome != "succeeded"}
    print(f"{sum(found.values())} rows, {len(found)} pairs of call and outcome, {len(refused)} of {len(calls())} calls refuse")
    assert calls() - refused - NEVER_REFUSE == set()
    assert sum(found.values()) > 1000
