/* SPDX-License-Identifier: MIT */
/* timespec.h - spans of time as system calls take them. */
#pragma once

#include <proc/process.h>
#include <types.h>

#include <linux/time_types.h>

/* In nanoseconds; those that would overflow are "never". => 0, -EFAULT, -EINVAL. */
int timespec_read(vaddr_t from, uint64_t *ns);
int timespec_write(vaddr_t to, uint64_t ns);         /* => 0, -EFAULT */
struct __kernel_old_timeval timeval_of(uint64_t ns); /* whole microseconds */
/* The clock_now() value that is so far from now. */
uint64_t timespec_deadline(uint64_t ns);

/* The deadline of a timed sleep that begins; if it is one that goes on after an interruption without a handler, the
 * one that it had. Who is interrupted puts it into restart_deadline. */
static inline uint64_t task_deadline(uint64_t fresh)
{
    struct task *task = current_task();
    uint64_t old = task->restart_deadline;
    task->restart_deadline = 0;
    return old ? old : fresh;
}
