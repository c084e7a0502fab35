/* SPDX-License-Identifier: MIT */
/* thread.c - who runs next: one run queue a CPU, round robin, a tick that ends the time slice.
 *
 *      NEW --thread_start--> READY --switch--> RUNNING --sched_yield, slice over--> READY
 *                              ^                  |  \--thread_exit--> DEAD
 *                              +---thread_wake--- SLEEPING
 *
 * A switch happens with the run queue's lock held, on one stack before context_switch() and on another after
 * it: the lock that the old thread took is let go by the new one (switch_finish). So nobody sees a thread as
 * ready or asleep whose registers are not yet saved.
 *
 * A thread that goes to sleep says so first (thread_sleep_begin), then tells others where it can be found,
 * then gives up the CPU (thread_sleep). Woken in between, it is RUNNING again and does not give it up at all.
 *
 * The boot flow of a CPU becomes its idle thread: it is on no queue and runs when nothing else is ready.
 * Locks: a run queue's lock guards the list, `current` and the state of the threads that belong to it; only RUNNING to
 * SLEEPING is done by the thread itself, without it.
 * Interrupts are off except while the idle loop waits.
 * Not here: moving threads between CPUs, priorities. */
#include <arch/x86/clock.h>
#include <arch/x86/percpu.h>
#include <arch/x86/switch.h>
#include <asm-generic/errno.h>
#include <sched/load.h>
#include <sched/thread.h>
#include <sched/timeout.h>

#define TICK_NS (NS_PER_SECOND / CLOCK_TICK_HZ)
/* So close to a deadline the idle loop polls the clock: the tick would come up to a hundredth of a second
 * late. */
#define POLL_NS (TICK_NS / 10)

STAILQ_HEAD(run_list, thread);

struct run_queue {
    struct spinlock lock;
    struct run_list ready;
    unsigned ready_count;
    struct thread *current;
    struct thread idle;
    uint64_t switches;
    /* Left by a dying thread for whoever runs next. */
    void (*after)(void *);
    void *after_argument;
};

static struct run_queue run_queues[MAX_CPUS];

static inline struct run_queue *this_queue(void)
{
    return current_thread()->queue;
}

void sched_init(void)
{
    struct run_queue *queue = &run_queues[cpu_number()];
    STAILQ_INIT(&queue->ready);
    queue->idle.state = THREAD_RUNNING;
    queue->idle.queue = queue;
    queue->current = &queue->idle;
    this_cpu()->current = &queue->idle;
}

/* ---- Run queue. All with its lock held ---- */

static void make_ready(struct run_queue *queue, struct thread *thread)
{
    thread->state = THREAD_READY;
    STAILQ_INSERT_TAIL(&queue->ready, thread, run_link);
    queue->ready_count++;
}

static struct thread *take_next(struct run_queue *queue)
{
    struct thread *thread = STAILQ_FIRST(&queue->ready);
    if (!thread)
        return &queue->idle;
    STAILQ_REMOVE_HEAD(&queue->ready, run_link);
    queue->ready_count--;
    return thread;
}

/* ---- The switch ---- */

/* The first thing on the new thread's stack. */
static inline void switch_finish(void)
{
    struct run_queue *queue = this_queue();
    void (*after)(void *) = queue->after;
    spin_unlock(&queue->lock);
    if (unlikely(after != NULL)) {
        queue->after = NULL;
        after(queue->after_argument);
    }
}

static inline void switch_to(struct run_queue *queue, struct thread *previous, struct thread *next)
{
    struct percpu *cpu = this_cpu();
    uint64_t now = cpu_rdtsc();
    previous->run_tsc += now - previous->started_tsc;
    next->started_tsc = now;
    if (unlikely(sched_switch_hook != NULL))
        sched_switch_hook(previous, next);
    next->state = THREAD_RUNNING;
    queue->current = cpu->current = next;
    queue->switches++;

    if (previous->fpu)
        cpu_fxsave(previous->fpu);
    if (next->cr3)
        switch_load(cpu, next->stack_top, next->cr3, next->fs_base);
    if (next->fpu)
        cpu_fxrstor(next->fpu);
    context_switch(&previous->kernel_rsp, next->kernel_rsp);
    /* Another time: `previous` has been picked again, by whichever thread ran before it. */
    switch_finish();
}

static void first_run(void *argument)
{
    struct thread *thread = argument;
    switch_finish();
    thread->entry(thread->argument);
    panic("thread %d returned from its entry function", thread->tid);
}

void thread_prepare(struct thread *thread, void (*entry)(void *), void *argument)
{
    thread->state = THREAD_NEW;
    thread->queue = this_queue();
    thread->entry = entry;
    thread->argument = argument;
    thread->kernel_rsp = switch_prepare(thread->stack_top, first_run, thread);
}

void thread_start(struct thread *thread)
{
    assert(thread->state == THREAD_NEW);
    struct run_queue *queue = thread->queue;
    spin_lock(&queue->lock);
    make_ready(queue, thread);
    spin_unlock(&queue->lock);
}

/* The current thread stays ready. => true if another one ran meanwhile. */
static bool let_others_run(void)
{
    struct run_queue *queue = this_queue();
    spin_lock(&queue->lock);
    struct thread *thread = queue->current;
    __atomic_and_fetch(&thread->pending, ~THREAD_RESCHEDULE, __ATOMIC_RELAXED);
    if (STAILQ_EMPTY(&queue->ready)) {
        spin_unlock(&queue->lock);
        return false;
    }
    struct thread *next = take_next(queue);
    make_ready(queue, thread);
    switch_to(queue, thread, next);
    return true;
}

