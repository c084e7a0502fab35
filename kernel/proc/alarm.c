/* SPDX-License-Identifier: MIT */
/* alarm.c - SIGALRM when its time has come: the processes that wait for one, the earliest first, looked at by
 * the tick.
 *
 * So an alarm comes up to a tick late, never early. The hook is set when the first alarm is.
 * Lock: alarm_lock guards the list and process->alarm_ns; a signal's locks are taken with it held. */
#include <asm/signal.h>
#include <proc/alarm.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/siginfo.h>

static struct spinlock alarm_lock;
TAILQ_HEAD(alarm_list, process);
static struct alarm_list alarms = TAILQ_HEAD_INITIALIZER(alarms);

static void take_out(struct process *process)
{
    TAILQ_REMOVE(&alarms, process, alarm_link);
    process->alarm_ns = 0;
}

static void insert(struct process *process)
{
    struct process *after = NULL;
    TAILQ_FOREACH (after, &alarms, alarm_link)
        if (after->alarm_ns > process->alarm_ns)
            break;
    if (after)
        TAILQ_INSERT_BEFORE(after, process, alarm_link);
    else
        TAILQ_INSERT_TAIL(&alarms, process, alarm_link);
}

/* The next time after `now`; times that have been missed are not made up for. */
static uint64_t next_time(uint64_t due, uint64_t interval, uint64_t now)
{
    return due + ((now - due) / interval + 1) * interval;
}

static void ring(uint64_t now)
{
    const struct signal_info info = {.number = SIGALRM, .code = SI_KERNEL};
    struct process *process;
    spin_lock(&alarm_lock);
    while ((process = TAILQ_FIRST(&alarms)) && process->alarm_ns <= now) {
        uint64_t due = process->alarm_ns;
        take_out(process);
        if (process->alarm_interval) {
            process->alarm_ns = next_time(due, process->alarm_interval, now);
            insert(process);
        }
        signal_send(process, &info);
    }
    spin_unlock(&alarm_lock);
}

void alarm_set(struct process *process, uint64_t when_ns, uint64_t interval)
{
    spin_lock(&alarm_lock);
    if (process->alarm_ns)
        take_out(process);
    process->alarm_ns = when_ns;
    process->alarm_interval = interval;
    if (when_ns) {
        insert(process);
        sched_tick_hook = ring;
    }
    spin_unlock(&alarm_lock);
}
