/* SPDX-License-Identifier: MIT */
/* trace.h - system calls and the event stream: calls are told of, and the C library tells its own events by one. */
#pragma once

#include <types.h>
#include <x86/trapframe.h>

/* TRACE_CALL: an event of the C library. => 0, -EINVAL: none of its events, -EFAULT; -ENOSYS: nobody wants to know. */
int64_t sys_trace(const struct trapframe *frame);

void trace_call_enter(const struct trapframe *frame);
void trace_call_leave(uint32_t number, int64_t result);
