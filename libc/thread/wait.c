/* SPDX-License-Identifier: MIT */
/* wait.c - the futex call of everything that may wait until a moment, or for threads of other processes (wait.h). */
#include "wait.h"

#include <linux/futex.h>
#include <stddef.h>

#include "../sys/raw.h"

typedef long (*caller)(long number, long a, long b, long c, long d, long e, long f);

static int sharing(bool shared)
{
    return shared ? 0 : FUTEX_PRIVATE_FLAG;
}

static int wait_by(caller call, int *word, int value, clockid_t clock, const struct timespec *deadline,
                   bool shared)
{
    int operation = FUTEX_WAIT_BITSET | sharing(shared);

    if (deadline && !moment_is_valid(clock, deadline))
        return EINVAL;
    if (deadline && deadline->tv_sec < 0) /* long ago; the kernel takes it for nonsense */
        return ETIMEDOUT;
    if (clock == CLOCK_REALTIME)
        operation |= FUTEX_CLOCK_REALTIME;
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

void word_wake_sleepers(int *word, int sleepers, bool shared)
{
    RAW_SYSCALL(__NR_futex, word, FUTEX_WAKE | sharing(shared), sleepers);
}
