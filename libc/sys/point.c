/* SPDX-License-Identifier: MIT */
/* point.c - what point.asm leaves to C: what happens when somebody wants the thread to end. A program that cancels nothing does not link
 * libc/thread/cancel.c. */
#include <errno.h>
#include <stddef.h>

#include "../thread/thread.h"
#include "raw.h"

_Static_assert(offsetof(struct thread, cancel) == 0x30, "CANCEL in point.asm");
_Static_assert(EINTR == 4, "EINTR in point.asm");

void __cancel_asked(void) __attribute__((weak));

long syscall_asked(long number, long a, long b, long c, long d, long e, long f);
long syscall_interrupted(void);

/* The thread ends, unless it does not want to be cancelled now. */
long syscall_asked(long number, long a, long b, long c, long d, long e, long f)
{
    __cancel_asked();
    return raw_syscall(number, a, b, c, d, e, f);
}

/* A handler has run, and the call did nothing: was it the cancelling signal's? */
long syscall_interrupted(void)
{
    if (thread_self()->cancel)
        __cancel_asked();
    return -EINTR;
}
