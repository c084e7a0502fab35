/* SPDX-License-Identifier: MIT */
/* devfs.h - /dev. */
#ifndef FAULTLINE_FS_DEVFS_H
#define FAULTLINE_FS_DEVFS_H

/* Makes /dev and its nodes in the root file system. => 0, -ENOMEM, ... */
int devfs_make(void);

#endif
