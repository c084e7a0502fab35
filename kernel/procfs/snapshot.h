/* SPDX-License-Identifier: MIT */
/* snapshot.h - the numbers of a process at one moment, for the files that print them in different orders. */
#pragma once

#include <proc/process.h>
#include <procfs/text.h>
#include <types.h>

struct proc_snapshot {
    char name[PROCESS_NAME_SIZE];
    char state; /* R S D T Z, as ps(1) has them */
    int pid, process, parent, group, session;
    unsigned threads;
    unsigned umask, fd_size;
    int nice;
    unsigned cpu;                                               /* where it runs, or ran last */
    uint32_t cpus;                                              /* where it may: a bit for each */
    uint64_t pending, shared_pending, blocked, ignored, caught; /* pending: the thread's own */
    struct process_usage usage, children;
    uint64_t started_ns;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t resident_limit, pending_limit;
    int exit_status;

    bool has_memory; /* false: it has exited, and what follows is 0 */
    /* pages */
    uint64_t total, peak, data, stack, exec, text, locked;
    uint64_t resident[PAGE_OWNERS], resident_all, resident_peak, swapped, tables;
    vaddr_t code_start, code_end, data_start, data_end, brk_start, stack_start;
    vaddr_t arg_start, arg_end, env_start, env_end;
};

/* Of the process that the text is about, or of one of its threads; else its first thread's numbers, and times and faults of
 * all. May wait for the address space's lock; the process is not looked at after that. */
void proc_snapshot(const struct proctext *text, struct proc_snapshot *snapshot);