void sched_yield(void)
{
    if (let_others_run())
        current_thread()->voluntary_switches++;
}

void sched_preempt(void)
{
    if (let_others_run())
        current_thread()->involuntary_switches++;
}

void thread_exit(void (*after)(void *), void *argument)
{
    struct run_queue *queue = this_queue();
    spin_lock(&queue->lock);
    struct thread *thread = queue->current;
    assert(thread != &queue->idle);
    thread->state = THREAD_DEAD;
    thread->fpu = NULL; /* nothing to save */
    queue->after = after;
    queue->after_argument = argument;
    switch_to(queue, thread, take_next(queue));
    panic("a dead thread runs");
}

/* ---- Sleeping and waking ---- */

/* Gives up the CPU until somebody wakes the current thread. => its wake_result. */
static NOINLINE int block(void)
{
    struct thread *thread = current_thread();
    struct run_queue *queue = thread->queue;
    spin_lock(&queue->lock);
    if (unlikely(thread->state != THREAD_SLEEPING)) {
        spin_unlock(&queue->lock);
        return thread->wake_result;
    }
    assert(thread != &queue->idle);
    thread->voluntary_switches++;
    switch_to(queue, thread, take_next(queue));
    return current_thread()
        ->wake_result; /* the same thread, but asking again is cheaper than remembering it */
}

int thread_sleep(uint64_t deadline)
{
    if (likely(!deadline))
        return block();
    struct timeout *timeout = &current_thread()->timeout;
    timeout_add(timeout, deadline);
    int result = block();
    timeout_remove(timeout);
    return result;
}

/* With the run queue's lock held. */
static void wake_locked(struct run_queue *queue, struct thread *thread, int result)
{
    thread->wake_result = result;
    if (unlikely(thread == queue->current))
        thread->state = THREAD_RUNNING;
    else
        make_ready(queue, thread);
}

bool thread_wake(struct thread *thread, int result)
{
    struct run_queue *queue = thread->queue;
    spin_lock(&queue->lock);
    bool asleep = thread->state == THREAD_SLEEPING;
    if (likely(asleep))
        wake_locked(queue, thread, result);
    spin_unlock(&queue->lock);
    return asleep;
}

void thread_notify(struct thread *thread, uint32_t what)
{
    struct run_queue *queue = thread->queue;
    spin_lock(&queue->lock);
    __atomic_or_fetch(&thread->pending, what, __ATOMIC_RELAXED);
    if ((what & THREAD_SIGNAL) && thread->state == THREAD_SLEEPING && thread->interruptible)
        wake_locked(queue, thread, -EINTR);
    spin_unlock(&queue->lock);
}

void thread_before_user(uint32_t what)
{
    if (current_thread())
        __atomic_or_fetch(&current_thread()->pending, what, __ATOMIC_RELAXED);
}

static void deadline_reached(struct timeout *timeout)
{
    thread_wake(CONTAINER_OF(timeout, struct thread, timeout), -ETIMEDOUT);
}

/* ---- Tick and idle loop ---- */

void (*sched_tick_hook)(uint64_t now);
void (*sched_switch_hook)(const struct thread *from, const struct thread *to);

void sched_tick(bool from_user)
{
    struct run_queue *queue = this_queue();
    struct thread *thread = queue->current;
    uint64_t now = clock_now();
    timeout_expire(now, deadline_reached);
    if (sched_tick_hook)
        sched_tick_hook(now);
    if (cpu_number() == 0)
        load_tick(now, sched_ready_count());
    if (thread == &queue->idle)
        return;
    if (from_user)
        thread->user_ticks++;
    else
        thread->system_ticks++;
    if (queue->ready_count > 0)
        __atomic_or_fetch(&thread->pending, THREAD_RESCHEDULE, __ATOMIC_RELAXED);
}

static void idle_wait(void)
{
    uint64_t now = clock_now();
    uint64_t next = timeout_next();
    if (next > now && next - now > POLL_NS) {
        cpu_wait_for_interrupt();
        return;
    }
    /* Interrupts are let in between two looks at the clock. */
    __asm__ volatile("sti; nop; pause; cli" : : : "memory");
    timeout_expire(clock_now(), deadline_reached);
}

void sched_run(void)
{
    struct run_queue *queue = this_queue();
    queue->idle.started_tsc = cpu_rdtsc();
    for (;;) {
        spin_lock(&queue->lock);
        if (STAILQ_EMPTY(&queue->ready)) {
            spin_unlock(&queue->lock);
            idle_wait();
        } else {
            switch_to(queue, &queue->idle, take_next(queue));
        }
    }
}

unsigned sched_ready_count(void)
{
    unsigned count = 0;
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
        const struct run_queue *queue = &run_queues[cpu];
        count += queue->ready_count + (queue->current && queue->current != &queue->idle);
    }
    return count;
}

uint64_t sched_switches(void)
{
    uint64_t switches = 0;
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        switches += run_queues[cpu].switches;
    return switches;
}

uint64_t thread_cpu_ns(const struct thread *thread)
{
    uint64_t total = thread->run_tsc;
    if (thread->queue && thread == thread->queue->current)
        total += cpu_rdtsc() - thread->started_tsc;
    return clock_ns(&clock_scale, total);
}

uint64_t sched_idle_ns(void)
{
    uint64_t total = 0;
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        total += thread_cpu_ns(&run_queues[cpu].idle);
    return total;
}
