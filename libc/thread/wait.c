/* SPDX-License-Identifier: MIT */
/* wait.c - sleeping on a word until a moment. */
#include "wait.h"

#include <errno.h>
#include <linux/futex.h>

#include "../sys/raw.h"

int word_wait_until(int *word, int value, clockid_t clock, const struct timespec *deadline, bool shared)
{
    int operation = FUTEX_WAIT_BITSET | (shared ? 0 : FUTEX_PRIVATE_FLAG);

    if (deadline && (deadline->tv_nsec < 0 || deadline->tv_nsec >= 1000000000))
        return EINVAL;
    if (clock == CLOCK_REALTIME)
        operation |= FUTEX_CLOCK_REALTIME;
    else if (clock != CLOCK_MONOTONIC)
        return EINVAL;
    return (int)-RAW_SYSCALL(__NR_futex, word, operation, value, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}
