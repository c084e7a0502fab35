/* SPDX-License-Identifier: MIT */
/* alarm.h - alarm(2): see alarm.c. */
#ifndef FAULTLINE_PROC_ALARM_H
#define FAULTLINE_PROC_ALARM_H

#include <types.h>

struct process;

/* SIGALRM at clock_now() == when_ns; 0: none. => when the alarm that this replaces was due, 0: there was none. */
uint64_t alarm_set(struct process *process, uint64_t when_ns);

#endif
