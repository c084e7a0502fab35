/* SPDX-License-Identifier: MIT */
/* alarm.c - SIGALRM when its time has come: the processes that wait for one, the earliest first, looked at by the tick.
 *
 * So an alarm comes up to a tick late, never early. The hook is set when the first alarm is.
 * Lock: alarm_lock guards the list and process->alarm_ns; a signal's locks are taken with it held. */
#include <asm/signal.h>
#include <proc/alarm.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/siginfo.h>

static struct spinlock alarm_lock;
static TAILQ_HEAD(, process) alarms = TAILQ_HEAD_INITIALIZER(alarms);

static void take_out(struct process *process)
{
    TAILQ_REMOVE(&alarms, process, alarm_link);
    process->alarm_ns = 0;
}

static void ring(uint64_t now)
{
    const struct signal_info info = {.number = SIGALRM, .code = SI_KERNEL};
    struct process *process;
    spin_lock(&alarm_lock);
    while ((process = TAILQ_FIRST(&alarms)) && process->alarm_ns <= now) {
        take_out(process);
        signal_send(process, &info);
    }
    spin_unlock(&alarm_lock);
}

static void insert(struct process *process)
{
    struct process *after;
    TAILQ_FOREACH(after, &alarms, alarm_link)
        if (after->alarm_ns > process->alarm_ns)
            break;
    if (after)
        TAILQ_INSERT_BEFORE(after, process, alarm_link);
    else
        TAILQ_INSERT_TAIL(&alarms, process, alarm_link);
}

uint64_t alarm_set(struct process *process, uint64_t when_ns)
{
    if (!when_ns && !process->alarm_ns)
        return 0;
    spin_lock(&alarm_lock);
    uint64_t old = process->alarm_ns;
    if (old)
        take_out(process);
    process->alarm_ns = when_ns;
    if (when_ns)
        insert(process);
    sched_tick_hook = ring;
    spin_unlock(&alarm_lock);
    return old;
}
