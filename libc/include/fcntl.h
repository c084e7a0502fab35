/* SPDX-License-Identifier: MIT */
/* <fcntl.h> - opening files; flags and commands are the kernel's. */
#ifndef _FCNTL_H
#define _FCNTL_H

#include <sys/types.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

int open(const char *path, int flags, ...);
int openat(int directory, const char *path, int flags, ...);
int creat(const char *path, mode_t mode);
int fcntl(int fd, int command, ...);
int posix_fadvise(int fd, off_t offset, off_t size, int advice);
int posix_fallocate(int fd, off_t offset, off_t size);
int fallocate(int fd, int mode, off_t offset, off_t size);

#endif
