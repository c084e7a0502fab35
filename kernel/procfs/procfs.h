/* SPDX-License-Identifier: MIT */
/* procfs.h - the windows into the kernel, mounted at /proc. */
#ifndef FAULTLINE_PROCFS_PROCFS_H
#define FAULTLINE_PROCFS_PROCFS_H

/* Mounts it; the directory /proc must be there. => 0, -errno. */
int procfs_init(void);

#endif
