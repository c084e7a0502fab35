/* SPDX-License-Identifier: MIT */
/* thread.c - who runs next: one run queue, round robin, a tick that ends the time slice.
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
 * All CPUs take from the one queue the first thread that may run on them. Who puts a thread there calls a CPU that is idle; an interrupt
 * also brings a CPU into the kernel whose thread in ring 3 has work waiting (thread->pending).
 *
 * The boot flow of a CPU becomes its idle thread: it is on no queue and runs when nothing else is ready.
 * Locks: the run queue's lock guards the list, the processors and the state of the threads; only RUNNING to
 * SLEEPING is done by the thread itself, without it. With several CPUs all of it is also inside the kernel's lock (giant.h), which
 * the idle loop lets go while it waits.
 * Interrupts are off except while the idle loop waits.
 * Not here: a CPU that a thread would rather have, priorities. */
#include <arch/x86/apic.h>
#include <arch/x86/clock.h>
#include <arch/x86/percpu.h>
#include <arch/x86/switch.h>
#include <asm-generic/errno.h>
#include <sched/giant.h>
#include <sched/load.h>
#include <sched/thread.h>
#include <sched/timeout.h>
#include <x86/trapframe.h>

#define TICK_NS (NS_PER_SECOND / CLOCK_TICK_HZ)
/* So close to a deadline the idle loop polls the clock: the tick would come up to a hundredth of a second
 * late. */
#define POLL_NS (TICK_NS / 10)

STAILQ_HEAD(run_list, thread);

static struct run_queue {
    struct spinlock lock;
    struct run_list ready;
    unsigned count;
} queue = {.ready = STAILQ_HEAD_INITIALIZER(queue.ready)};

/* A CPU, as it looks from here. */
static struct processor {
    struct thread *current;
    struct thread idle;
    uint32_t mask; /* its bit in thread->cpus */
    bool called; /* idle, and on its way to the run queue: another one is to be called for the next thread */
    uint64_t switches;
    uint64_t began_tsc;
    uint64_t user_ticks, system_ticks;
    /* Left by a dying thread for whoever runs next. */
    void (*after)(void *);
    void *after_argument;
} processors[MAX_CPUS];

static inline struct processor *this_processor(void)
{
    return current_thread()->processor;
}

void sched_init(paddr_t idle_cr3)
{
    struct processor *self = &processors[cpu_number()];

    self->mask = 1U << cpu_number();
    self->idle.state = THREAD_RUNNING;
    self->idle.processor = self;
    self->idle.cr3 = idle_cr3;
    self->idle.started_tsc = self->began_tsc = cpu_rdtsc();
    self->current = &self->idle;
    this_cpu()->current = &self->idle;
}

/* ---- Run queue. All with its lock held ---- */

static inline bool may_run_on(const struct thread *thread, const struct processor *processor)
{
    return thread->cpus & processor->mask;
}

static void call(struct processor *processor)
{
    apic_interrupt(cpu_data((uint32_t)(processor - processors))->apic_id, TRAP_ATTENTION);
}

static inline bool is_free_for(const struct thread *thread, const struct processor *processor)
{
    return processor->current == &processor->idle && !processor->called && may_run_on(thread, processor);
}

/* A CPU that has nothing to do comes and takes the thread: this one by itself, another one when it is called. */
static NOINLINE void call_idle(const struct thread *thread)
{
    struct processor *at = this_processor();

    if (!is_free_for(thread, at))
        for (at = processors; at < processors + cpu_count && !is_free_for(thread, at); at++)
            ;
    if (at == processors + cpu_count)
        return;
    at->called = true;
    if (at != this_processor())
        call(at);
}

static void make_ready(struct thread *thread)
{
    thread->state = THREAD_READY;
    STAILQ_INSERT_TAIL(&queue.ready, thread, run_link);
    queue.count++;
    if (unlikely(cpu_count > 1))
        call_idle(thread);
}

