/* SPDX-License-Identifier: MIT */
/* statfs.c - file systems as wholes: the kernel's view, and POSIX's made from it. */
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "raw.h"

#define FLAGS_ARE_VALID 0x20L /* which old kernels did not tell; POSIX has no such flag */

int statfs(const char *path, struct statfs *to)
{
    return (int)SYSCALL(__NR_statfs, path, to);
}

int fstatfs(int fd, struct statfs *to)
{
    return (int)SYSCALL(__NR_fstatfs, fd, to);
}

/* The kernel knows no files that only root may make. A system that has no fragments says 0. */
static void convert(const struct statfs *from, struct statvfs *to)
{
    *to = (struct statvfs){
        .f_bsize = (unsigned long)from->f_bsize,
        .f_frsize = (unsigned long)(from->f_frsize ? from->f_frsize : from->f_bsize),
        .f_blocks = (fsblkcnt_t)from->f_blocks,
        .f_bfree = (fsblkcnt_t)from->f_bfree,
        .f_bavail = (fsblkcnt_t)from->f_bavail,
        .f_files = (fsfilcnt_t)from->f_files,
        .f_ffree = (fsfilcnt_t)from->f_ffree,
        .f_favail = (fsfilcnt_t)from->f_ffree,
        .f_fsid = (unsigned int)from->f_fsid.val[0] | (unsigned long)from->f_fsid.val[1] << 32,
        .f_flag = (unsigned long)(from->f_flags & ~FLAGS_ARE_VALID),
        .f_namemax = (unsigned long)from->f_namelen,
    };
}

int statvfs(const char *restrict path, struct statvfs *restrict to)
{
    struct statfs info;

    if (statfs(path, &info) != 0)
        return -1;
    convert(&info, to);
    return 0;
}

int fstatvfs(int fd, struct statvfs *to)
{
    struct statfs info;

    if (fstatfs(fd, &info) != 0)
        return -1;
    convert(&info, to);
    return 0;
}
