/* SPDX-License-Identifier: MIT */
/* jobs.h - signals for groups of processes, and for those that are left alone. See jobs.c. */
#pragma once

#include <types.h>

struct process;

/* From the kernel, to each process of the group. Called from the terminal's interrupt too, perhaps with no process running; what
 * that interrupts is ring 3 or the idle loop, never kernel code that has the process table in its hands. */
void jobs_signal(int group, int number);
/* Nobody outside the group, in its session, is the parent of a member: no shell would ever continue it. */
bool jobs_orphaned(int group);
/* The process is a zombie now; `parent` was its parent. */
void jobs_process_ended(struct process *process, const struct process *parent);
/* `parent` has ended, and the child has another one now. */
void jobs_child_lost(struct process *child, const struct process *parent);
