/* SPDX-License-Identifier: MIT */
/* wait.h - sleeping on a word until another thread changes it or a moment comes; the word may be shared with other processes.
 *
 * A private word is found by its address, a shared one by the page it lies in: whoever wakes must name the same kind as who sleeps.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* Sleeps while *word is `value`, until it is woken, a signal's handler has run, or `clock` shows `deadline` (NULL: never). shared: other
 * processes may see the word, or the kernel wakes it. => 0 (perhaps for nothing), EAGAIN (another value), EINTR, ETIMEDOUT, EINVAL (no
 * time, or of a clock by which nobody can wait) */
int word_wait_until(int *word, int value, clockid_t clock, const struct timespec *deadline, bool shared);

/* The same as a cancellation point. */
int word_wait_point(int *word, int value, clockid_t clock, const struct timespec *deadline, bool shared);

void word_wake_sleepers(int *word, int sleepers, bool shared);

static inline bool clock_waits(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
}

static inline bool moment_is_valid(clockid_t clock, const struct timespec *moment)
{
    return clock_waits(clock) && moment->tv_nsec >= 0 && moment->tv_nsec < 1000000000;
}

/* The wait is over, whatever the word is; else its caller looks at the word again. */
static inline bool wait_failed(int error)
{
    return error != 0 && error != EAGAIN && error != EINTR;
}
