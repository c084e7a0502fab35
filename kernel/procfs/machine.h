/* SPDX-License-Identifier: MIT */
/* machine.h - the files of /proc about the system as a whole, memory apart. */
#ifndef FAULTLINE_PROCFS_MACHINE_H
#define FAULTLINE_PROCFS_MACHINE_H

#include <procfs/text.h>

struct process;

int proc_uptime(struct proctext *text, struct process *process);
int proc_loadavg(struct proctext *text, struct process *process);
int proc_version(struct proctext *text, struct process *process);
int proc_kernel_cmdline(struct proctext *text, struct process *process);
int proc_filesystems(struct proctext *text, struct process *process);
int proc_machine_stat(struct proctext *text, struct process *process);
int proc_swaps(struct proctext *text, struct process *process);
int proc_vmstat(struct proctext *text, struct process *process);
int proc_cpuinfo(struct proctext *text, struct process *process);

#endif
