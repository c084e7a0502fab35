/* SPDX-License-Identifier: MIT */
/* meminfo.h - what the machine's memory is used for: meminfo, frames, buddyinfo, slabinfo. */
#ifndef FAULTLINE_PROCFS_MEMINFO_H
#define FAULTLINE_PROCFS_MEMINFO_H

#include <procfs/text.h>

struct process;

int proc_meminfo(struct proctext *text, struct process *process);
int proc_frames(struct proctext *text, struct process *process);
int proc_buddyinfo(struct proctext *text, struct process *process);
int proc_slabinfo(struct proctext *text, struct process *process);

#endif
