/* SPDX-License-Identifier: MIT */
/* semaphore.c - counting semaphores.
 *
 *     __state:  | how many wait | value |      changed in one step
 *
 * The value is the futex; who waits has counted itself in, and takes its count back in the step that takes the value. So one addition
 * gives a value and tells whether somebody is to be woken: after it the semaphore may have been destroyed by whom it let go, and only
 * its address is used. Each post that saw a waiter wakes one, and who is woken in vain waits again.
 *
 * Where one with a name comes from: semaphore_named.c. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#include "wait.h"

#define WAITER (1UL << 32)

static inline unsigned long look(const sem_t *semaphore)
{
    return __atomic_load_n(&semaphore->__state, __ATOMIC_RELAXED);
}

/* The lower half of the state, where x86 has it. */
static inline int *value_word(sem_t *semaphore)
{
    return (int *)(void *)&semaphore->__state;
}

static int failed(int error)
{
    errno = error;
    return -1;
}

/* `counted`: WAITER if the caller has counted itself in, else 0. => whether there was something to take */
static bool take(sem_t *semaphore, unsigned long counted)
{
    unsigned long seen = look(semaphore);

    do {
        if ((unsigned int)seen == 0)
            return false;
    } while (!__atomic_compare_exchange_n(&semaphore->__state, &seen, seen - 1 - counted, false,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

static void end_wait(void *semaphore)
{
    __atomic_fetch_sub(&((sem_t *)semaphore)->__state, WAITER, __ATOMIC_RELAXED);
}

/* => 0: taken, and no longer counted; else why it gave up */
static int sleep_until(sem_t *semaphore, clockid_t clock, const struct timespec *deadline)
{
    while (!take(semaphore, WAITER)) {
        int error = word_wait_point(value_word(semaphore), 0, clock, deadline, semaphore->__shared);

        if (error == EINTR || wait_failed(error))
            return error;
    }
    return 0;
}

static int wait_until(sem_t *semaphore, clockid_t clock, const struct timespec *deadline)
{
    int error;

    pthread_testcancel();
    if (take(semaphore, 0))
        return 0;
    __atomic_fetch_add(&semaphore->__state, WAITER, __ATOMIC_RELAXED);
    pthread_cleanup_push(end_wait, semaphore);
    error = sleep_until(semaphore, clock, deadline);
    pthread_cleanup_pop(error != 0);
    return error ? failed(error) : 0;
}

int sem_wait(sem_t *semaphore)
{
    return wait_until(semaphore, CLOCK_REALTIME, NULL);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
    return wait_until(semaphore, CLOCK_REALTIME, deadline);
}

int sem_clockwait(sem_t *restrict semaphore, clockid_t clock, const struct timespec *restrict deadline)
{
    if (!clock_waits(clock))
        return failed(EINVAL);
    return wait_until(semaphore, clock, deadline);
}

int sem_trywait(sem_t *semaphore)
{
    return take(semaphore, 0) ? 0 : failed(EAGAIN);
}

int sem_post(sem_t *semaphore)
{
    bool shared = semaphore->__shared;
    unsigned long seen = look(semaphore);

    do {
        if ((unsigned int)seen == SEM_VALUE_MAX)
            return failed(EOVERFLOW);
    } while (!__atomic_compare_exchange_n(&semaphore->__state, &seen, seen + 1, false, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
    if (seen >= WAITER)
        word_wake_sleepers(value_word(semaphore), 1, shared);
    return 0;
}

int sem_getvalue(sem_t *restrict semaphore, int *restrict value)
{
    *value = (int)look(semaphore);
    return 0;
}

int sem_init(sem_t *semaphore, int shared, unsigned int value)
{
    if (value > SEM_VALUE_MAX)
        return failed(EINVAL);
    *semaphore = (sem_t){.__state = value, .__shared = shared != 0};
    return 0;
}

int sem_destroy(sem_t *)
{
    return 0;
}
