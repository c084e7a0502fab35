/* SPDX-License-Identifier: MIT */
/* wait.c - sleeping on a word until a moment. */
#include "wait.h"

#include <errno.h>
#include <linux/futex.h>

#include "../sys/raw.h"

typedef long (*caller)(long number, long a, long b, long c, long d, long e, long f);

static int wait_by(caller call, int *word, int value, clockid_t clock, const struct timespec *deadline,
                   bool shared)
{
    int operation = FUTEX_WAIT_BITSET | (shared ? 0 : FUTEX_PRIVATE_FLAG);

    if (deadline && (deadline->tv_nsec < 0 || deadline->tv_nsec >= 1000000000))
        return EINVAL;
    if (clock == CLOCK_REALTIME)
        operation |= FUTEX_CLOCK_REALTIME;
    else if (clock != CLOCK_MONOTONIC)
        return EINVAL;
    return (int)-call(__NR_futex, (long)word, operation, value, (long)deadline, 0,
                      (int)FUTEX_BITSET_MATCH_ANY);
}

int word_wait_until(int *word, int value, clockid_t clock, const struct timespec *deadline, bool shared)
{
    return wait_by(raw_syscall, word, value, clock, deadline, shared);
}

int word_wait_point(int *word, int value, clockid_t clock, const struct timespec *deadline, bool shared)
{
    return wait_by(syscall_point, word, value, clock, deadline, shared);
}
