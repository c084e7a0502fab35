/* SPDX-License-Identifier: MIT */
/* thread_shared.c - what threads of several processes meet at, and robust mutexes as seen by those who live on: each way to take
 * one, depth, many held at once, waiting on a condition. Which deaths leave one behind: thread_robust.c. */
#include <semaphore.h>
#include <sys/mman.h>

#include "answers.h"

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    pthread_rwlock_t lock;
    pthread_barrier_t barrier;
    pthread_spinlock_t spin;
    sem_t full, empty;
    pthread_mutex_t robust, held[3];
    int turn, item, halves[2], torn, serial;
    long counter;
} * shared;

static void make_mutex(pthread_mutex_t *mutex, int type, int robust)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robust);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    answers("init", pthread_mutex_init(mutex, &attributes), 0);
}

static void make_all(void)
{
    pthread_condattr_t condition;
    pthread_rwlockattr_t lock;
    pthread_barrierattr_t barrier;

    make_mutex(&shared->mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    pthread_condattr_init(&condition);
    pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
    answers("init", pthread_cond_init(&shared->condition, &condition), 0);
    pthread_rwlockattr_init(&lock);
    pthread_rwlockattr_setpshared(&lock, PTHREAD_PROCESS_SHARED);
    answers("init", pthread_rwlock_init(&shared->lock, &lock), 0);
    pthread_barrierattr_init(&barrier);
    pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
    answers("init", pthread_barrier_init(&shared->barrier, &barrier, 2), 0);
    answers("init", pthread_spin_init(&shared->spin, PTHREAD_PROCESS_SHARED), 0);
    sem_init(&shared->full, 1, 0);
    sem_init(&shared->empty, 1, 1);
}

/* ---- The same in two processes; `mine` is 0 or 1 ---- */

static void take_turns(int mine)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&shared->mutex);
        while (shared->turn != mine)
            pthread_cond_wait(&shared->condition, &shared->mutex);
        shared->turn = !mine;
        shared->counter++;
        pthread_cond_broadcast(&shared->condition);
        pthread_mutex_unlock(&shared->mutex);
    }
}

static void pass_items(int mine)
{
    for (int i = 0; i < ROUNDS; i++) {
        sem_wait(mine ? &shared->full : &shared->empty);
        if (mine)
            shared->counter += shared->item == i;
        else
            shared->item = i;
        sem_post(mine ? &shared->empty : &shared->full);
    }
}

static void read_and_write(int mine)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 2 == mine) {
            pthread_rwlock_wrlock(&shared->lock);
            shared->halves[0]++;
            sched_yield();
            shared->halves[1]++;
        } else {
            pthread_rwlock_rdlock(&shared->lock);
            __atomic_fetch_add(&shared->torn, shared->halves[0] != shared->halves[1], __ATOMIC_RELAXED);
        }
        pthread_rwlock_unlock(&shared->lock);
    }
}

static void meet(int mine)
{
    (void)mine;
    for (int i = 0; i < ROUNDS; i++) {
        int serial = pthread_barrier_wait(&shared->barrier) == PTHREAD_BARRIER_SERIAL_THREAD;

        pthread_spin_lock(&shared->spin);
        shared->serial += serial;
        pthread_spin_unlock(&shared->spin);
    }
}

static void in_two(void (*play)(int))
{
    pid_t child = fork();

    if (child == 0) {
        play(1);
        _exit(0);
    }
    play(0);
    waitpid(child, NULL, 0);
}

static void two_processes(void)
{
    say("-- two processes");
    make_all();
    in_two(take_turns);
    expect("turns", shared->counter, 2 * ROUNDS);
    shared->counter = 0;
    in_two(pass_items);
    expect("items", shared->counter, ROUNDS);
    in_two(read_and_write);
    expect("written", shared->halves[0], ROUNDS);
    expect("half written", shared->torn, 0);
    in_two(meet);
    expect("serial threads", shared->serial, ROUNDS);
    answers("destroy", pthread_barrier_destroy(&shared->barrier), 0);
    answers("destroy", pthread_cond_destroy(&shared->condition), 0);
    answers("destroy", pthread_rwlock_destroy(&shared->lock), 0);
    answers("destroy", pthread_mutex_destroy(&shared->mutex), 0);
}

