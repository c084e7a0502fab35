/* SPDX-License-Identifier: MIT */
/* <sys/statvfs.h> - a file system's size and room, in POSIX's form. The flags are those of statfs(2), which no header of the kernel's
 * has. */
#ifndef _SYS_STATVFS_H
#define _SYS_STATVFS_H

#include <sys/types.h>

#define ST_RDONLY 1
#define ST_NOSUID 2
#define ST_NODEV 4
#define ST_NOEXEC 8
#define ST_SYNCHRONOUS 16
#define ST_MANDLOCK 64
#define ST_NOATIME 1024
#define ST_NODIRATIME 2048
#define ST_RELATIME 4096
#define ST_NOSYMFOLLOW 8192

struct statvfs {
    unsigned long f_bsize;  /* what is good to read or write at once */
    unsigned long f_frsize; /* what the three after it count */
    fsblkcnt_t f_blocks;
    fsblkcnt_t f_bfree;
    fsblkcnt_t f_bavail; /* of them, for who is not root */
    fsfilcnt_t f_files;
    fsfilcnt_t f_ffree;
    fsfilcnt_t f_favail;
    unsigned long f_fsid;
    unsigned long f_flag;
    unsigned long f_namemax;
};

int statvfs(const char *restrict path, struct statvfs *restrict to);
int fstatvfs(int fd, struct statvfs *to);

#endif
