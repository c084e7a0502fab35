/* SPDX-License-Identifier: MIT */
/* answers.h - for tests of calls that return their error number, made by one thread, by another, by a crowd. */
#pragma once

#include "threads.h"

#define CROWD 4
#define ROUNDS 300

__attribute__((unused)) static const struct timespec nonsense = {.tv_nsec = 1000000000},
                                                     negative = {.tv_nsec = -1}, past = {.tv_sec = 1};

/* So far from now that another thread is asleep until then. */
__attribute__((unused)) static struct timespec soon(clockid_t clock)
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

__attribute__((unused)) static void answers(const char *what, int got, int wanted)
{
    const char *name = got == EOWNERDEAD        ? "EOWNERDEAD"
                       : got == ENOTRECOVERABLE ? "ENOTRECOVERABLE"
                                                : error_name(got);

    say("%s: %s", what, name);
    if (got != wanted) {
        say("    expected %d", wanted);
        check_failures++;
    }
}

/* Lets another thread do one call, and waits for it. */
__attribute__((unused)) static int elsewhere(void *(*body)(void *), void *argument)
{
    void *result;

    pthread_join(begin(body, argument), &result);
    return (int)(intptr_t)result;
}

__attribute__((unused)) static void crowd(void *(*body)(void *), void *argument)
{
    pthread_t threads[CROWD];

    for (int i = 0; i < CROWD; i++)
        threads[i] = begin(body, argument);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
}
