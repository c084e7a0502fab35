/* SPDX-License-Identifier: MIT */
/* files.h - what the tables of /proc (procfs.c, pid.c) name: the files that are texts, each a function that writes it, and the
 * node_ops of those that are not. */
#pragma once

#include <procfs/entry.h>

/* of the machine: machine.c, meminfo.c */
proc_text proc_uptime, proc_loadavg, proc_version, proc_kernel_cmdline, proc_filesystems, proc_machine_stat,
    proc_swaps, proc_vmstat, proc_cpuinfo, proc_meminfo, proc_frames, proc_buddyinfo, proc_slabinfo;
/* of a process: status.c, maps.c, account.c, oom.c */
proc_text proc_status, proc_stat, proc_statm, proc_comm, proc_limits, proc_maps, proc_smaps,
    proc_smaps_rollup, proc_mounts, proc_mountinfo, proc_io, proc_oom_score, proc_oom_score_adj, proc_oom_adj,
    proc_coredump_filter;
proc_set proc_oom_set; /* of the last two of oom.c */
proc_set proc_comm_set;

/* window.c: the memory of a process itself, and the frames of the machine */
extern const struct node_ops proc_mem_ops, proc_cmdline_ops, proc_environ_ops, proc_pagemap_ops,
    proc_kpagecount_ops, proc_kpageflags_ops;
/* links.c: links to a node and what they lead to, links that are a text, the directory fd/ */
extern const struct node_ops proc_link_ops;
proc_target proc_exe, proc_cwd, proc_root;
extern const struct node_ops proc_self_ops, proc_thread_self_ops, proc_mounts_link_ops, proc_fd_directory_ops;
/* sysctl.c: /proc/sys and the directories in it; trace.c: the events that the ring holds, as a stream of CTF packets */
extern const struct proc_table proc_sys_table;
extern const struct node_ops proc_trace_ops;
/* pid.c: /proc/<pid>, its number is the pid */
extern const struct proc_entry proc_pid_entry;
