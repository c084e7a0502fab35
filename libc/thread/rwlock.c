/* SPDX-License-Identifier: MIT */
/* rwlock.c - many readers or one writer: one word counts the readers, or says that there is a writer.
 *
 *     0                      free
 *     n [| WAITERS]          n readers
 *     WRITER [| WAITERS]     a writer
 *
 * A reader sleeps only while a writer has the lock, a writer while anybody has it; both sleep on the word, after they have set
 * WAITERS. A writer that leaves wakes everybody: all readers among them may come in. The last reader wakes one: only writers sleep
 * then, and those whom a writer is just waking. Who has slept takes the lock with the bit, for others may sleep still.
 *
 * Readers go first, so that a thread may read while it reads: writers wait as long as readers overlap.
 *
 * __writer is written by who has the lock for writing; another thread reads it only to see that it is not itself.
 * After its state is 0 the lock may be destroyed: only its address is used. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>

#include "thread.h"
#include "wait.h"

#define WAITERS (1U << 31)
#define WRITER (~WAITERS)

static inline unsigned int users_of(unsigned int state)
{
    return state & ~WAITERS;
}

static inline bool replace(pthread_rwlock_t *lock, unsigned int *seen, unsigned int next)
{
    return __atomic_compare_exchange_n(&lock->__state, seen, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline unsigned int look(const pthread_rwlock_t *lock)
{
    return __atomic_load_n(&lock->__state, __ATOMIC_RELAXED);
}

static inline bool written_by_caller(const pthread_rwlock_t *lock)
{
    return __atomic_load_n(&lock->__writer, __ATOMIC_RELAXED) == thread_id();
}

/* `waiters`: WAITERS if others may sleep. => 0, EBUSY; EAGAIN: too many readers */
static inline int take_to_read(pthread_rwlock_t *lock, unsigned int waiters)
{
    unsigned int seen = look(lock);

    do {
        if (users_of(seen) == WRITER)
            return EBUSY;
        if (users_of(seen) == WRITER - 1)
            return EAGAIN;
    } while (!replace(lock, &seen, (seen + 1) | waiters));
    return 0;
}

static inline int take_to_write(pthread_rwlock_t *lock, unsigned int waiters)
{
    unsigned int seen = look(lock);

    do {
        if (users_of(seen))
            return EBUSY;
    } while (!replace(lock, &seen, WRITER | waiters));
    __atomic_store_n(&lock->__writer, thread_id(), __ATOMIC_RELAXED);
    return 0;
}

/* Sleeps while a writer, or with `any` anybody, has it. => 0: to be looked at again */
static int wait_for_users(pthread_rwlock_t *lock, bool any, clockid_t clock, const struct timespec *deadline)
{
    unsigned int seen = look(lock);

    if (any ? !users_of(seen) : users_of(seen) != WRITER)
        return 0;
    if (!(seen & WAITERS) && !replace(lock, &seen, seen | WAITERS))
        return 0;
    int error =
        word_wait_until((int *)&lock->__state, (int)(seen | WAITERS), clock, deadline, lock->__shared);

    return wait_failed(error) ? error : 0;
}

static inline int take(pthread_rwlock_t *lock, bool to_write, unsigned int waiters)
{
    return to_write ? take_to_write(lock, waiters) : take_to_read(lock, waiters);
}

static __attribute__((noinline)) int wait_and_take(pthread_rwlock_t *lock, bool to_write, clockid_t clock,
                                                   const struct timespec *deadline)
{
    int error = EBUSY;

    if (written_by_caller(lock))
        return EDEADLK;
    while (error == EBUSY) {
        error = wait_for_users(lock, to_write, clock, deadline);
        if (error)
            return error;
        error = take(lock, to_write, WAITERS);
    }
    return error;
}

static inline int lock_until(pthread_rwlock_t *lock, bool to_write, clockid_t clock,
                             const struct timespec *deadline)
{
    if (!clock_waits(clock))
        return EINVAL;
    int error = take(lock, to_write, 0);

    return error == EBUSY ? wait_and_take(lock, to_write, clock, deadline) : error;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return lock_until(lock, false, CLOCK_REALTIME, NULL);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock, const struct timespec *restrict deadline)
{
    return lock_until(lock, false, CLOCK_REALTIME, deadline);
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                               const struct timespec *restrict deadline)
{
    return lock_until(lock, false, clock, deadline);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    return take_to_read(lock, 0);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return lock_until(lock, true, CLOCK_REALTIME, NULL);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock, const struct timespec *restrict deadline)
{
    return lock_until(lock, true, CLOCK_REALTIME, deadline);
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                               const struct timespec *restrict deadline)
{
    return lock_until(lock, true, clock, deadline);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    return take_to_write(lock, 0);
}

/* EPERM: nobody has it. */
int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    bool shared = lock->__shared;
    unsigned int seen = look(lock), next;

    if (users_of(seen) == WRITER)
        __atomic_store_n(&lock->__writer, 0, __ATOMIC_RELAXED);
    do {
        if (!users_of(seen))
            return EPERM;
        next = users_of(seen) == WRITER || users_of(seen) == 1 ? 0 : seen - 1;
    } while (!replace(lock, &seen, next));
    if (next == 0 && seen & WAITERS)
        word_wake_sleepers((int *)&lock->__state, users_of(seen) == WRITER ? INT_MAX : 1, shared);
    return 0;
}

int pthread_rwlock_init(pthread_rwlock_t *restrict lock, const pthread_rwlockattr_t *restrict attributes)
{
    *lock = (pthread_rwlock_t){.__shared = attributes ? attributes->__shared : PTHREAD_PROCESS_PRIVATE};
    return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    return users_of(look(lock)) ? EBUSY : 0;
}