/* ---- Robust mutexes ---- */

/* A child that takes the mutex so many times, and dies. */
static void leave_behind(pthread_mutex_t *mutex, int times)
{
    pid_t child = fork();

    if (child == 0) {
        for (int i = 0; i < times; i++)
            pthread_mutex_lock(mutex);
        raise(SIGKILL);
    }
    waitpid(child, NULL, 0);
}

static struct timespec in_a_while(void)
{
    struct timespec moment;

    clock_gettime(CLOCK_REALTIME, &moment);
    moment.tv_sec += 20;
    return moment;
}

static void ways_to_take(void)
{
    struct timespec deadline = in_a_while();
    pthread_mutex_t *mutex = &shared->robust;

    say("-- robust, each way to take it");
    make_mutex(mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    answers("unlock a free one", pthread_mutex_unlock(mutex), EPERM);
    answers("consistent, of a free one", pthread_mutex_consistent(mutex), EINVAL);
    answers("lock", pthread_mutex_lock(mutex), 0);
    answers("trylock", pthread_mutex_trylock(mutex), EBUSY);
    answers("consistent, nobody died", pthread_mutex_consistent(mutex), EINVAL);
    answers("unlock", pthread_mutex_unlock(mutex), 0);
    leave_behind(mutex, 1);
    answers("lock", pthread_mutex_lock(mutex), EOWNERDEAD);
    answers("consistent", pthread_mutex_consistent(mutex), 0);
    answers("once more", pthread_mutex_consistent(mutex), EINVAL);
    answers("unlock", pthread_mutex_unlock(mutex), 0);
    leave_behind(mutex, 1);
    answers("trylock", pthread_mutex_trylock(mutex), EOWNERDEAD);
    answers("consistent", pthread_mutex_consistent(mutex), 0);
    answers("unlock", pthread_mutex_unlock(mutex), 0);
    leave_behind(mutex, 1);
    answers("timedlock", pthread_mutex_timedlock(mutex, &deadline), EOWNERDEAD);
    answers("unlock, not consistent", pthread_mutex_unlock(mutex), 0);
    answers("lock", pthread_mutex_lock(mutex), ENOTRECOVERABLE);
    answers("trylock", pthread_mutex_trylock(mutex), ENOTRECOVERABLE);
    answers("timedlock", pthread_mutex_timedlock(mutex, &deadline), ENOTRECOVERABLE);
    answers("unlock", pthread_mutex_unlock(mutex), EPERM);
    answers("destroy", pthread_mutex_destroy(mutex), 0);
}

static void kinds(void)
{
    pthread_mutex_t *mutex = &shared->robust;

    say("-- robust and recursive");
    make_mutex(mutex, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ROBUST);
    leave_behind(mutex, 3);
    answers("lock", pthread_mutex_lock(mutex), EOWNERDEAD);
    answers("once more", pthread_mutex_lock(mutex), 0);
    answers("consistent", pthread_mutex_consistent(mutex), 0);
    answers("unlock", pthread_mutex_unlock(mutex), 0);
    answers("unlock", pthread_mutex_unlock(mutex), 0);
    answers("unlock, once too often", pthread_mutex_unlock(mutex), EPERM);
    say("-- robust and checking");
    make_mutex(mutex, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST);
    leave_behind(mutex, 1);
    answers("lock", pthread_mutex_lock(mutex), EOWNERDEAD);
    answers("lock", pthread_mutex_lock(mutex), EDEADLK);
    answers("consistent", pthread_mutex_consistent(mutex), 0);
    answers("unlock", pthread_mutex_unlock(mutex), 0);
    answers("unlock", pthread_mutex_unlock(mutex), EPERM);
}

/* Whichever of the three was released first: the list of the others is whole. */
static void many_held(void)
{
    say("-- three held, one released");
    for (int i = 0; i < 3; i++)
        make_mutex(&shared->held[i], PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    for (int released = 0; released < 3; released++) {
        pid_t child = fork();

        if (child == 0) {
            for (int i = 0; i < 3; i++)
                pthread_mutex_lock(&shared->held[i]);
            pthread_mutex_unlock(&shared->held[released]);
            _exit(0);
        }
        waitpid(child, NULL, 0);
        for (int i = 0; i < 3; i++) {
            answers("lock", pthread_mutex_lock(&shared->held[i]), i == released ? 0 : EOWNERDEAD);
            pthread_mutex_consistent(&shared->held[i]);
        }
        for (int i = 0; i < 3; i++)
            answers("unlock", pthread_mutex_unlock(&shared->held[i]), 0);
    }
}

static atomic_long waiter;

static void *wait_for_signal(void *condition)
{
    pthread_mutex_lock(&shared->robust);
    waiter = thread_id();
    int error = pthread_cond_wait(condition, &shared->robust);
    if (error == EOWNERDEAD)
        pthread_mutex_consistent(&shared->robust);
    pthread_mutex_unlock(&shared->robust);
    return (void *)(intptr_t)error;
}

static void *signal_and_die(void *condition)
{
    pthread_mutex_lock(&shared->robust);
    pthread_cond_signal(condition);
    return NULL;
}

static void *take(void *mutex)
{
    waiter = thread_id();
    return (void *)(intptr_t)pthread_mutex_lock(mutex);
}

static void sleepers(void)
{
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    pthread_t threads[2];
    void *result;

    say("-- who sleeps meanwhile");
    make_mutex(&shared->robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    threads[0] = begin(wait_for_signal, &condition);
    while (!waiter)
        sched_yield();
    wait_until_asleep(waiter);
    pthread_join(begin(signal_and_die, &condition), NULL);
    pthread_join(threads[0], &result);
    answers("a wait, when who signals dies with the mutex", (int)(intptr_t)result, EOWNERDEAD);
    leave_behind(&shared->robust, 1);
    answers("lock", pthread_mutex_lock(&shared->robust), EOWNERDEAD);
    waiter = 0;
    threads[1] = begin(take, &shared->robust);
    while (!waiter)
        sched_yield();
    wait_until_asleep(waiter);
    answers("unlock, not consistent, while one sleeps", pthread_mutex_unlock(&shared->robust), 0);
    pthread_join(threads[1], &result);
    answers("that one", (int)(intptr_t)result, ENOTRECOVERABLE);
}

static void detached(void)
{
    struct timespec deadline = in_a_while();
    pthread_attr_t attributes;
    pthread_t thread;

    say("-- a detached thread");
    make_mutex(&shared->robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    waiter = 0;
    pthread_create(&thread, &attributes, take, &shared->robust);
    while (!waiter)
        sched_yield();
    doze();
    answers("timedlock", pthread_mutex_timedlock(&shared->robust, &deadline), EOWNERDEAD);
    answers("consistent", pthread_mutex_consistent(&shared->robust), 0);
    answers("unlock", pthread_mutex_unlock(&shared->robust), 0);
}

/* Killed at any moment, between asking for the mutex and having released it: whoever comes next gets it, one way or the other. */
static void killed_at_random(void)
{
    unsigned long consistent = 0;

    say("-- killed at any moment");
    make_mutex(&shared->robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < 40; i++) {
        pid_t children[2];

        for (int one = 0; one < 2; one++) {
            children[one] = fork();
            while (children[one] == 0) {
                if (pthread_mutex_lock(&shared->robust) == EOWNERDEAD)
                    pthread_mutex_consistent(&shared->robust);
                shared->counter++;
                pthread_mutex_unlock(&shared->robust);
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000 + i * 100000}, NULL);
        kill(children[0], SIGKILL);
        waitpid(children[0], NULL, 0);
        int error = pthread_mutex_lock(&shared->robust);
        consistent += error == 0 || (error == EOWNERDEAD && pthread_mutex_consistent(&shared->robust) == 0);
        pthread_mutex_unlock(&shared->robust);
        kill(children[1], SIGKILL);
        waitpid(children[1], NULL, 0);
    }
    expect("taken by who lived on", (long)consistent, 40);
}

int main(void)
{
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    /* With one thread still: its children must have a list of their own all the same. */
    ways_to_take();
    two_processes();
    kinds();
    many_held();
    sleepers();
    detached();
    killed_at_random();
    return finish();
}
