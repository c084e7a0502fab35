/* SPDX-License-Identifier: MIT */
/* status.h - /proc/<pid>/status, stat, statm, comm and limits. */
#ifndef FAULTLINE_PROCFS_STATUS_H
#define FAULTLINE_PROCFS_STATUS_H

#include <procfs/text.h>

struct process;

int proc_status(struct proctext *text, struct process *process);
int proc_stat(struct proctext *text, struct process *process);
int proc_statm(struct proctext *text, struct process *process);
int proc_comm(struct proctext *text, struct process *process);
int proc_limits(struct proctext *text, struct process *process);

#endif
