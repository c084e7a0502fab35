/* SPDX-License-Identifier: MIT */
/* thread.h - a thread as the scheduler sees it: registers, a kernel stack, a state, work that waits for it.
 *
 * sched/ knows no processes and no address spaces: `process` is a pointer that it passes on, `cr3` a number
 * that it loads. The memory of a thread and of its stack belongs to proc/. */
#pragma once

#include <asm-generic/errno.h>
#include <list.h>
#include <sched/spinlock.h>
#include <sched/timeout.h>
#include <types.h>

struct process;
struct processor;
struct waitq;

enum thread_state {
    THREAD_NEW,   /* not yet given to the scheduler */
    THREAD_READY, /* on a run queue */
    THREAD_RUNNING,
    THREAD_SLEEPING, /* on a wait queue, a timeout, or both */
    THREAD_DEAD,     /* will never run again; its stack may be freed by somebody else */
};

/* Work to be done before the thread returns to ring 3 (thread->pending). */
#define THREAD_RESCHEDULE (1U << 0)
#define THREAD_SIGNAL (1U << 1)
#define THREAD_FRAMES (1U << 2) /* memory is short: frames are to come back first (mm/reclaim.h) */

#define FPU_STATE_SIZE 512 /* FXSAVE area, SDM vol. 1, 10.5.1 */

struct thread {
    uint64_t kernel_rsp; /* offset 0: saved by context_switch() while not running */
    uint32_t pending;    /* offset 8: THREAD_ bits; read by the return path of entry.asm */
    uint32_t
        state; /* enum thread_state; guarded by: the run queue's lock, but a thread itself says that it goes to sleep */
    vaddr_t stack_top; /* kernel stack */
    paddr_t cr3;       /* page tables to load; 0: a kernel thread, any will do */
    uint64_t fs_base;  /* the user's thread pointer (arch_prctl ARCH_SET_FS) */
    uint8_t *fpu;      /* FPU_STATE_SIZE bytes, 16-aligned; NULL: a kernel thread */
    int tid;
    int pid;                  /* of its process: for those who may not know processes */
    bool traced;              /* the event stream tells of it (trace/) */
    uint32_t operation, mark; /* of the C library, that it has open: the causes of what it does; 0: none */
    uint32_t call;            /* the system call that it is in, while calls are watched; else NO_CALL or 0 */
#define NO_CALL ~0U
    struct process *process; /* NULL: a kernel thread */
    uint64_t run_tsc;        /* how long it has run, up to the last switch, in ticks of the TSC */
    uint64_t started_tsc;    /* when it was last switched in */
    uint64_t user_ticks, system_ticks;
    uint64_t voluntary_switches, involuntary_switches;

    STAILQ_ENTRY(thread) run_link;
    TAILQ_ENTRY(thread) wait_link; /* guarded by: the lock of what it waits for */
    struct waitq *waiting_on;      /* NULL when not on a queue */
    struct timeout timeout;        /* when to wake at the latest */
    int wake_result;               /* 0, -ETIMEDOUT or -EINTR */
    bool interruptible;
    struct processor *processor; /* where it runs, or ran last */
    uint32_t cpus;               /* where it may run: a bit for each CPU */
    void (*entry)(void *);       /* where it starts, see thread_prepare() */
    void *argument;
};

/* On every CPU, before it does anything with threads. idle_cr3: the page tables that it has when it is idle; 0: those of the thread before,
 * which is quicker, but no other CPU may take them away. */
void sched_init(paddr_t idle_cr3);
/* `thread` was zeroed and has tid, stack_top, process, cr3, fpu, cpus set. It will start in `entry(argument)` with
 * interrupts off when it is first given to the scheduler by thread_start(). */
void thread_prepare(struct thread *thread, void (*entry)(void *), void *argument);
void thread_start(struct thread *thread);
/* Gives up the CPU; the thread stays ready. */
void sched_yield(void);
/* The same at the end of a time slice: clears THREAD_RESCHEDULE, counts as an involuntary switch. */
void sched_preempt(void);
/* Never returns. `after` is called with `argument` on the next thread's stack once the dying thread's own
 * stack is no longer in use: that is where its memory may be freed. */
_Noreturn void thread_exit(void (*after)(void *), void *argument);
/* The tick, called by the trap code with the interrupted ring. */
void sched_tick(bool from_user);
/* Turns the boot flow into this CPU's idle loop; starts scheduling. */
_Noreturn void sched_run(void);
/* Marks work for a thread and, if it sleeps interruptibly and `what` has THREAD_SIGNAL, wakes it with -EINTR.
 * */
void thread_notify(struct thread *thread, uint32_t what);
/* Lets it run on these CPUs only, one of which is there; it moves on its way back to ring 3, at the latest. */
void thread_run_on(struct thread *thread, uint32_t cpus);
/* The number of the CPU where it runs, or ran last. */
unsigned thread_cpu(const struct thread *thread);
/* thread_notify() for the current one, if there is one yet. */
void thread_before_user(uint32_t what);
/* Ends a thread's sleep with this result. => false: it was not asleep. */
bool thread_wake(struct thread *thread, int result);
/* Sleeping, for wait.c. thread_sleep_begin() makes the current thread one that can be woken, from then on no
 * wake-up is lost; thread_sleep() gives up the CPU unless it has been woken already. => 0, -ETIMEDOUT,
 * -EINTR. */
static inline void thread_sleep_begin(struct thread *self, bool interruptible)
{
    self->wake_result = 0;
    self->interruptible = interruptible;
    /* Before the look at `pending`: thread_notify() writes that first and then looks at the state. */
    __atomic_store_n(&self->state, THREAD_SLEEPING, __ATOMIC_SEQ_CST);
    if (unlikely(interruptible && (self->pending & THREAD_SIGNAL)))
        thread_wake(self, -EINTR);
}
int thread_sleep(uint64_t deadline);
/* Threads ready or running now, for /proc/loadavg and stat. */
unsigned sched_ready_count(void);
/* Switches from thread to thread since boot. */
uint64_t sched_switches(void);
/* Time that the thread has run so far, the present stretch included. */
uint64_t thread_cpu_ns(const struct thread *thread);
/* Called at every tick of every CPU, with interrupts off; NULL: nobody. For a higher layer that keeps time of
 * its own. */
extern void (*sched_tick_hook)(uint64_t now);
/* The same at every switch, while `from` is still the current thread. */
extern void (*sched_switch_hook)(const struct thread *from, const struct thread *to);
/* What a CPU has done since it began: nanoseconds, and at how many ticks it was found in ring 3 and in ring 0. */
struct cpu_times {
    uint64_t busy_ns, idle_ns, user_ticks, system_ticks;
};
void sched_cpu_times(unsigned cpu, struct cpu_times *times);
/* Nanoseconds spent idle by all CPUs together. */
uint64_t sched_idle_ns(void);
