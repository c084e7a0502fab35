/* SPDX-License-Identifier: MIT */
/* stat.c - what the kernel knows of a file, and its times. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "raw.h"

/* The kernel's own struct, under another name, to hold ours against. */
#undef st_atime
#undef st_mtime
#undef st_ctime
#define stat kernel_stat
#include <asm/stat.h>
#undef stat

#define SAME_PLACE(ours, theirs)                                                                             \
    _Static_assert(offsetof(struct stat, ours) == offsetof(struct kernel_stat, theirs), #ours)
_Static_assert(sizeof(struct stat) == sizeof(struct kernel_stat), "struct stat");
SAME_PLACE(st_dev, st_dev);
SAME_PLACE(st_ino, st_ino);
SAME_PLACE(st_nlink, st_nlink);
SAME_PLACE(st_mode, st_mode);
SAME_PLACE(st_uid, st_uid);
SAME_PLACE(st_gid, st_gid);
SAME_PLACE(st_rdev, st_rdev);
SAME_PLACE(st_size, st_size);
SAME_PLACE(st_blksize, st_blksize);
SAME_PLACE(st_blocks, st_blocks);
SAME_PLACE(st_atim, st_atime);
SAME_PLACE(st_mtim, st_mtime);
SAME_PLACE(st_ctim, st_ctime);

int stat(const char *restrict path, struct stat *restrict to)
{
    return (int)SYSCALL(__NR_stat, path, to);
}

int lstat(const char *restrict path, struct stat *restrict to)
{
    return (int)SYSCALL(__NR_lstat, path, to);
}

int fstat(int fd, struct stat *to)
{
    return (int)SYSCALL(__NR_fstat, fd, to);
}

int fstatat(int directory, const char *restrict path, struct stat *restrict to, int flags)
{
    return (int)SYSCALL(__NR_newfstatat, directory, path, to, flags);
}

int utimensat(int directory, const char *path, const struct timespec times[2], int flags)
{
    return (int)SYSCALL(__NR_utimensat, directory, path, times, flags);
}

int futimens(int fd, const struct timespec times[2])
{
    return utimensat(fd, NULL, times, 0);
}

int utime(const char *path, const struct utimbuf *times)
{
    return (int)SYSCALL(__NR_utime, path, times);
}

int utimes(const char *path, const struct timeval times[2])
{
    return (int)SYSCALL(__NR_utimes, path, times);
}

/* Without a path: the file that `directory` is. */
int futimesat(int directory, const char *path, const struct timeval times[2])
{
    return (int)SYSCALL(__NR_futimesat, directory, path, times);
}

int futimes(int fd, const struct timeval times[2])
{
    return futimesat(fd, NULL, times);
}

/* What is no number of microseconds makes no number of nanoseconds either: the kernel refuses it. */
int lutimes(const char *path, const struct timeval times[2])
{
    struct timespec finer[2];

    for (int i = 0; times && i < 2; i++)
        finer[i] = (struct timespec){times[i].tv_sec, times[i].tv_usec * 1000};
    return utimensat(AT_FDCWD, path, times ? finer : NULL, AT_SYMLINK_NOFOLLOW);
}
