/* SPDX-License-Identifier: MIT */
/* oom.h - out of memory: who has it, and who must go. */
#pragma once

#include <types.h>

struct process;

/* What the process's end would give back, in thousandths of the swap disk and the RAM that the kernel has not taken for itself, and its
 * oom_score_adj on top. */
int64_t oom_score(const struct process *process);

/* Init, who has no memory and who has an oom_score_adj of -1000 is never chosen. */
bool oom_may_end(const struct process *process);

/* Sets its oom_score_adj, and with it that of all who share its memory: they go together. One whose maker sleeps in vfork has its
 * own, for the program that it is about to become. */
void oom_adjust(struct process *process, int thousandths);

/* The current process touched `address`, or a system call did for it, and no frame could be had. Kills the process with the highest score
 * and says why. Gives up the CPU while somebody is dying already. => true: the touch is to be tried again; false: the current
 * process is to die. */
bool oom_kill(vaddr_t address);
