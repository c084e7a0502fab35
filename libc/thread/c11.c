/* SPDX-License-Identifier: MIT */
/* c11.c - C11's threads, by POSIX's: the same objects, fewer errors. Deadlines are CLOCK_REALTIME's (TIME_UTC). */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

static int answer(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

/* ---- Threads ---- */

struct start {
    thrd_start_t body;
    void *argument;
};

/* POSIX's threads return pointers, C's numbers. */
static void *begin(void *start)
{
    struct start what = *(struct start *)start;

    free(start);
    return (void *)(intptr_t)what.body(what.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t body, void *argument)
{
    struct start *start = malloc(sizeof(*start));

    if (!start)
        return thrd_nomem;
    *start = (struct start){body, argument};

    int error = pthread_create(thread, NULL, begin, start);

    if (error)
        free(start);
    return answer(error);
}

thrd_t thrd_current(void)
{
    return pthread_self();
}

int thrd_equal(thrd_t one, thrd_t other)
{
    return pthread_equal(one, other);
}

int thrd_sleep(const struct timespec *duration, struct timespec *remaining)
{
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, duration, remaining);

    if (error == 0)
        return 0;
    return error == EINTR ? -1 : -2;
}

void thrd_yield(void)
{
    sched_yield();
}

void thrd_exit(int result)
{
    pthread_exit((void *)(intptr_t)result);
}

int thrd_detach(thrd_t thread)
{
    return answer(pthread_detach(thread));
}

int thrd_join(thrd_t thread, int *result)
{
    void *pointer;
    int error = pthread_join(thread, &pointer);

    if (!error && result)
        *result = (int)(intptr_t)pointer;
    return answer(error);
}

/* ---- Mutexes: each may be waited for until a moment ---- */

int mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;

    if (type & ~(mtx_recursive | mtx_timed))
        return thrd_error;
    pthread_mutexattr_init(&attributes);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    return answer(pthread_mutex_init(mutex, &attributes));
}

int mtx_lock(mtx_t *mutex)
{
    return answer(pthread_mutex_lock(mutex));
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict deadline)
{
    return answer(pthread_mutex_timedlock(mutex, deadline));
}

int mtx_trylock(mtx_t *mutex)
{
    return answer(pthread_mutex_trylock(mutex));
}

int mtx_unlock(mtx_t *mutex)
{
    return answer(pthread_mutex_unlock(mutex));
}

void mtx_destroy(mtx_t *mutex)
{
    pthread_mutex_destroy(mutex);
}

/* ---- Condition variables ---- */

int cnd_init(cnd_t *condition)
{
    return answer(pthread_cond_init(condition, NULL));
}

int cnd_signal(cnd_t *condition)
{
    return answer(pthread_cond_signal(condition));
}

int cnd_broadcast(cnd_t *condition)
{
    return answer(pthread_cond_broadcast(condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return answer(pthread_cond_wait(condition, mutex));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict deadline)
{
    return answer(pthread_cond_timedwait(condition, mutex, deadline));
}

void cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy(condition);
}

/* ---- Once, and values of a thread's own ---- */

void call_once(once_flag *flag, void (*function)(void))
{
    pthread_once(flag, function);
}

int tss_create(tss_t *key, tss_dtor_t destructor)
{
    return answer(pthread_key_create(key, destructor));
}

void *tss_get(tss_t key)
{
    return pthread_getspecific(key);
}

int tss_set(tss_t key, void *value)
{
    return answer(pthread_setspecific(key, value));
}

void tss_delete(tss_t key)
{
    pthread_key_delete(key);
}
