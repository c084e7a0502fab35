/* SPDX-License-Identifier: MIT */
/* thread_mutex.c - mutexes of all kinds, condition variables, the attributes of everything: each function, and what it refuses.
 * Robust mutexes and processes: thread_shared.c.
 *
 * Not asked, because C libraries differ: destroying what is in use, priority protocols, a lock that its owner would wait for. */
#include <limits.h>

#include "answers.h"

/* ---- Mutexes ---- */

static void make_mutex(pthread_mutex_t *mutex, int type)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    answers("settype", pthread_mutexattr_settype(&attributes, type), 0);
    answers("init", pthread_mutex_init(mutex, &attributes), 0);
    pthread_mutexattr_destroy(&attributes);
}

static void *try_mutex(void *mutex)
{
    int error = pthread_mutex_trylock(mutex);

    if (!error)
        pthread_mutex_unlock(mutex);
    return (void *)(intptr_t)error;
}

static void *unlock_mutex(void *mutex)
{
    return (void *)(intptr_t)pthread_mutex_unlock(mutex);
}

static void *wait_for_mutex(void *mutex)
{
    struct timespec deadline = soon(CLOCK_REALTIME);

    return (void *)(intptr_t)pthread_mutex_timedlock(mutex, &deadline);
}

static void *wait_wrongly(void *mutex)
{
    return (void *)(intptr_t)pthread_mutex_timedlock(mutex, &nonsense);
}

static void mutex_normal(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

    say("-- normal");
    answers("lock", pthread_mutex_lock(&mutex), 0);
    answers("trylock by its owner", pthread_mutex_trylock(&mutex), EBUSY);
    answers("trylock by another", elsewhere(try_mutex, &mutex), EBUSY);
    answers("timedlock by another", elsewhere(wait_for_mutex, &mutex), ETIMEDOUT);
    answers("timedlock, no time", elsewhere(wait_wrongly, &mutex), EINVAL);
    answers("timedlock, less than none", pthread_mutex_timedlock(&mutex, &negative), EINVAL);
    answers("timedlock, long ago", pthread_mutex_timedlock(&mutex, &past), ETIMEDOUT);
    answers("unlock", pthread_mutex_unlock(&mutex), 0);
    answers("trylock by another", elsewhere(try_mutex, &mutex), 0);
    answers("timedlock of a free one, no time", pthread_mutex_timedlock(&mutex, &nonsense), 0);
    answers("unlock", pthread_mutex_unlock(&mutex), 0);
    answers("consistent, of one that is not robust", pthread_mutex_consistent(&mutex), EINVAL);
    answers("destroy", pthread_mutex_destroy(&mutex), 0);
}

static void mutex_recursive(void)
{
    pthread_mutex_t mutex;

    say("-- recursive");
    make_mutex(&mutex, PTHREAD_MUTEX_RECURSIVE);
    answers("unlock a free one", pthread_mutex_unlock(&mutex), EPERM);
    answers("lock", pthread_mutex_lock(&mutex), 0);
    answers("once more", pthread_mutex_lock(&mutex), 0);
    answers("trylock", pthread_mutex_trylock(&mutex), 0);
    answers("timedlock", pthread_mutex_timedlock(&mutex, &past), 0);
    answers("unlock by another", elsewhere(unlock_mutex, &mutex), EPERM);
    for (int i = 0; i < 3; i++)
        answers("unlock", pthread_mutex_unlock(&mutex), 0);
    answers("trylock by another, once too few", elsewhere(try_mutex, &mutex), EBUSY);
    answers("unlock", pthread_mutex_unlock(&mutex), 0);
    answers("trylock by another", elsewhere(try_mutex, &mutex), 0);
    answers("unlock a free one", pthread_mutex_unlock(&mutex), EPERM);
    answers("destroy", pthread_mutex_destroy(&mutex), 0);
}

static void mutex_checking(void)
{
    pthread_mutex_t mutex;

    say("-- errorcheck");
    make_mutex(&mutex, PTHREAD_MUTEX_ERRORCHECK);
    answers("unlock a free one", pthread_mutex_unlock(&mutex), EPERM);
    answers("lock", pthread_mutex_lock(&mutex), 0);
    answers("once more", pthread_mutex_lock(&mutex), EDEADLK);
    answers("trylock", pthread_mutex_trylock(&mutex), EBUSY);
    answers("timedlock", pthread_mutex_timedlock(&mutex, &past), EDEADLK);
    answers("timedlock by another", elsewhere(wait_for_mutex, &mutex), ETIMEDOUT);
    answers("unlock by another", elsewhere(unlock_mutex, &mutex), EPERM);
    answers("unlock", pthread_mutex_unlock(&mutex), 0);
    answers("destroy", pthread_mutex_destroy(&mutex), 0);
}

