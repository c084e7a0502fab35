/* SPDX-License-Identifier: MIT */
/* timer.c - a signal when a time has come, looked for by the tick: so it comes up to a tick late, never early.
 *
 * Timers that count real time are in one list, the earliest first. Those that count what a process has used of the CPU
 * are in a list of that process, which is walked while it runs. The hook is set when the first timer is.
 *
 * A timer of timer_create has one signal pending at most; when it is due again before that was taken, its overruns are
 * counted there (signal.c).
 * Lock: timer_lock guards the lists and all that is said of when a timer is due; a signal's locks are taken with it held. */
#include <arch/x86/clock.h>
#include <asm/signal.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <proc/timer.h>

#include <asm-generic/siginfo.h>

static struct spinlock timer_lock;
static struct timer_list real_timers = TAILQ_HEAD_INITIALIZER(real_timers);
static struct kmem_cache timer_cache = KMEM_CACHE("timer", struct timer);

static struct timer_list *list_of(const struct timer *timer)
{
    return timer->clock > CLOCK_SINCE_BOOT ? &timer->process->timers.cpu : &real_timers;
}

static void take_out(struct timer *timer)
{
    TAILQ_REMOVE(list_of(timer), timer, link);
    timer->due = 0;
}

static void insert(struct timer *timer, uint64_t due)
{
    struct timer *after = NULL;

    timer->due = due;
    TAILQ_FOREACH (after, list_of(timer), link)
        if (after->due > due)
            break;
    if (after)
        TAILQ_INSERT_BEFORE(after, timer, link);
    else
        TAILQ_INSERT_TAIL(list_of(timer), timer, link);
}

uint64_t timer_now(const struct timer *timer)
{
    uint64_t user_ns, system_ns;
    const struct task *task;

    switch (timer->clock) {
    case CLOCK_OF_PROCESS:
    case CLOCK_OF_PROCESS_USER:
        process_times(timer->process, &user_ns, &system_ns);
        return user_ns + (timer->clock == CLOCK_OF_PROCESS ? system_ns : 0);
    case CLOCK_OF_THREAD:
        task = task_find(timer->clock_tid);
        return task ? thread_cpu_ns(&task->thread) : 0;
    default:
        return clock_now();
    }
}

/* How often it was due after the first time. */
static uint64_t times_missed(const struct timer *timer, uint64_t now)
{
    return timer->interval ? (now - timer->due) / timer->interval : 0;
}

static void send(const struct timer *timer, uint64_t missed)
{
    const bool made = timer->id >= 0;
    const struct signal_info info = {
        .number = timer->signal,
        .code = made ? SI_TIMER : SI_KERNEL,
        .pid = made ? timer->id : 0,
        .uid = made ? (int)MIN(missed, (uint64_t)INT32_MAX) : 0,
        .value = timer->value,
    };
    struct task *task = timer->tid ? task_find(timer->tid) : NULL;

    if (!timer->tid)
        signal_send(timer->process, &info);
    else if (task && task->thread.process == timer->process)
        signal_send_task(task, &info);
}

static void ring_one(struct timer *timer, uint64_t now)
{
    uint64_t missed = times_missed(timer, now), next = timer->due + (missed + 1) * timer->interval;

    take_out(timer);
    if (timer->interval)
        insert(timer, next);
    if (timer->signal)
        send(timer, missed);
}

static void ring(uint64_t now)
{
    struct process *process = current_process();
    struct timer *timer, *next;

    SPIN_GUARD(&timer_lock);
    while ((timer = TAILQ_FIRST(&real_timers)) && timer->due <= now)
        ring_one(timer, now);
    for (timer = process ? TAILQ_FIRST(&process->timers.cpu) : NULL; timer; timer = next) {
        next = TAILQ_NEXT(timer, link);
        if (timer->due <= timer_now(timer))
            ring_one(timer, timer_now(timer));
    }
}

void timer_set(struct timer *timer, uint64_t due, uint64_t interval)
{
    SPIN_GUARD(&timer_lock);
    if (timer->due)
        take_out(timer);
    timer->interval = interval;
    if (due) {
        insert(timer, due);
        sched_tick_hook = ring;
    }
}

/* What is due and has not rung yet is as good as over when no signal comes of it. */
uint64_t timer_left(const struct timer *timer)
{
    uint64_t now = timer_now(timer);

    if (timer->due == 0 || timer->due > now)
        return timer->due ? timer->due - now : 0;
    if (timer->interval)
        return timer->due + (times_missed(timer, now) + 1) * timer->interval - now;
    return timer->signal ? 1 : 0;
}

/* ---- Of a process ---- */

void timers_init(struct process *process)
{
    static const enum clock_kind clocks[] = {[ITIMER_REAL] = CLOCK_SINCE_BOOT,
                                             [ITIMER_VIRTUAL] = CLOCK_OF_PROCESS_USER,
                                             [ITIMER_PROF] = CLOCK_OF_PROCESS};
    static const int signals[] = {
        [ITIMER_REAL] = SIGALRM, [ITIMER_VIRTUAL] = SIGVTALRM, [ITIMER_PROF] = SIGPROF};

    TAILQ_INIT(&process->timers.cpu);
    for (unsigned i = 0; i < ARRAY_SIZE(clocks); i++) {
        struct timer *timer = &process->timers.interval[i];
        timer->process = process;
        timer->clock = clocks[i];
        timer->signal = signals[i];
        timer->id = -1;
    }
}

struct timer *timer_make(const struct timer *template)
{
    struct timers *timers = &template->process->timers;
    struct timer *timer = kmem_alloc(&timer_cache);
    if (!timer)
        return NULL;

    *timer = *template;
    timer->id = timers->next_id++;
    timers->made_count++;
    LIST_INSERT_HEAD(&timers->made, timer, own);
    return timer;
}

struct timer *timer_find(struct process *process, int id)
{
    struct timer *timer;

    LIST_FOREACH (timer, &process->timers.made, own)
        if (timer->id == id)
            break;
    return timer;
}

void timer_told(struct process *process, int id, int overrun)
{
    struct timer *timer = timer_find(process, id);

    if (timer)
        timer->overrun = overrun;
}

void timer_delete(struct timer *timer)
{
    timer_set(timer, 0, 0);
    timer->process->timers.made_count--;
    LIST_REMOVE(timer, own);
    kmem_free(&timer_cache, timer);
}

void timers_exec(struct process *process)
{
    while (!LIST_EMPTY(&process->timers.made))
        timer_delete(LIST_FIRST(&process->timers.made));
}

void timers_end(struct process *process)
{
    timers_exec(process);
    for (unsigned i = 0; i < ARRAY_SIZE(process->timers.interval); i++)
        timer_set(&process->timers.interval[i], 0, 0);
}
