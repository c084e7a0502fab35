/* SPDX-License-Identifier: MIT */
/* <sys/statfs.h> - a file system's kind, size and room, as the kernel tells. */
#ifndef _SYS_STATFS_H
#define _SYS_STATFS_H

#include <sys/types.h>
#include <asm/statfs.h>

typedef __kernel_fsid_t fsid_t;

/* The names from when sizes were words of 32 bits elsewhere: the same here. */
#define statfs64 statfs
#define fstatfs64 fstatfs

int statfs(const char *path, struct statfs *to);
int fstatfs(int fd, struct statfs *to);

#endif