/* Behind the first one, which may not. */
static NOINLINE struct thread *take_later(const struct processor *self)
{
    struct thread *thread;

    STAILQ_FOREACH (thread, &queue.ready, run_link) {
        if (!may_run_on(thread, self))
            continue;
        STAILQ_REMOVE(&queue.ready, thread, thread, run_link);
        queue.count--;
        return thread;
    }
    return NULL;
}

/* => NULL: nobody is ready that may run here. */
static inline struct thread *take_ready(const struct processor *self)
{
    struct thread *thread = STAILQ_FIRST(&queue.ready);

    if (!thread)
        return NULL;
    if (unlikely(!may_run_on(thread, self)))
        return take_later(self);
    STAILQ_REMOVE_HEAD(&queue.ready, run_link);
    queue.count--;
    return thread;
}

static inline struct thread *take_next(struct processor *self)
{
    struct thread *thread = take_ready(self);

    return thread ? thread : &self->idle;
}

/* ---- The switch ---- */

/* The first thing on the new thread's stack. */
static inline void switch_finish(void)
{
    struct processor *self = this_processor();
    void (*after)(void *) = self->after;
    spin_unlock(&queue.lock);
    if (unlikely(after != NULL)) {
        self->after = NULL;
        after(self->after_argument);
    }
}

static inline void switch_to(struct processor *self, struct thread *previous, struct thread *next)
{
    struct percpu *cpu = this_cpu();
    uint64_t now = cpu_rdtsc();
    previous->run_tsc += now - previous->started_tsc;
    next->started_tsc = now;
    if (unlikely(sched_switch_hook != NULL))
        sched_switch_hook(previous, next);
    next->state = THREAD_RUNNING;
    next->processor = self;
    self->current = cpu->current = next;
    self->switches++;

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
    thread->processor = this_processor();
    thread->entry = entry;
    thread->argument = argument;
    thread->kernel_rsp = switch_prepare(thread->stack_top, first_run, thread);
}

void thread_start(struct thread *thread)
{
    assert(thread->state == THREAD_NEW);
    spin_lock(&queue.lock);
    make_ready(thread);
    spin_unlock(&queue.lock);
}

/* The current thread stays ready. => true if another one ran meanwhile. */
static bool let_others_run(void)
{
    struct processor *self = this_processor();
    spin_lock(&queue.lock);
    struct thread *thread = self->current, *next = take_ready(self);
    __atomic_and_fetch(&thread->pending, ~THREAD_RESCHEDULE, __ATOMIC_RELAXED);
    if (!next && likely(may_run_on(thread, self))) {
        spin_unlock(&queue.lock);
        return false;
    }
    make_ready(thread);
    switch_to(self, thread, next ? next : &self->idle);
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
    struct processor *self = this_processor();
    spin_lock(&queue.lock);
    struct thread *thread = self->current;
    assert(thread != &self->idle);
    thread->state = THREAD_DEAD;
    thread->fpu = NULL; /* nothing to save */
    self->after = after;
    self->after_argument = argument;
    switch_to(self, thread, take_next(self));
    panic("a dead thread runs");
}

/* ---- Sleeping and waking ---- */

