/* SPDX-License-Identifier: MIT */
/* thread_sync.c - mutex, condition variable, barrier, semaphore: no wake-up is lost, time-outs come, and not too early. */
#include <semaphore.h>

#include "threads.h"

#define TURNS 2000
#define COUNTERS 4

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn;
static long counter;

/* Waits TURNS times for its turn and gives it back. */
static void play(int mine)
{
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != mine)
            pthread_cond_wait(&condition, &mutex);
        turn = !mine;
        counter++;
        pthread_cond_signal(&condition);
        pthread_mutex_unlock(&mutex);
    }
}

static void *second_player(void *unused)
{
    play(1);
    return unused;
}

static void *count_up(void *unused)
{
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&mutex);
        long seen = counter;
        if (i % 16 == 0)
            sched_yield(); /* with the mutex held: others pile up behind it */
        counter = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

/* ---- Everybody at once ---- */

static pthread_barrier_t barrier;
static bool open_now;
static atomic_int passed;

static void *wait_for_all(void *unused)
{
    pthread_mutex_lock(&mutex);
    while (!open_now)
        pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 50; i++)
        pthread_barrier_wait(&barrier);
    passed++;
    return unused;
}

static void broadcast(void)
{
    pthread_t threads[COUNTERS];

    pthread_barrier_init(&barrier, NULL, COUNTERS);
    for (int i = 0; i < COUNTERS; i++)
        threads[i] = begin(wait_for_all, NULL);
    doze();
    pthread_mutex_lock(&mutex);
    open_now = true;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < COUNTERS; i++)
        pthread_join(threads[i], NULL);
    expect("passed the barrier 50 times", passed, COUNTERS);
}

/* ---- Time ---- */

static long milliseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void timeouts(clockid_t clock)
{
    pthread_condattr_t attributes;
    pthread_cond_t timed;
    struct timespec deadline;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, clock);
    pthread_cond_init(&timed, &attributes);
    long before = milliseconds(clock); /* before the deadline is set: we may lose the CPU in between */
    clock_gettime(clock, &deadline);
    deadline.tv_nsec += 50000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&mutex);
    expect("a wait of 50 ms times out", pthread_cond_timedwait(&timed, &mutex, &deadline), ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    expect("not too early", milliseconds(clock) - before >= 49, 1);
    pthread_mutex_lock(&mutex);
    expect("a moment in the past", pthread_cond_timedwait(&timed, &mutex, &deadline), ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

static sem_t items;

static void *produce(void *unused)
{
    for (int i = 0; i < TURNS; i++)
        sem_post(&items);
    return unused;
}

int main(void)
{
    pthread_t threads[COUNTERS];

    threads[0] = begin(second_player, NULL);
    play(0);
    pthread_join(threads[0], NULL);
    expect("turns", counter, 2 * TURNS);

    counter = 0;
    for (int i = 0; i < COUNTERS; i++)
        threads[i] = begin(count_up, NULL);
    for (int i = 0; i < COUNTERS; i++)
        pthread_join(threads[i], NULL);
    expect("counted under the mutex", counter, COUNTERS * TURNS);

    broadcast();
    sem_init(&items, 0, 0);
    threads[0] = begin(produce, NULL);
    for (int i = 0; i < TURNS; i++)
        sem_wait(&items);
    pthread_join(threads[0], NULL);
    expect_error("no item is left", sem_trywait(&items), EAGAIN);
    timeouts(CLOCK_REALTIME);
    timeouts(CLOCK_MONOTONIC);
    return finish();
}
