/* SPDX-License-Identifier: MIT */
/* thread_objects.c - what threads meet at: each function of mutexes, condition variables, rwlocks, barriers, spin locks and semaphores, what
 * it refuses, and that each may be destroyed as soon as POSIX says. Robust mutexes and processes: thread_shared.c.
 *
 * Not asked, because C libraries differ: destroying what is in use, priority protocols, a lock that its owner would wait for. */
#include <limits.h>
#include <semaphore.h>

#include "threads.h"

#define CROWD 4
#define ROUNDS 300

static const struct timespec nonsense = {.tv_nsec = 1000000000}, negative = {.tv_nsec = -1},
                             past = {.tv_sec = 1};

static struct timespec soon(clockid_t clock)
{
    struct timespec moment;

    clock_gettime(clock, &moment);
    moment.tv_nsec += 20000000;
    if (moment.tv_nsec >= 1000000000) {
        moment.tv_sec++;
        moment.tv_nsec -= 1000000000;
    }
    return moment;
}

/* A call that returns its error number. */
static void answers(const char *what, int got, int wanted)
{
    say("%s: %s", what, error_name(got));
    if (got != wanted) {
        say("    expected %s", error_name(wanted));
        check_failures++;
    }
}

/* Lets another thread do one call, and waits for it. */
static int elsewhere(void *(*body)(void *), void *argument)
{
    void *result;

    pthread_join(begin(body, argument), &result);
    return (int)(intptr_t)result;
}

static void crowd(void *(*body)(void *), void *argument)
{
    pthread_t threads[CROWD];

    for (int i = 0; i < CROWD; i++)
        threads[i] = begin(body, argument);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
}

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

/* ---- Locks for many readers or one writer ---- */

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int halves[2];
static atomic_int torn;

static void *try_read(void *unused)
{
    (void)unused;
    int error = pthread_rwlock_tryrdlock(&lock);

    if (!error)
        pthread_rwlock_unlock(&lock);
    return (void *)(intptr_t)error;
}

static void *try_write(void *unused)
{
    (void)unused;
    int error = pthread_rwlock_trywrlock(&lock);

    if (!error)
        pthread_rwlock_unlock(&lock);
    return (void *)(intptr_t)error;
}

static void *read_in_time(void *deadline)
{
    struct timespec moment = soon(CLOCK_REALTIME);

    return (void *)(intptr_t)pthread_rwlock_timedrdlock(&lock, deadline ? deadline : &moment);
}

static void *write_in_time(void *deadline)
{
    struct timespec moment = soon(CLOCK_REALTIME);

    return (void *)(intptr_t)pthread_rwlock_timedwrlock(&lock, deadline ? deadline : &moment);
}

static atomic_long writer;

static void *write_once(void *unused)
{
    writer = thread_id();
    pthread_rwlock_wrlock(&lock);
    halves[0]++, halves[1]++;
    pthread_rwlock_unlock(&lock);
    return unused;
}

static void *write_both(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_rwlock_wrlock(&lock);
        halves[0]++;
        if (i % 8 == 0)
            sched_yield();
        halves[1]++;
        pthread_rwlock_unlock(&lock);
        if (i % 8 == 4)
            sched_yield();
    }
    return unused;
}

static void *read_both(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_rwlock_rdlock(&lock);
        int seen = halves[0];
        if (i % 8 == 0)
            sched_yield();
        torn += seen != halves[1];
        pthread_rwlock_unlock(&lock);
    }
    return unused;
}

static pthread_barrier_t barrier;

/* Comes back only if all of a crowd may read at the same time. */
static void *read_together(void *unused)
{
    for (int i = 0; i < 20; i++) {
        pthread_rwlock_rdlock(&lock);
        pthread_barrier_wait(&barrier);
        pthread_rwlock_unlock(&lock);
    }
    return unused;
}

