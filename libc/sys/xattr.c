/* SPDX-License-Identifier: MIT */
/* xattr.c - extended attributes. */
#include <sys/xattr.h>

#include "raw.h"

ssize_t getxattr(const char *path, const char *name, void *value, size_t size)
{
    return SYSCALL(__NR_getxattr, path, name, value, size);
}

ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    return SYSCALL(__NR_lgetxattr, path, name, value, size);
}

ssize_t fgetxattr(int fd, const char *name, void *value, size_t size)
{
    return SYSCALL(__NR_fgetxattr, fd, name, value, size);
}

int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    return (int)SYSCALL(__NR_setxattr, path, name, value, size, flags);
}

int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    return (int)SYSCALL(__NR_lsetxattr, path, name, value, size, flags);
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    return (int)SYSCALL(__NR_fsetxattr, fd, name, value, size, flags);
}

int removexattr(const char *path, const char *name)
{
    return (int)SYSCALL(__NR_removexattr, path, name);
}

int lremovexattr(const char *path, const char *name)
{
    return (int)SYSCALL(__NR_lremovexattr, path, name);
}

int fremovexattr(int fd, const char *name)
{
    return (int)SYSCALL(__NR_fremovexattr, fd, name);
}

ssize_t listxattr(const char *path, char *names, size_t size)
{
    return SYSCALL(__NR_listxattr, path, names, size);
}

ssize_t llistxattr(const char *path, char *names, size_t size)
{
    return SYSCALL(__NR_llistxattr, path, names, size);
}

ssize_t flistxattr(int fd, char *names, size_t size)
{
    return SYSCALL(__NR_flistxattr, fd, names, size);
}
