/* SPDX-License-Identifier: MIT */
/* spin.c - spin locks: who wants one looks until it is free.
 *
 * After so many looks it gives the CPU away between them: with one CPU nobody could release the lock meanwhile. Between processes it is
 * the same. No owner is known, so taking one's own is for ever. */
#include <errno.h>
#include <pthread.h>

#include "../sys/raw.h"

#define LOOKS                                                                                                \
    100 /* a few microseconds: longer than a lock that is held on another CPU, much shorter than a time slice */

int pthread_spin_init(pthread_spinlock_t *lock, int)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *)
{
    return 0;
}

int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    return __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) ? EBUSY : 0;
}

/* Only reads until it is free: writing would take the line from its owner's cache each time. */
static __attribute__((noinline)) void spin(const pthread_spinlock_t *lock)
{
    for (int looks = 0; __atomic_load_n(lock, __ATOMIC_RELAXED); looks++)
        if (looks < LOOKS)
            __builtin_ia32_pause();
        else
            RAW_SYSCALL(__NR_sched_yield);
}

int pthread_spin_lock(pthread_spinlock_t *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
        spin(lock);
    return 0;
}

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    return 0;
}
