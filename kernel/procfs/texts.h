/* SPDX-License-Identifier: MIT */
/* texts.h - the files of /proc that are texts: each is a function that writes it (a line of a table in procfs.c or pid.c). */
#ifndef FAULTLINE_PROCFS_TEXTS_H
#define FAULTLINE_PROCFS_TEXTS_H

#include <procfs/text.h>

typedef void proc_text(struct proctext *text);

/* of the machine: machine.c, meminfo.c */
proc_text proc_uptime, proc_loadavg, proc_version, proc_kernel_cmdline, proc_filesystems, proc_machine_stat,
    proc_swaps, proc_vmstat, proc_cpuinfo, proc_meminfo, proc_frames, proc_buddyinfo, proc_slabinfo;
/* of a process: status.c, maps.c, account.c */
proc_text proc_status, proc_stat, proc_statm, proc_comm, proc_limits, proc_maps, proc_smaps,
    proc_smaps_rollup, proc_mounts, proc_mountinfo, proc_io, proc_oom_score, proc_coredump_filter;

#endif
