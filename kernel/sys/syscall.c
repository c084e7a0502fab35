/* SPDX-License-Identifier: MIT */
/* syscall.c - from the call's number to its function. Everything else is in the files beside this one.
 *
 * This is on the way of every call, so it is a comparison and a jump: the result goes back in rax. Who wants to hear of calls (the
 * kernel option `strace`, the event stream) sets trace_calls, and the entry calls another function; strace's switch starts as "on", so
 * that the first call of all finds out whether it was asked for (sys/strace.c). */
#include <sys/syscall.h>

#include <sys/calls.h>
#include <sched/thread.h>
#include <sys/strace.h>
#include <sys/trace.h>
#include <trace/trace.h>

#include <asm-generic/errno.h>
#include <asm/unistd.h>

/* What is not there; a hole in the table is one branch less than a test for it. */
static int64_t no_such_call(struct trapframe *frame)
{
    (void)frame;
    return -ENOSYS;
}

#define NUMBERS 512

#pragma GCC diagnostic ignored "-Woverride-init" /* the holes are filled first */
#define SYSCALL(name, kinds) [__NR_##name] = sys_##name,
static syscall_function *const calls[NUMBERS] = {
    [0 ... NUMBERS - 1] = no_such_call,
#include "table.h"
};
#undef SYSCALL

/* As Linux: only the lower half of rax is the number, and what is not there is -ENOSYS, never 0. */
int64_t syscall_entry(struct trapframe *frame)
{
    uint32_t number = (uint32_t)frame->error;

    return likely(number < NUMBERS) ? calls[number](frame) : -ENOSYS;
}

static int64_t call_with_line(struct trapframe *frame)
{
    struct strace_line line;

    strace_enter(&line, frame);
    int64_t result = syscall_entry(frame);
    strace_leave(&line, result);
    return result;
}

static int64_t watched_call(struct trapframe *frame)
{
    uint32_t number = (uint32_t)frame->error;

    if (number == TRACE_CALL)
        return sys_trace(frame);
    current_thread()->call = number;
    if (trace_calls & TRACE_CALLS_STREAM)
        trace_call_enter(frame);
    int64_t result = trace_calls & TRACE_CALLS_STRACE ? call_with_line(frame) : syscall_entry(frame);
    if (trace_calls & TRACE_CALLS_STREAM)
        trace_call_leave(number, result);
    current_thread()->call = NO_CALL;
    return result;
}

TRACE_WAYS(syscall_way, syscall_entry, watched_call, &trace_calls, 1);
