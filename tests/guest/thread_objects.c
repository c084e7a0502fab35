/* SPDX-License-Identifier: MIT */
/* thread_objects.c - what else threads meet at: each function of rwlocks, barriers, spin locks and semaphores, what it refuses, and that
 * each may be destroyed as soon as POSIX says. Mutexes and condition variables: thread_mutex.c; processes: thread_shared.c. */
#include <limits.h>
#include <semaphore.h>

#include "answers.h"

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
static long counter;

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
