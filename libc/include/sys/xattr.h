/* SPDX-License-Identifier: MIT */
/* <sys/xattr.h> - extended attributes: names with values that a file can have. By path, by path without following its last link, by
 * descriptor. */
#ifndef _SYS_XATTR_H
#define _SYS_XATTR_H

#include <sys/types.h>
#include <linux/xattr.h>

ssize_t getxattr(const char *path, const char *name, void *value, size_t size);
ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size);
ssize_t fgetxattr(int fd, const char *name, void *value, size_t size);
int setxattr(const char *path, const char *name, const void *value, size_t size, int flags);
int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);
int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int removexattr(const char *path, const char *name);
int lremovexattr(const char *path, const char *name);
int fremovexattr(int fd, const char *name);
ssize_t listxattr(const char *path, char *names, size_t size);
ssize_t llistxattr(const char *path, char *names, size_t size);
ssize_t flistxattr(int fd, char *names, size_t size);

#endif