/* Gives up the CPU until somebody wakes the current thread. => its wake_result. */
static NOINLINE int block(void)
{
    struct thread *thread = current_thread();
    struct processor *self = thread->processor;
    spin_lock(&queue.lock);
    if (unlikely(thread->state != THREAD_SLEEPING)) {
        spin_unlock(&queue.lock);
        return thread->wake_result;
    }
    assert(thread != &self->idle);
    thread->voluntary_switches++;
    switch_to(self, thread, take_next(self));
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
static void wake_locked(struct thread *thread, int result)
{
    thread->wake_result = result;
    if (unlikely(thread == thread->processor->current))
        thread->state = THREAD_RUNNING;
    else
        make_ready(thread);
}

bool thread_wake(struct thread *thread, int result)
{
    spin_lock(&queue.lock);
    bool asleep = thread->state == THREAD_SLEEPING;
    if (likely(asleep))
        wake_locked(thread, result);
    spin_unlock(&queue.lock);
    return asleep;
}

void thread_notify(struct thread *thread, uint32_t what)
{
    spin_lock(&queue.lock);
    __atomic_or_fetch(&thread->pending, what, __ATOMIC_RELAXED);
    if ((what & THREAD_SIGNAL) && thread->state == THREAD_SLEEPING && thread->interruptible)
        wake_locked(thread, -EINTR);
    else if (unlikely(thread->state == THREAD_RUNNING && thread != current_thread()))
        call(thread->processor); /* it is in ring 3: it looks on its way back there */
    spin_unlock(&queue.lock);
}

void thread_run_on(struct thread *thread, uint32_t cpus)
{
    thread->cpus = cpus;
    if (thread->state == THREAD_RUNNING && !may_run_on(thread, thread->processor))
        thread_notify(thread, THREAD_RESCHEDULE);
}

unsigned thread_cpu(const struct thread *thread)
{
    return (unsigned)(thread->processor - processors);
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
    struct processor *self = this_processor();
    struct thread *thread = self->current;
    uint64_t now = clock_now();
    timeout_expire(now, deadline_reached);
    if (sched_tick_hook)
        sched_tick_hook(now);
    if (cpu_number() == 0)
        load_tick(now, sched_ready_count());
    if (thread == &self->idle)
        return;
    if (from_user) {
        thread->user_ticks++;
        self->user_ticks++;
    } else {
        thread->system_ticks++;
        self->system_ticks++;
    }
    if (queue.count > 0)
        __atomic_or_fetch(&thread->pending, THREAD_RESCHEDULE, __ATOMIC_RELAXED);
}

/* Interrupts are let in, and with several CPUs the others into the kernel. */
static void idle_wait(void)
{
    uint64_t now = clock_now();
    uint64_t next = timeout_next();
    giant_leave_if_used();
    if (next > now && next - now > POLL_NS) {
        cpu_wait_for_interrupt();
        giant_enter_if_used();
        return;
    }
    /* Between two looks at the clock. */
    __asm__ volatile("sti; nop; pause; cli" : : : "memory");
    giant_enter_if_used();
    timeout_expire(clock_now(), deadline_reached);
}

void sched_run(void)
{
    struct processor *self = this_processor();
    self->idle.started_tsc = self->began_tsc = cpu_rdtsc();
    for (;;) {
        spin_lock(&queue.lock);
        self->called = false;
        struct thread *next = take_ready(self);
        if (next) {
            switch_to(self, &self->idle, next);
        } else {
            spin_unlock(&queue.lock);
            idle_wait();
        }
    }
}

unsigned sched_ready_count(void)
{
    unsigned count = queue.count;
    for (const struct processor *at = processors; at < processors + cpu_count; at++)
        count += at->current != &at->idle;
    return count;
}

uint64_t sched_switches(void)
{
    uint64_t switches = 0;
    for (const struct processor *at = processors; at < processors + cpu_count; at++)
        switches += at->switches;
    return switches;
}

uint64_t thread_cpu_ns(const struct thread *thread)
{
    uint64_t total = thread->run_tsc;
    if (thread->processor && thread == thread->processor->current)
        total += cpu_rdtsc() - thread->started_tsc;
    return clock_ns(&clock_scale, total);
}

void sched_cpu_times(unsigned cpu, struct cpu_times *times)
{
    const struct processor *processor = &processors[cpu];
    uint64_t since = clock_ns(&clock_scale, cpu_rdtsc() - processor->began_tsc);

    times->idle_ns = MIN(since, thread_cpu_ns(&processor->idle));
    times->busy_ns = since - times->idle_ns;
    times->user_ticks = processor->user_ticks;
    times->system_ticks = processor->system_ticks;
}

uint64_t sched_idle_ns(void)
{
    uint64_t total = 0;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        total += thread_cpu_ns(&processors[cpu].idle);
    return total;
}
