/* SPDX-License-Identifier: MIT */
/* strace.h - the kernel option `strace`: one log line for each system call, in strace(1)'s manner. It is on while
 * trace_calls (trace/trace.h) says so. */
#pragma once

#include <types.h>
#include <x86/trapframe.h>

/* A call under way: the text of its arguments, made before it runs because it may change what they point to. */
struct strace_line {
    int pid;
    const char *result_kind;
    char text[320];
};

void strace_enter(struct strace_line *line, const struct trapframe *frame);
void strace_leave(const struct strace_line *line, int64_t result);
