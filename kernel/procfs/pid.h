/* SPDX-License-Identifier: MIT */
/* pid.h - the directory of a process. */
#ifndef FAULTLINE_PROCFS_PID_H
#define FAULTLINE_PROCFS_PID_H

#include <procfs/entry.h>

extern const struct proc_entry proc_pid_entry; /* /proc/<pid>, its number is the pid */

#endif
