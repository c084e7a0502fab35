/* SPDX-License-Identifier: MIT */
/* syscall.c - from the call's number to its function. Everything else is in the files beside this one.
 *
 * This is on the way of every call, so it is two comparisons and a jump. The kernel option `strace` prints each call;
 * its switch starts as "on", so that the first call of all finds out whether it was asked for (sys/strace.c). */
#include <sys/syscall.h>

#include <sys/calls.h>
#include <sys/strace.h>

#include <asm-generic/errno.h>
#include <asm/unistd.h>

#define SYSCALL(name, kinds) [__NR_##name] = sys_##name,
static syscall_function *const calls[] = {
#include "table.h"
};
#undef SYSCALL

/* As Linux: only the lower half of rax is the number, and what is not there is -ENOSYS, never 0. */
static int64_t call(struct trapframe *frame)
{
    uint32_t number = (uint32_t)frame->error;

    if (unlikely(number >= ARRAY_SIZE(calls)))
        return -ENOSYS;
    syscall_function *function = calls[number];
    if (unlikely(function == NULL))
        return -ENOSYS;
    return function(frame);
}

void syscall_entry(struct trapframe *frame)
{
    struct strace_line line;

    if (likely(!strace_on)) {
        frame->rax = (uint64_t)call(frame);
        return;
    }
    strace_enter(&line, frame);
    frame->rax = (uint64_t)call(frame);
    strace_leave(&line, (int64_t)frame->rax);
}
