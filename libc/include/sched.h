/* SPDX-License-Identifier: MIT */
/* <sched.h> - scheduling; flags and policies are the kernel's. */
#ifndef _SCHED_H
#define _SCHED_H

#include <sys/types.h>
#include <linux/sched.h>
#include <linux/time.h>

#define SCHED_OTHER SCHED_NORMAL

struct sched_param {
    int sched_priority;
};

int clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
int sched_yield(void);
int sched_getcpu(void);
int sched_get_priority_max(int policy);
int sched_get_priority_min(int policy);
int sched_getscheduler(pid_t process);
int sched_setscheduler(pid_t process, int policy, const struct sched_param *parameters);

#endif
