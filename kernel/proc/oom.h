/* SPDX-License-Identifier: MIT */
/* oom.h - out of memory: who has it, and who must go. */
#ifndef FAULTLINE_PROC_OOM_H
#define FAULTLINE_PROC_OOM_H

#include <types.h>

struct trapframe;

/* The current process touched `address` and no frame could be had. Kills the process with the highest score and says why; the
 * touch is to be tried again when that one is gone. Sleeps while somebody is dying already. */
void oom_kill(const struct trapframe *frame, vaddr_t address);

#endif
