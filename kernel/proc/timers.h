/* SPDX-License-Identifier: MIT */
/* timers.h - what a timer is, and those of a process. What is done with them: timer.h. */
#pragma once

#include <list.h>
#include <types.h>

struct process;

/* What a clock tells. */
enum clock_kind {
    CLOCK_NONE,
    CLOCK_REAL,
    CLOCK_SINCE_BOOT,
    CLOCK_OF_PROCESS,
    CLOCK_OF_PROCESS_USER,
    CLOCK_OF_THREAD
};

struct timer {
    struct process *process;
    enum clock_kind clock;   /* real time counts like time since boot: setting the clock moves no timer */
    int clock_tid;           /* CLOCK_OF_THREAD: whose */
    uint64_t due;            /* by its clock; 0: not set */
    uint64_t interval;       /* and again after so many nanoseconds; 0: once */
    int signal;              /* 0: none, it is only looked at */
    int tid;                 /* the thread that gets it; 0: the process */
    TAILQ_ENTRY(timer) link; /* while it is set: in one of timer.c's list or its process's */
    /* of timer_create: */
    int id; /* -1: not one of those */
    int overrun;
    uint64_t value;
    LIST_ENTRY(timer) own; /* in the process's list */
};

TAILQ_HEAD(timer_list, timer);

/* What a process has. Zeroed, but for timers_init(): none is set. */
struct timers {
    struct timer interval[3]; /* of setitimer, by ITIMER_ */
    struct timer_list cpu;    /* those that are set by the time that the process has used */
    LIST_HEAD(timers_made, timer)
    made; /* by timer_create; used by the process's own system calls only */
    int made_count, next_id;
};
