/* SPDX-License-Identifier: MIT */
/* <sys/stat.h> - what the kernel knows of a file.
 *
 * struct stat has the layout of <asm/stat.h>, but with POSIX's struct timespec st_mtim in place of two plain
 * words, so it is written here again; libc/sys/stat.c checks it against that header. */
#ifndef _SYS_STAT_H
#define _SYS_STAT_H

#include <sys/types.h>
#include <linux/stat.h>
#include <linux/time.h>

struct stat {
    dev_t st_dev;
    ino_t st_ino;
    nlink_t st_nlink;
    mode_t st_mode;
    uid_t st_uid;
    gid_t st_gid;
    unsigned int stat_padding;
    dev_t st_rdev;
    off_t st_size;
    blksize_t st_blksize;
    blkcnt_t st_blocks; /* of 512 bytes */
    struct timespec st_atim;
    struct timespec st_mtim;
    struct timespec st_ctim;
    long stat_reserved[3];
};

#define st_atime st_atim.tv_sec
#define st_mtime st_mtim.tv_sec
#define st_ctime st_ctim.tv_sec

#define S_IREAD S_IRUSR
#define S_IWRITE S_IWUSR
#define S_IEXEC S_IXUSR
#define ACCESSPERMS (S_IRWXU | S_IRWXG | S_IRWXO)
#define UTIME_NOW ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)

int stat(const char *restrict path, struct stat *restrict to);
int lstat(const char *restrict path, struct stat *restrict to);
int fstat(int fd, struct stat *to);
int fstatat(int directory, const char *restrict path, struct stat *restrict to, int flags);
int mkdir(const char *path, mode_t mode);
int mkdirat(int directory, const char *path, mode_t mode);
int mknod(const char *path, mode_t mode, dev_t device);
int mkfifo(const char *path, mode_t mode);
int mknodat(int directory, const char *path, mode_t mode, dev_t device);
int mkfifoat(int directory, const char *path, mode_t mode);
int chmod(const char *path, mode_t mode);
int fchmod(int fd, mode_t mode);
int fchmodat(int directory, const char *path, mode_t mode, int flags);
int lchmod(const char *path, mode_t mode);
mode_t umask(mode_t mask);
int utimensat(int directory, const char *path, const struct timespec times[2], int flags);
int futimens(int fd, const struct timespec times[2]);

#endif
