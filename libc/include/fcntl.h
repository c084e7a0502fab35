/* SPDX-License-Identifier: MIT */
/* <fcntl.h> - opening files; flags and commands are the kernel's. */
#ifndef _FCNTL_H
#define _FCNTL_H

#include <sys/types.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif

/* POSIX's and BSD's words for what Linux calls otherwise. */
#define O_ASYNC FASYNC
#define O_RSYNC O_SYNC
#define O_SEARCH O_PATH
#define O_EXEC O_PATH
#define O_TTY_INIT 0
#define FAPPEND O_APPEND
#define FNDELAY O_NONBLOCK
#define FNONBLOCK O_NONBLOCK

/* For lockf. */
#define F_ULOCK 0
#define F_LOCK 1
#define F_TLOCK 2
#define F_TEST 3

int open(const char *path, int flags, ...);
int openat(int directory, const char *path, int flags, ...);
int creat(const char *path, mode_t mode);
int fcntl(int fd, int command, ...);
int posix_fadvise(int fd, off_t offset, off_t size, int advice);
int posix_fallocate(int fd, off_t offset, off_t size);
ssize_t readahead(int fd, off_t offset, size_t count);
int lockf(int fd, int command, off_t size);
int fallocate(int fd, int mode, off_t offset, off_t size);

#endif
