/* SPDX-License-Identifier: MIT */
/* task.h - a thread as proc/ sees it: what each thread of a process has for itself. What they share is in process.h. */
#pragma once

#include <arch/x86/percpu.h>
#include <arch/x86/sigframe.h>
#include <list.h>
#include <sched/thread.h>
#include <types.h>

#define PROCESS_NAME_SIZE 16 /* TASK_COMM_LEN of Linux */

struct queued_signal; /* signal.c */
TAILQ_HEAD(signal_queue, queued_signal);

/* A set of signals is a word: bit n - 1 is signal n. */
struct pending_signals {
    uint64_t set;
    struct signal_queue queue; /* their infos, the oldest first */
};

struct task {
    struct thread thread;         /* sched's part; thread.process is its process, for good */
    TAILQ_ENTRY(task) sibling;    /* in the process's list; guarded by: process_table_lock */
    LIST_ENTRY(task) hash;        /* by tid; guarded by: process_table_lock */
    char name[PROCESS_NAME_SIZE]; /* unless it is the first thread: see task_name() */
    vaddr_t set_child_tid, clear_child_tid;
    vaddr_t robust_list; /* robust.c; 0: none */
    uint64_t
        restart_deadline; /* a timed sleep was interrupted that goes on until then if no handler runs; 0: none */
    uint64_t minor_faults, major_faults;

    /* guarded by: the process's signals->lock */
    struct pending_signals pending; /* for this thread alone */
    uint64_t blocked;
    uint64_t wanted;        /* blocked, but rt_sigtimedwait sleeps for them */
    uint64_t saved_blocked; /* rt_sigsuspend: the set to go back to */
    bool restore_blocked;
    struct sigframe_stack stack;                     /* sigaltstack */
    uint64_t fault_trap, fault_error, fault_address; /* of the last fault, for the sigcontext */

    uint8_t fpu[FPU_STATE_SIZE] __attribute__((aligned(16)));
};

static inline struct task *current_task(void)
{
    return CONTAINER_OF(current_thread(), struct task, thread);
}
