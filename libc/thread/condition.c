/* SPDX-License-Identifier: MIT */
/* condition.c - condition variables: who waits sleeps until the number of signals is another.
 *
 *     wait:      one waiter more; read the number; release the mutex; sleep while it is that number; one less; take the mutex
 *     signal:    does anybody wait? The next number; wake one
 *
 * The number is read with the mutex held: a signal that follows a change of what the mutex guards comes after it, so no wake-up
 * is lost: who is not asleep yet finds another number. Many may leave for one signal; POSIX allows that.
 *
 * Between a signal's two steps a thread may begin to wait and be woken in place of one that was there before (by its priority). It
 * sees that no signal came since it began, and wakes everybody: those before it go, it sleeps again.
 *
 * Who was woken still has to count itself out, and the variable may be destroyed as soon as nobody waits: destroy waits for those who
 * leave, and the last of them, who sees DESTROYED, wakes it by the mere address. A process that is killed, or forks, while others
 * wait leaves a count that is too large: it costs system calls, and destroying such a variable waits for ever (glibc's does, too).
 *
 * A wait is a cancellation point; a thread cancelled there leaves as the others do, with the mutex taken for its cleanup functions.
 *
 * A broadcast wakes everybody at once: they meet at the mutex. 2^32 signals between reading the number and sleeping are none. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>

#include "wait.h"

#define DESTROYED (1U << 31) /* in __waiters */

static inline int sequence_of(const pthread_cond_t *condition)
{
    return __atomic_load_n(&condition->__sequence, __ATOMIC_ACQUIRE);
}

static void leave(pthread_cond_t *condition)
{
    bool shared = condition->__shared;

    if (__atomic_fetch_sub(&condition->__waiters, 1, __ATOMIC_RELEASE) == (DESTROYED | 1))
        word_wake_sleepers((int *)&condition->__waiters, INT_MAX, shared);
}

/* => 0: signals came; else why it gave up */
static int sleep_until(pthread_cond_t *condition, int sequence, clockid_t clock,
                       const struct timespec *deadline)
{
    while (sequence_of(condition) == sequence) {
        int error = word_wait_point(&condition->__sequence, sequence, clock, deadline, condition->__shared);

        if (wait_failed(error))
            return error;
        if (error == 0 && sequence_of(condition) == sequence) /* this was somebody else's */
            word_wake_sleepers(&condition->__sequence, INT_MAX, condition->__shared);
    }
    return 0;
}

struct wait {
    pthread_cond_t *condition;
    pthread_mutex_t *mutex;
    int error; /* of taking the mutex again */
};

static void end_wait(void *argument)
{
    struct wait *wait = argument;

    leave(wait->condition);
    wait->error = pthread_mutex_lock(wait->mutex);
}

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                      const struct timespec *deadline)
{
    struct wait wait = {condition, mutex, 0};

    if (deadline && !moment_is_valid(clock, deadline))
        return EINVAL;
    pthread_testcancel();
    __atomic_fetch_add(&condition->__waiters, 1, __ATOMIC_RELAXED);
    int sequence = sequence_of(condition);
    int error = pthread_mutex_unlock(mutex);

    if (error) {
        leave(condition);
        return error;
    }
    pthread_cleanup_push(end_wait, &wait);
    error = sleep_until(condition, sequence, clock, deadline);
    pthread_cleanup_pop(1);
    return wait.error ? wait.error : error;
}

int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
    return wait_until(condition, mutex, CLOCK_REALTIME, NULL);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    return wait_until(condition, mutex, condition->__clock, deadline);
}

int pthread_cond_clockwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           clockid_t clock, const struct timespec *restrict deadline)
{
    return wait_until(condition, mutex, clock, deadline);
}

static int wake(pthread_cond_t *condition, int sleepers)
{
    bool shared = condition->__shared;

    if (__atomic_load_n(&condition->__waiters, __ATOMIC_ACQUIRE) == 0)
        return 0;
    __atomic_fetch_add(&condition->__sequence, 1, __ATOMIC_RELEASE);
    word_wake_sleepers(&condition->__sequence, sleepers, shared);
    return 0;
}

int pthread_cond_signal(pthread_cond_t *condition)
{
    return wake(condition, 1);
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    return wake(condition, INT_MAX);
}

int pthread_cond_init(pthread_cond_t *restrict condition, const pthread_condattr_t *restrict attributes)
{
    *condition = (pthread_cond_t){.__clock = CLOCK_REALTIME};
    if (attributes) {
        condition->__shared = attributes->__shared;
        condition->__clock = attributes->__clock;
    }
    return 0;
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
    unsigned int left = __atomic_or_fetch(&condition->__waiters, DESTROYED, __ATOMIC_ACQUIRE);

    while (left != DESTROYED) {
        word_wait_until((int *)&condition->__waiters, (int)left, CLOCK_REALTIME, NULL, condition->__shared);
        left = __atomic_load_n(&condition->__waiters, __ATOMIC_ACQUIRE);
    }
    return 0;
}
