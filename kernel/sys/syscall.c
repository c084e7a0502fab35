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
static int64_t no_such_call(struct trapframe *)
{
    return -ENOSYS;
}

#define NUMBERS 512

#pragma GCC diagnostic ignored "-Woverride-init" /* the holes are filled first */
#define SYSCALL(name, kinds) [__NR_##name] = sys_##name,
static syscall_function *const calls[NUMBERS] = {
    [0 ... NUMBERS - 1] = no_such_call,
#include "table.h"
    [__NR_fork] = fork_whole_frame,     [__NR_vfork] = vfork_whole_frame,
    [__NR_clone] = clone_whole_frame,   [__NR_rt_sigreturn] = sigreturn_whole_frame,
};
#undef SYSCALL

/* As Linux: only the lower half of rax is the number, and what is not there is -ENOSYS, never 0. */
int64_t syscall_entry(struct trapframe *frame)
{
    uint32_t number = (uint32_t)frame->error;

    return likely(number < NUMBERS) ? calls[number](frame) : -ENOSYS;
}

/* The registers that are to be in the frame are there already, and not in the CPU any more. */
static int64_t call_with_whole_frame(struct trapframe *frame)
{
    switch ((uint32_t)frame->error) {
    case __NR_fork:
        return sys_fork(frame);
    case __NR_vfork:
        return sys_vfork(frame);
    case __NR_clone:
        return sys_clone(frame);
    case __NR_rt_sigreturn:
        return sys_rt_sigreturn(frame);
    default:
        return syscall_entry(frame);
    }
}

static int64_t call_with_line(struct trapframe *frame)
{
    struct strace_line line;

    strace_enter(&line, frame);
    int64_t result = call_with_whole_frame(frame);
    strace_leave(&line, result);
    return result;
}

int64_t syscall_watched(struct trapframe *frame)
{
    uint32_t number = (uint32_t)frame->error;

    if (number == TRACE_CALL)
        return sys_trace(frame);
    current_thread()->call = number;
    if (trace_calls & TRACE_CALLS_STREAM)
        trace_call_enter(frame);
    int64_t result = trace_calls & TRACE_CALLS_STRACE ? call_with_line(frame) : call_with_whole_frame(frame);
    if (trace_calls & TRACE_CALLS_STREAM)
        trace_call_leave(number, result);
    current_thread()->call = NO_CALL;
    return result;
}

TRACE_WAYS(syscall_way, syscall_entry, watched_whole_frame, &trace_calls, 1);
