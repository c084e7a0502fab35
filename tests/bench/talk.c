/* SPDX-License-Identifier: MIT */
/* talk.c - the paths between two who wait for each other: pipes, futexes, threads. */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS 101

static bool pipe_round_trip(void)
{
    int there[2], back[2];
    char byte = 0;

    if (pipe(there) != 0 || pipe(back) != 0)
        return false;
    int child = bench_fork();

    if (child < 0)
        return false;
    if (child == 0) {
        bench_call(SYS_close, there[1], 0, 0, 0);
        while (bench_call(SYS_read, there[0], (long)&byte, 1, 0) == 1)
            bench_call(SYS_write, back[1], (long)&byte, 1, 0);
        bench_exit(0);
    }
    for (int round = -10; round < ROUNDS; round++) {
        bench_begin();
        bench_call(SYS_write, there[1], (long)&byte, 1, 0);
        long got = bench_call(SYS_read, back[0], (long)&byte, 1, 0);
        bench_end(1);
        if (got != 1)
            return false;
    }
    bench_call(SYS_close, there[1], 0, 0, 0);
    bench_wait(child);
    return true;
}

/* ---- two threads, each waits for its word to become 1 ---- */

static volatile int ping, pong;

static long futex(volatile int *word, int operation, int value)
{
    return bench_call(SYS_futex, (long)word, operation | FUTEX_PRIVATE_FLAG, value, 0);
}

static void hand_over(volatile int *word)
{
    *word = 1;
    futex(word, FUTEX_WAKE, 1);
}

static void take(volatile int *word)
{
    while (*word == 0)
        futex(word, FUTEX_WAIT, 0);
    *word = 0;
}

static void *answer(void *argument)
{
    for (int round = -10; round < ROUNDS; round++) {
        take(&ping);
        hand_over(&pong);
    }
    return argument;
}

static bool futex_round_trip(void)
{
    pthread_t thread;

    if (futex(&ping, FUTEX_WAKE, 1) != 0 || pthread_create(&thread, NULL, answer, NULL) != 0)
        return false;
    for (int round = -10; round < ROUNDS; round++) {
        bench_begin();
        hand_over(&ping);
        take(&pong);
        bench_end(1);
    }
    pthread_join(thread, NULL);
    return true;
}

static void *nothing(void *argument)
{
    return argument;
}

static bool create_join(void)
{
    pthread_t thread;

    for (int round = 0; round < 51; round++) {
        bench_begin();
        if (pthread_create(&thread, NULL, nothing, NULL) != 0)
            return false;
        pthread_join(thread, NULL);
        bench_end(1);
    }
    return true;
}

const struct path talk_paths[] = {
    {"pipe round trip, two processes", pipe_round_trip},
    {"futex round trip, two threads", futex_round_trip},
    {"pthread create + join", create_join},
    {0},
};
