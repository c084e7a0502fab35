/* SPDX-License-Identifier: MIT */
/* barrier.c - barriers: nobody goes on before all are there.
 *
 *     __state:  | how many have arrived | how many times all were there |      changed in one step
 *
 * Who arrives and is not the last sleeps until the second number, a futex, is another. Both are one word, so that a thread too many
 * is the first of the next round and never the one-too-many of this one.
 *
 * A barrier may be destroyed as soon as one thread's wait has returned, while the others still look at the number: each counts itself
 * in before it arrives and out when it has seen the new number, and destroy waits for those inside. The last one out, who sees
 * DESTROYED, wakes it by the mere address. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>

#include "wait.h"

#define DESTROYED (1U << 31) /* in __inside */
#define ARRIVED_SHIFT 32

static inline unsigned long look(const pthread_barrier_t *barrier)
{
    return __atomic_load_n(&barrier->__state, __ATOMIC_ACQUIRE);
}

/* The lower half of the state, where x86 has it. */
static inline int *round_word(pthread_barrier_t *barrier)
{
    return (int *)(void *)&barrier->__state;
}

/* => which round it is; *last: all are there, the next one has begun. */
static unsigned int arrive(pthread_barrier_t *barrier, bool *last)
{
    unsigned long seen = look(barrier), next;
    unsigned int round;

    do {
        unsigned int arrived = (unsigned int)(seen >> ARRIVED_SHIFT) + 1;

        round = (unsigned int)seen;
        *last = arrived == barrier->__count;
        next = *last ? round + 1U : (unsigned long)arrived << ARRIVED_SHIFT | round;
    } while (!__atomic_compare_exchange_n(&barrier->__state, &seen, next, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    return round;
}

static void leave(pthread_barrier_t *barrier)
{
    bool shared = barrier->__shared;

    if (__atomic_fetch_sub(&barrier->__inside, 1, __ATOMIC_RELEASE) == (DESTROYED | 1))
        word_wake_sleepers((int *)&barrier->__inside, INT_MAX, shared);
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    bool last;

    __atomic_fetch_add(&barrier->__inside, 1, __ATOMIC_RELAXED);
    unsigned int round = arrive(barrier, &last);

    if (last && barrier->__count > 1)
        word_wake_sleepers(round_word(barrier), INT_MAX, barrier->__shared);
    while (!last && (unsigned int)look(barrier) == round)
        word_wait_until(round_word(barrier), (int)round, CLOCK_REALTIME, NULL, barrier->__shared);
    leave(barrier);
    return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

int pthread_barrier_init(pthread_barrier_t *restrict barrier,
                         const pthread_barrierattr_t *restrict attributes, unsigned int count)
{
    if (count == 0 || count > INT_MAX)
        return EINVAL;
    *barrier = (pthread_barrier_t){.__count = count,
                                   .__shared = attributes ? attributes->__shared : PTHREAD_PROCESS_PRIVATE};
    return 0;
}

/* EBUSY: threads wait for others to arrive. */
int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    if (look(barrier) >> ARRIVED_SHIFT)
        return EBUSY;
    unsigned int left = __atomic_or_fetch(&barrier->__inside, DESTROYED, __ATOMIC_ACQUIRE);

    while (left != DESTROYED) {
        word_wait_until((int *)&barrier->__inside, (int)left, CLOCK_REALTIME, NULL, barrier->__shared);
        left = __atomic_load_n(&barrier->__inside, __ATOMIC_ACQUIRE);
    }
    return 0;
}
