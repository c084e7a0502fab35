/* SPDX-License-Identifier: MIT */
/* alarm.h - alarm(2) and the real-time timer of setitimer(2): see alarm.c. */
#pragma once

#include <types.h>

struct process;

/* SIGALRM at clock_now() == when_ns and every `interval` nanoseconds after that; when_ns 0: never, interval
 * 0: once. */
void alarm_set(struct process *process, uint64_t when_ns, uint64_t interval);
