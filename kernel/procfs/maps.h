/* SPDX-License-Identifier: MIT */
/* maps.h - /proc/<pid>/maps, smaps and smaps_rollup. */
#ifndef FAULTLINE_PROCFS_MAPS_H
#define FAULTLINE_PROCFS_MAPS_H

#include <procfs/text.h>

struct process;

int proc_maps(struct proctext *text, struct process *process);
int proc_smaps(struct proctext *text, struct process *process);
int proc_smaps_rollup(struct proctext *text, struct process *process);

#endif