static long counter;

static void *count_up(void *mutex)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct timespec deadline = {.tv_sec = LONG_MAX / 2};

        if (i % 3 == 0)
            pthread_mutex_timedlock(mutex, &deadline);
        else
            pthread_mutex_lock(mutex);
        long seen = counter;
        if (i % 8 == 0)
            sched_yield();
        counter = seen + 1;
        pthread_mutex_unlock(mutex);
    }
    return NULL;
}

static void mutex_crowds(void)
{
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK};
    pthread_mutex_t mutex;

    for (int i = 0; i < 3; i++) {
        make_mutex(&mutex, types[i]);
        counter = 0;
        crowd(count_up, &mutex);
        expect("counted by a crowd", counter, CROWD * ROUNDS);
        pthread_mutex_destroy(&mutex);
    }
}

static void attributes(void)
{
    pthread_mutexattr_t mutex;
    pthread_condattr_t condition;
    pthread_rwlockattr_t lock;
    pthread_barrierattr_t barrier;
    clockid_t clock = -1;
    int value = -1;

    say("-- attributes");
    answers("mutexattr_init", pthread_mutexattr_init(&mutex), 0);
    pthread_mutexattr_gettype(&mutex, &value);
    expect("default type", value == PTHREAD_MUTEX_DEFAULT, 1);
    pthread_mutexattr_getrobust(&mutex, &value);
    expect("default robustness", value == PTHREAD_MUTEX_STALLED, 1);
    pthread_mutexattr_getpshared(&mutex, &value);
    expect("default sharing", value == PTHREAD_PROCESS_PRIVATE, 1);
    pthread_mutexattr_getprotocol(&mutex, &value);
    expect("default protocol", value == PTHREAD_PRIO_NONE, 1);
    answers("settype 99", pthread_mutexattr_settype(&mutex, 99), EINVAL);
    answers("settype -1", pthread_mutexattr_settype(&mutex, -1), EINVAL);
    answers("setrobust 2", pthread_mutexattr_setrobust(&mutex, 2), EINVAL);
    answers("setpshared 2", pthread_mutexattr_setpshared(&mutex, 2), EINVAL);
    answers("setprotocol none", pthread_mutexattr_setprotocol(&mutex, PTHREAD_PRIO_NONE), 0);
    answers("setprotocol 99", pthread_mutexattr_setprotocol(&mutex, 99), EINVAL);
    answers("settype", pthread_mutexattr_settype(&mutex, PTHREAD_MUTEX_ERRORCHECK), 0);
    answers("setrobust", pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST), 0);
    answers("setpshared", pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED), 0);
    pthread_mutexattr_gettype(&mutex, &value);
    expect("type", value == PTHREAD_MUTEX_ERRORCHECK, 1);
    pthread_mutexattr_getrobust(&mutex, &value);
    expect("robust", value == PTHREAD_MUTEX_ROBUST, 1);
    pthread_mutexattr_getpshared(&mutex, &value);
    expect("shared", value == PTHREAD_PROCESS_SHARED, 1);

    pthread_condattr_init(&condition);
    pthread_condattr_getclock(&condition, &clock);
    expect("default clock", clock, CLOCK_REALTIME);
    answers("setclock, of CPU time", pthread_condattr_setclock(&condition, CLOCK_PROCESS_CPUTIME_ID), EINVAL);
    answers("setclock", pthread_condattr_setclock(&condition, CLOCK_MONOTONIC), 0);
    pthread_condattr_getclock(&condition, &clock);
    expect("clock", clock, CLOCK_MONOTONIC);
    answers("setpshared 2", pthread_condattr_setpshared(&condition, 2), EINVAL);
    answers("setpshared", pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED), 0);
    pthread_condattr_getpshared(&condition, &value);
    expect("shared", value == PTHREAD_PROCESS_SHARED, 1);
    pthread_condattr_getclock(&condition, &clock);
    expect("clock", clock, CLOCK_MONOTONIC);

    pthread_rwlockattr_init(&lock);
    answers("setpshared 2", pthread_rwlockattr_setpshared(&lock, 2), EINVAL);
    answers("setpshared", pthread_rwlockattr_setpshared(&lock, PTHREAD_PROCESS_SHARED), 0);
    pthread_rwlockattr_getpshared(&lock, &value);
    expect("shared", value == PTHREAD_PROCESS_SHARED, 1);

    pthread_barrierattr_init(&barrier);
    answers("setpshared 2", pthread_barrierattr_setpshared(&barrier, 2), EINVAL);
    answers("setpshared", pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED), 0);
    pthread_barrierattr_getpshared(&barrier, &value);
    expect("shared", value == PTHREAD_PROCESS_SHARED, 1);
}

