/* SPDX-License-Identifier: MIT */
/* wait.h - sleeping until somebody wakes you, and the locks that sleep. */
#pragma once

#include <arch/x86/percpu.h>
#include <guard.h>
#include <list.h>
#include <sched/spinlock.h>
#include <sched/thread.h>
#include <types.h>

struct waitq {
    struct spinlock lock;
    TAILQ_HEAD(waitq_threads, thread)
    threads; /* guarded by: lock */
};

#define WAITQ_INIT(name)                                                                                     \
    {                                                                                                        \
        .threads = TAILQ_HEAD_INITIALIZER((name).threads)                                                    \
    }

void waitq_init(struct waitq *queue);

#define WAIT_FOREVER 0UL

/* Sleeps on `queue`. `condition_lock` is held by the caller, is let go once the thread is on
 * the queue, and held again on return: no wake-up is lost between testing a condition and sleeping. Test the
 * condition in a loop. deadline: clock_now() value, or WAIT_FOREVER.
 * => 0: woken; -ETIMEDOUT; -EINTR: a signal waits (only if interruptible). */
int waitq_sleep(struct waitq *queue, struct spinlock *condition_lock, uint64_t deadline, bool interruptible);
/* A sleep that only the deadline or a signal ends (0 is not to be trusted: look again). => as waitq_sleep() */
int sleep_alone(uint64_t deadline);
/* Wakes at most `count` threads, the longest sleeper first. => how many. */
unsigned waitq_wake(struct waitq *queue, unsigned count);
#define WAKE_ALL 0x7fffffffU

void waitq_wake_first(struct waitq *queue);
/* Wakes the longest sleeper, if anybody sleeps there. For who has just changed the condition and still holds its lock: a sleeper that
 * has not seen the change is on the queue. */
static inline void waitq_wake_one(struct waitq *queue)
{
    if (unlikely(!TAILQ_EMPTY(&queue->threads)))
        waitq_wake_first(queue);
}

/* A lock that may be held while sleeping. Not recursive. */
struct mutex {
    uintptr_t
        /* the owning thread, 0: free; MUTEX_CONTENDED is or-ed to it when somebody may sleep on it. Atomic */
        word;
    struct spinlock lock; /* guards: the way to sleep and to wake */
    struct waitq waiters;
};
#define MUTEX_CONTENDED 1UL

#define MUTEX_INIT(name)                                                                                     \
    {                                                                                                        \
        .waiters = WAITQ_INIT((name).waiters)                                                                \
    }

void mutex_init(struct mutex *mutex);
void mutex_lock_slow(struct mutex *mutex);
void mutex_unlock_slow(struct mutex *mutex);

static inline void mutex_lock(struct mutex *mutex)
{
    uintptr_t free = 0;
    if (unlikely(!__atomic_compare_exchange_n(&mutex->word, &free, (uintptr_t)current_thread(), false,
                                              __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
        mutex_lock_slow(mutex);
}

/* => false: somebody has it. */
static inline bool mutex_trylock(struct mutex *mutex)
{
    uintptr_t free = 0;
    return __atomic_compare_exchange_n(&mutex->word, &free, (uintptr_t)current_thread(), false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void mutex_unlock(struct mutex *mutex)
{
    uintptr_t mine = (uintptr_t)current_thread();
    if (unlikely(
            !__atomic_compare_exchange_n(&mutex->word, &mine, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)))
        mutex_unlock_slow(mutex);
}

GUARD_FUNCTIONS(struct mutex, mutex)
#define MUTEX_GUARD(lock) GUARD(struct mutex, mutex, lock)

/* By the current thread. */
static inline bool mutex_held(const struct mutex *mutex)
{
    return (__atomic_load_n(&mutex->word, __ATOMIC_RELAXED) & ~MUTEX_CONTENDED) ==
           (uintptr_t)current_thread();
}
