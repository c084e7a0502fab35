/* SPDX-License-Identifier: MIT */
/* procfs.h - the windows into the kernel, mounted at /proc and /sys. */
#pragma once

/* Mounts both; the directories must be there. => 0, -errno. */
int procfs_init(void);
int sysfs_init(void); /* /sys alone, for procfs_init() */