static void rwlock_refusals(void)
{
    say("-- rwlocks");
    answers("rdlock", pthread_rwlock_rdlock(&lock), 0);
    answers("once more", pthread_rwlock_rdlock(&lock), 0);
    answers("tryrdlock by another", elsewhere(try_read, NULL), 0);
    answers("trywrlock by another", elsewhere(try_write, NULL), EBUSY);
    answers("timedwrlock by another", elsewhere(write_in_time, NULL), ETIMEDOUT);
    answers("timedwrlock, no time", elsewhere(write_in_time, (void *)&nonsense), EINVAL);
    answers("unlock", pthread_rwlock_unlock(&lock), 0);
    answers("trywrlock by another, once too few", elsewhere(try_write, NULL), EBUSY);
    answers("unlock", pthread_rwlock_unlock(&lock), 0);
    answers("wrlock", pthread_rwlock_wrlock(&lock), 0);
    answers("tryrdlock by its writer", pthread_rwlock_tryrdlock(&lock), EBUSY);
    answers("tryrdlock by another", elsewhere(try_read, NULL), EBUSY);
    answers("trywrlock by another", elsewhere(try_write, NULL), EBUSY);
    answers("timedrdlock by another", elsewhere(read_in_time, NULL), ETIMEDOUT);
    answers("timedrdlock, no time", elsewhere(read_in_time, (void *)&nonsense), EINVAL);
    answers("unlock", pthread_rwlock_unlock(&lock), 0);
    answers("timedwrlock of a free one", pthread_rwlock_timedwrlock(&lock, &past), 0);
    answers("unlock", pthread_rwlock_unlock(&lock), 0);
    answers("timedrdlock of a free one", pthread_rwlock_timedrdlock(&lock, &past), 0);
    pthread_t thread = begin(write_once, NULL);
    while (!writer)
        sched_yield();
    wait_until_asleep(writer);
    answers("rdlock while a writer waits", pthread_rwlock_rdlock(&lock), 0);
    expect("it has not written", halves[0], 0);
    answers("unlock", pthread_rwlock_unlock(&lock), 0);
    answers("unlock", pthread_rwlock_unlock(&lock), 0);
    pthread_join(thread, NULL);
    expect("it has written", halves[0], 1);
}

static void rwlocks(void)
{
    pthread_t threads[2 * CROWD];

    rwlock_refusals();
    halves[0] = halves[1] = 0;
    for (int i = 0; i < 2 * CROWD; i++)
        threads[i] = begin(i % 2 ? write_both : read_both, NULL);
    for (int i = 0; i < 2 * CROWD; i++)
        pthread_join(threads[i], NULL);
    expect("written by a crowd", halves[0], CROWD * ROUNDS);
    expect("half written, as readers saw it", torn, 0);
    pthread_barrier_init(&barrier, NULL, CROWD);
    crowd(read_together, NULL);
    answers("all read together; destroy", pthread_rwlock_destroy(&lock), 0);
    pthread_barrier_destroy(&barrier);
}

/* Readers that slept because of a writer must all come in when it leaves, also when another writer stands between them. */
static void *write_now_and_then(void *stop)
{
    while (!*(atomic_int *)stop) {
        pthread_rwlock_wrlock(&lock);
        sched_yield();
        pthread_rwlock_unlock(&lock);
        sched_yield();
    }
    return NULL;
}

static void rwlock_mixed(void)
{
    atomic_int stop = 0;
    pthread_t writers[2];

    pthread_rwlock_init(&lock, NULL);
    pthread_barrier_init(&barrier, NULL, CROWD);
    for (int i = 0; i < 2; i++)
        writers[i] = begin(write_now_and_then, &stop);
    crowd(read_together, NULL);
    stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    answers("all read together beside writers; destroy", pthread_rwlock_destroy(&lock), 0);
    pthread_barrier_destroy(&barrier);
}

/* ---- Barriers ---- */

static atomic_int serial, arrived, too_early;

static void *wait_in_rounds(void *unused)
{
    for (int i = 1; i <= ROUNDS; i++) {
        arrived++;
        serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
        too_early += arrived < i * CROWD;
    }
    return unused;
}

struct gate {
    pthread_barrier_t barrier;
    atomic_int users;
};

/* Whoever is the serial one destroys what the others may still be leaving. */
static void *pass(void *argument)
{
    struct gate *gate = argument;

    if (pthread_barrier_wait(&gate->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
        pthread_barrier_destroy(&gate->barrier);
        memset(&gate->barrier, 0x55, sizeof(gate->barrier));
    }
    gate->users--;
    return NULL;
}

static void barriers(void)
{
    say("-- barriers");
    answers("init for nobody", pthread_barrier_init(&barrier, NULL, 0), EINVAL);
    answers("init for one", pthread_barrier_init(&barrier, NULL, 1), 0);
    expect("one is the serial one", pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD, 1);
    answers("destroy", pthread_barrier_destroy(&barrier), 0);
    answers("init", pthread_barrier_init(&barrier, NULL, CROWD), 0);
    crowd(wait_in_rounds, NULL);
    expect("serial threads", serial, ROUNDS);
    expect("too early", too_early, 0);
    answers("destroy", pthread_barrier_destroy(&barrier), 0);
    for (int i = 0; i < 30; i++) {
        struct gate gate = {.users = CROWD};

        pthread_barrier_init(&gate.barrier, NULL, CROWD);
        crowd(pass, &gate);
        check_failures += gate.users != 0;
    }
    say("destroyed by the serial thread");
}

/* ---- Spin locks ---- */

static pthread_spinlock_t spin;

static void *count_spinning(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_spin_lock(&spin);
        long seen = counter;
        if (i % 64 == 0)
            sched_yield();
        counter = seen + 1;
        pthread_spin_unlock(&spin);
    }
    return unused;
}

