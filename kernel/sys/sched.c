/* SPDX-License-Identifier: MIT */
/* sched.c - the calls that ask for another scheduling than everybody's: any CPU, one policy (SCHED_OTHER), time slices in turn.
 *
 * Which CPUs a thread may run on is obeyed. Of the rest, what asks for just that is granted; a niceness is kept and told, and has no
 * effect; other policies are refused as for a user without the right to them. */
#include <sys/calls.h>

#include <arch/x86/percpu.h>
#include <arch/x86/usercopy.h>
#include <proc/process.h>
#include <sys/timespec.h>

#include <asm-generic/errno.h>
#include <linux/resource.h>
#include <linux/sched.h>

#define REALTIME_LOWEST 1
#define REALTIME_HIGHEST 99
#define NICE_LOWEST 19
#define NICE_HIGHEST (-20)
#define SLICE_NS 10000000UL

/* 0: the caller. => NULL: there is none. */
static struct task *named(uint64_t tid)
{
    return (int)tid ? task_find((int)tid) : current_task();
}

/* => -EINVAL, -ESRCH */
static int check_task(uint64_t tid)
{
    if ((int)tid < 0)
        return -EINVAL;
    return named(tid) ? 0 : -ESRCH;
}

int64_t sys_sched_yield(struct trapframe *)
{
    sched_yield();
    return 0;
}

int64_t sys_sched_getaffinity(struct trapframe *frame)
{
    uint64_t cpus = CPUS_ONLINE;
    if (ARG1(frame) < sizeof(cpus) || ARG1(frame) % sizeof(cpus))
        return -EINVAL;
    const struct task *task = named(ARG0(frame));
    if (!task)
        return -ESRCH;
    cpus &= task->thread.cpus;
    int error = copy_to_user(ARG2(frame), &cpus, sizeof(cpus));
    return error ? error : (int64_t)sizeof(cpus);
}

int64_t sys_sched_setaffinity(struct trapframe *frame)
{
    uint64_t cpus = 0;
    if (copy_from_user(&cpus, ARG2(frame), MIN(ARG1(frame), sizeof(cpus))) != 0)
        return -EFAULT;
    struct task *task = named(ARG0(frame));
    if (!task)
        return -ESRCH;
    if (!(cpus & CPUS_ONLINE))
        return -EINVAL;
    thread_run_on(&task->thread, (uint32_t)cpus & CPUS_ONLINE);
    return 0;
}

static_assert(SCHED_NORMAL == 0, "everybody's policy is also what check_task() answers");
SYSCALL_IS(sched_getscheduler, check_task(ARG0(frame)));

int64_t sys_sched_getparam(struct trapframe *frame)
{
    const int priority = 0;
    int error = ARG1(frame) ? check_task(ARG0(frame)) : -EINVAL;
    return error ? error : copy_to_user(ARG1(frame), &priority, sizeof(priority));
}

/* => -EINVAL: no such policy, or not with this priority; -EPERM: not here. */
static int64_t set_policy(uint64_t tid, int policy, vaddr_t parameter)
{
    int priority;
    if (!parameter || (int)tid < 0)
        return -EINVAL;
    if (copy_from_user(&priority, parameter, sizeof(priority)) != 0)
        return -EFAULT;
    int error = check_task(tid);
    if (error)
        return error;
    switch (policy) {
    case SCHED_NORMAL:
    case SCHED_BATCH:
    case SCHED_IDLE:
        return priority == 0 ? 0 : -EINVAL;
    case SCHED_FIFO:
    case SCHED_RR:
        return priority >= REALTIME_LOWEST && priority <= REALTIME_HIGHEST ? -EPERM : -EINVAL;
    default:
        return -EINVAL;
    }
}

SYSCALL_IS(sched_setscheduler, set_policy(ARG0(frame), (int)ARG1(frame), ARG2(frame)));
SYSCALL_IS(sched_setparam, set_policy(ARG0(frame), SCHED_NORMAL, ARG1(frame)));

static int64_t priority_of(int policy, int realtime)
{
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        return realtime;
    return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE || policy == SCHED_DEADLINE
               ? 0
               : -EINVAL;
}

SYSCALL_IS(sched_get_priority_max, priority_of((int)ARG0(frame), REALTIME_HIGHEST));
SYSCALL_IS(sched_get_priority_min, priority_of((int)ARG0(frame), REALTIME_LOWEST));

int64_t sys_sched_rr_get_interval(struct trapframe *frame)
{
    int error = check_task(ARG0(frame));
    return error ? error : timespec_write(ARG1(frame), SLICE_NS);
}

/* ---- niceness ------------------------------------------------------------------------------------------ */

static bool chosen(const struct process *process, int which, int who)
{
    const struct process *self = current_process();
    switch (which) {
    case PRIO_PROCESS:
        return who ? process->pid == who : process == self;
    case PRIO_PGRP:
        return process->group == (who ? who : self->group);
    default:
        return who == 0; /* there is one user */
    }
}

/* nice NULL: asks. => 20 - the lowest niceness, 0 if it was set; -ESRCH, -EINVAL. */
static int64_t priority(int which, int who, const int *nice)
{
    int64_t result = -ESRCH;
    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    PROCESS_FOREACH (process) {
        if (!chosen(process, which, who))
            continue;
        if (nice)
            process->nice = *nice;
        result = nice ? 0 : MAX(result, NICE_LOWEST + 1 - process->nice);
    }
    return result;
}

SYSCALL_IS(getpriority, priority((int)ARG0(frame), (int)ARG1(frame), NULL));

int64_t sys_setpriority(struct trapframe *frame)
{
    int nice = MAX(MIN((int)ARG2(frame), NICE_LOWEST), NICE_HIGHEST);
    return priority((int)ARG0(frame), (int)ARG1(frame), &nice);
}
