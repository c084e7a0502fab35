/* SPDX-License-Identifier: MIT */
/* path.c - what is done to files by name. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raw.h"

int open(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return (int)WAITING_SYSCALL(__NR_open, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return (int)WAITING_SYSCALL(__NR_openat, directory, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int access(const char *path, int mode)
{
    return (int)SYSCALL(__NR_access, path, mode);
}

/* The system call knows no flags; AT_EACCESS makes no difference while real and effective ids are equal. */
int faccessat(int directory, const char *path, int mode, int flags)
{
    if (flags == 0)
        return (int)SYSCALL(__NR_faccessat, directory, path, mode);
    return (int)SYSCALL(__NR_faccessat2, directory, path, mode, flags);
}

int euidaccess(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

int eaccess(const char *path, int mode)
{
    return euidaccess(path, mode);
}

int unlink(const char *path)
{
    return (int)SYSCALL(__NR_unlink, path);
}

int unlinkat(int directory, const char *path, int flags)
{
    return (int)SYSCALL(__NR_unlinkat, directory, path, flags);
}

int rmdir(const char *path)
{
    return (int)SYSCALL(__NR_rmdir, path);
}

int mkdir(const char *path, mode_t mode)
{
    return (int)SYSCALL(__NR_mkdir, path, mode);
}

int mkdirat(int directory, const char *path, mode_t mode)
{
    return (int)SYSCALL(__NR_mkdirat, directory, path, mode);
}

int mknod(const char *path, mode_t mode, dev_t device)
{
    return (int)SYSCALL(__NR_mknod, path, mode, device);
}

int mknodat(int directory, const char *path, mode_t mode, dev_t device)
{
    return (int)SYSCALL(__NR_mknodat, directory, path, mode, device);
}

int mkfifo(const char *path, mode_t mode)
{
    return mknod(path, S_IFIFO | mode, 0);
}

int mkfifoat(int directory, const char *path, mode_t mode)
{
    return mknodat(directory, path, S_IFIFO | mode, 0);
}

int rename(const char *from, const char *to)
{
    return (int)SYSCALL(__NR_rename, from, to);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    return (int)SYSCALL(__NR_renameat, from_directory, from, to_directory, to);
}

int link(const char *from, const char *to)
{
    return (int)SYSCALL(__NR_link, from, to);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    return (int)SYSCALL(__NR_linkat, from_directory, from, to_directory, to, flags);
}

int symlink(const char *target, const char *path)
{
    return (int)SYSCALL(__NR_symlink, target, path);
}

int symlinkat(const char *target, int directory, const char *path)
{
    return (int)SYSCALL(__NR_symlinkat, target, directory, path);
}

ssize_t readlink(const char *restrict path, char *restrict to, size_t size)
{
    return SYSCALL(__NR_readlink, path, to, size);
}

ssize_t readlinkat(int directory, const char *restrict path, char *restrict to, size_t size)
{
    return SYSCALL(__NR_readlinkat, directory, path, to, size);
}

int truncate(const char *path, off_t size)
{
    return (int)SYSCALL(__NR_truncate, path, size);
}

int chdir(const char *path)
{
    return (int)SYSCALL(__NR_chdir, path);
}

int fchdir(int fd)
{
    return (int)SYSCALL(__NR_fchdir, fd);
}

int chroot(const char *path)
{
    return (int)SYSCALL(__NR_chroot, path);
}

int chmod(const char *path, mode_t mode)
{
    return (int)SYSCALL(__NR_chmod, path, mode);
}

int fchmod(int fd, mode_t mode)
{
    return (int)SYSCALL(__NR_fchmod, fd, mode);
}

int chown(const char *path, uid_t owner, gid_t group)
{
    return (int)SYSCALL(__NR_chown, path, owner, group);
}

int fchown(int fd, uid_t owner, gid_t group)
{
    return (int)SYSCALL(__NR_fchown, fd, owner, group);
}

int lchown(const char *path, uid_t owner, gid_t group)
{
    return (int)SYSCALL(__NR_lchown, path, owner, group);
}

int fchownat(int directory, const char *path, uid_t owner, gid_t group, int flags)
{
    return (int)SYSCALL(__NR_fchownat, directory, path, owner, group, flags);
}

mode_t umask(mode_t mask)
{
    return (mode_t)SYSCALL(__NR_umask, mask);
}

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
    return (int)SYSCALL(__NR_mount, source, target, type, flags, data);
}

int umount2(const char *target, int flags)
{
    return (int)SYSCALL(__NR_umount2, target, flags);
}

int umount(const char *target)
{
    return umount2(target, 0);
}