static void spins(void)
{
    say("-- spin locks");
    answers("init", pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE), 0);
    answers("lock", pthread_spin_lock(&spin), 0);
    answers("trylock", pthread_spin_trylock(&spin), EBUSY);
    answers("unlock", pthread_spin_unlock(&spin), 0);
    answers("trylock", pthread_spin_trylock(&spin), 0);
    answers("unlock", pthread_spin_unlock(&spin), 0);
    counter = 0;
    crowd(count_spinning, NULL);
    expect("counted by a crowd", counter, CROWD * ROUNDS);
    answers("destroy", pthread_spin_destroy(&spin), 0);
}

/* ---- Semaphores ---- */

static sem_t semaphore;
static atomic_long sleeper;

static void nothing(int number)
{
    (void)number;
}

static void *wait_and_tell(void *unused)
{
    (void)unused;
    sleeper = thread_id();
    return (void *)(intptr_t)(sem_wait(&semaphore) == 0 ? 0 : errno);
}

/* What a wait comes to when a signal's handler runs, and nothing is posted. */
static void interrupted(void)
{
    struct sigaction action = {.sa_handler = nothing};
    void *result;

    sigaction(SIGUSR1, &action, NULL);
    pthread_t thread = begin(wait_and_tell, NULL);
    while (!sleeper)
        sched_yield();
    wait_until_asleep(sleeper);
    pthread_kill(thread, SIGUSR1);
    pthread_join(thread, &result);
    answers("a wait that a handler ends", (int)(intptr_t)result, EINTR);
}

static void *take_some(void *unused)
{
    for (int i = 0; i < ROUNDS; i++)
        sem_wait(&semaphore);
    return unused;
}

static void *post_some(void *unused)
{
    for (int i = 0; i < ROUNDS; i++)
        sem_post(&semaphore);
    return unused;
}

static void semaphore_limits(void)
{
    struct timespec deadline = soon(CLOCK_REALTIME);
    int value = -1;

    say("-- semaphores");
    expect_error("init with too much", sem_init(&semaphore, 0, SEM_VALUE_MAX + 1U), EINVAL);
    expect("init with the most", sem_init(&semaphore, 0, SEM_VALUE_MAX), 0);
    expect_error("one more", sem_post(&semaphore), EOVERFLOW);
    expect("wait", sem_wait(&semaphore), 0);
    sem_getvalue(&semaphore, &value);
    expect("value", value == SEM_VALUE_MAX - 1, 1);
    expect("post", sem_post(&semaphore), 0);
    expect("destroy", sem_destroy(&semaphore), 0);
    expect("init with one", sem_init(&semaphore, 0, 1), 0);
    expect("timedwait, no time, but one is there", sem_timedwait(&semaphore, &nonsense), 0);
    expect_error("timedwait, no time", sem_timedwait(&semaphore, &nonsense), EINVAL);
    expect_error("timedwait, less than none", sem_timedwait(&semaphore, &negative), EINVAL);
    expect_error("timedwait, long ago", sem_timedwait(&semaphore, &past), ETIMEDOUT);
    expect_error("timedwait", sem_timedwait(&semaphore, &deadline), ETIMEDOUT);
    expect_error("trywait", sem_trywait(&semaphore), EAGAIN);
    sem_getvalue(&semaphore, &value);
    expect("value", value, 0);
}

static void semaphore_crowd(void)
{
    pthread_t threads[2 * CROWD];
    int value;

    for (int i = 0; i < 2 * CROWD; i++)
        threads[i] = begin(i % 2 ? post_some : take_some, NULL);
    for (int i = 0; i < 2 * CROWD; i++)
        pthread_join(threads[i], NULL);
    sem_getvalue(&semaphore, &value);
    expect("left by a crowd that posts and one that takes", value, 0);
    sem_destroy(&semaphore);
}

static void *post(void *one)
{
    sem_post(one);
    return NULL;
}

/* Who was let go may destroy the semaphore before the post has returned. */
static void semaphore_destroyed_early(void)
{
    for (int i = 0; i < 50; i++) {
        sem_t one;

        sem_init(&one, 0, 0);
        pthread_t thread = begin(post, &one);
        sem_wait(&one);
        sem_destroy(&one);
        memset(&one, 0x55, sizeof(one));
        pthread_join(thread, NULL);
        for (size_t byte = 0; byte < sizeof(one); byte++)
            check_failures += ((char *)&one)[byte] != 0x55;
    }
    say("destroyed by whom it let go");
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
    rwlocks();
    rwlock_mixed();
    barriers();
    spins();
    semaphore_limits();
    interrupted();
    semaphore_crowd();
    semaphore_destroyed_early();
    return finish();
}
