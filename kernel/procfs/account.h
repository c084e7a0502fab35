/* SPDX-License-Identifier: MIT */
/* account.h - the small files of /proc/<pid>: mountinfo, mounts, io, oom_score, oom_score_adj, coredump_filter. */
#ifndef FAULTLINE_PROCFS_ACCOUNT_H
#define FAULTLINE_PROCFS_ACCOUNT_H

#include <procfs/text.h>

struct process;

int proc_mounts(struct proctext *text, struct process *process);
int proc_mountinfo(struct proctext *text, struct process *process);
int proc_io(struct proctext *text, struct process *process);
int proc_oom_score(struct proctext *text, struct process *process);
int proc_oom_score_adj(struct proctext *text, struct process *process);
int proc_coredump_filter(struct proctext *text, struct process *process);

#endif