/* ---- Condition variables ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int tokens, waiting;
static long served;

static void *take_token(void *unused)
{
    pthread_mutex_lock(&mutex);
    waiting++;
    while (tokens == 0)
        pthread_cond_wait(&condition, &mutex);
    tokens--;
    served++;
    pthread_mutex_unlock(&mutex);
    return unused;
}

/* Until all have come, and given the mutex back: they wait. */
static void until_waiting(int count)
{
    for (bool there = false; !there; sched_yield()) {
        pthread_mutex_lock(&mutex);
        there = waiting == count;
        pthread_mutex_unlock(&mutex);
    }
}

static void give_tokens(int count)
{
    pthread_mutex_lock(&mutex);
    tokens = count;
    if (count == 1)
        pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    if (count > 1)
        pthread_cond_broadcast(&condition);
    for (bool taken = false; !taken; sched_yield()) {
        pthread_mutex_lock(&mutex);
        taken = tokens == 0;
        pthread_mutex_unlock(&mutex);
    }
}

static void condition_errors(void)
{
    pthread_mutex_t checked;
    struct timespec deadline = soon(CLOCK_REALTIME);

    make_mutex(&checked, PTHREAD_MUTEX_ERRORCHECK);
    answers("wait without the mutex", pthread_cond_wait(&condition, &checked), EPERM);
    pthread_mutex_lock(&checked);
    answers("timedwait, no time", pthread_cond_timedwait(&condition, &checked, &nonsense), EINVAL);
    answers("timedwait, long ago", pthread_cond_timedwait(&condition, &checked, &past), ETIMEDOUT);
    answers("timedwait", pthread_cond_timedwait(&condition, &checked, &deadline), ETIMEDOUT);
    answers("the mutex is held again", pthread_mutex_lock(&checked), EDEADLK);
    pthread_mutex_unlock(&checked);
}

static void conditions(void)
{
    pthread_t threads[CROWD];

    say("-- condition variables");
    answers("signal to nobody", pthread_cond_signal(&condition), 0);
    answers("broadcast to nobody", pthread_cond_broadcast(&condition), 0);
    condition_errors();
    for (int i = 0; i < CROWD; i++)
        threads[i] = begin(take_token, NULL);
    until_waiting(CROWD);
    give_tokens(1);
    expect("after one token", served, 1);
    give_tokens(1);
    expect("after one more", served, 2);
    give_tokens(CROWD - 2);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    expect("after a broadcast with the rest", served, CROWD);
    answers("destroy", pthread_cond_destroy(&condition), 0);
}

struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    int here;
    bool over;
};

static void *meet(void *argument)
{
    struct meeting *meeting = argument;

    pthread_mutex_lock(&meeting->mutex);
    meeting->here++;
    while (!meeting->over)
        pthread_cond_wait(&meeting->condition, &meeting->mutex);
    meeting->here--;
    pthread_mutex_unlock(&meeting->mutex);
    return NULL;
}

static void call_off(struct meeting *meeting)
{
    bool complete = false;

    for (; !complete; sched_yield()) {
        pthread_mutex_lock(&meeting->mutex);
        complete = meeting->here == CROWD;
        if (complete) {
            meeting->over = true;
            pthread_cond_broadcast(&meeting->condition);
        }
        pthread_mutex_unlock(&meeting->mutex);
    }
    pthread_cond_destroy(&meeting->condition);
    memset(&meeting->condition, 0x55, sizeof(meeting->condition));
}

/* POSIX's own example: destroyed right after the broadcast, while those who waited are still on their way out. */
static void condition_destroyed_early(void)
{
    pthread_t threads[CROWD];
    struct meeting meeting;

    for (int round = 0; round < 30; round++) {
        meeting = (struct meeting){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};
        for (int i = 0; i < CROWD; i++)
            threads[i] = begin(meet, &meeting);
        call_off(&meeting);
        for (int i = 0; i < CROWD; i++)
            pthread_join(threads[i], NULL);
    }
    expect("destroyed early; still there", meeting.here, 0);
}

int main(void)
{
    attributes();
    mutex_normal();
    mutex_recursive();
    mutex_checking();
    mutex_crowds();
    conditions();
    condition_destroyed_early();
    return finish();
}
