/* SPDX-License-Identifier: MIT */
/* sysctl.h - /proc/sys: a number a file, some of which can be written. */
#ifndef FAULTLINE_PROCFS_SYSCTL_H
#define FAULTLINE_PROCFS_SYSCTL_H

#include <fs/node.h>

extern const struct node_ops proc_sys_ops; /* of /proc/sys and the directories in it */

#endif
