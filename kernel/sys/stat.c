/* SPDX-License-Identifier: MIT */
/* stat.c - the system calls that look at a file without opening it: stat and its family, access, readlink. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/filedata.h>
#include <fs/path.h>
#include <fs/pipe.h>
#include <proc/process.h>
#include <procfs/entry.h>
#include <string.h>
#include <sys/userpath.h>

#include <asm-generic/errno.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>

/* access(2)'s modes; the uapi headers do not have them. */
#define MAY_EXECUTE 1
#define MAY_ANYTHING 7

static int64_t stat_out(struct node *node, vaddr_t address, uint64_t)
{
    struct stat stat;

    node_stat(node, &stat);
    return copy_to_user(address, &stat, sizeof(stat));
}

SYSCALL_IS(fstat, at_descriptor(ARG0(frame), false, stat_out, ARG1(frame), 0));
SYSCALL_IS(stat, at_path(AT_FDCWD, ARG0(frame), 0, stat_out, ARG1(frame), 0));
SYSCALL_IS(lstat, at_path(AT_FDCWD, ARG0(frame), AT_SYMLINK_NOFOLLOW, stat_out, ARG1(frame), 0));

int64_t sys_newfstatat(struct trapframe *frame)
{
    uint32_t flags = (uint32_t)ARG3(frame);

    if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
        return -EINVAL;
    return at_path((int)ARG0(frame), ARG1(frame), flags, stat_out, ARG2(frame), 0);
}

/* ---- statx --------------------------------------------------------------------------------------------- */

static struct statx_timestamp timestamp(unsigned long seconds, unsigned long ns)
{
    return (struct statx_timestamp){.tv_sec = (int64_t)seconds, .tv_nsec = (uint32_t)ns};
}

static int64_t statx_out(struct node *node, vaddr_t address, uint64_t)
{
    struct stat stat;

    node_stat(node, &stat);
    const struct statx statx = {
        .stx_mask = STATX_BASIC_STATS,
        .stx_blksize = (uint32_t)stat.st_blksize,
        .stx_nlink = (uint32_t)stat.st_nlink,
        .stx_uid = stat.st_uid,
        .stx_gid = stat.st_gid,
        .stx_mode = (uint16_t)stat.st_mode,
        .stx_ino = stat.st_ino,
        .stx_size = (uint64_t)stat.st_size,
        .stx_blocks = (uint64_t)stat.st_blocks,
        .stx_atime = timestamp(stat.st_atime, stat.st_atime_nsec),
        .stx_mtime = timestamp(stat.st_mtime, stat.st_mtime_nsec),
        .stx_ctime = timestamp(stat.st_ctime, stat.st_ctime_nsec),
        .stx_rdev_major = (uint32_t)stat.st_rdev >> 8,
        .stx_rdev_minor = (uint32_t)stat.st_rdev & 0xff,
        .stx_dev_major = (uint32_t)stat.st_dev >> 8,
        .stx_dev_minor = (uint32_t)stat.st_dev & 0xff,
    };
    return copy_to_user(address, &statx, sizeof(statx));
}

int64_t sys_statx(struct trapframe *frame)
{
    const uint32_t known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
    uint32_t flags = (uint32_t)ARG2(frame);

    if ((uint32_t)ARG3(frame) & STATX__RESERVED)
        return -EINVAL;
    if ((flags & ~known) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return -EINVAL;
    return at_path((int)ARG0(frame), ARG1(frame), flags, statx_out, ARG4(frame), 0);
}

/* ---- statfs -------------------------------------------------------------------------------------------- */

/* Only the file system in memory has a size: what its files take, and what they may take yet. */
static int64_t statfs_out(struct node *node, vaddr_t address, uint64_t)
{
    struct statfs info = {.f_bsize = PAGE_SIZE, .f_frsize = PAGE_SIZE, .f_namelen = NAME_LENGTH_MAX};

    if (node->fixed) {
        info.f_type = node->device == SYS_DEVICE ? SYSFS_MAGIC : PROC_SUPER_MAGIC;
    } else if (node->device == PIPE_DEVICE) {
        info.f_type = PIPEFS_MAGIC;
    } else {
        info.f_type = TMPFS_MAGIC;
        info.f_blocks = (long)filedata_limit();
        info.f_bfree = info.f_bavail = info.f_blocks - (long)pagetree_pages();
    }
    return copy_to_user(address, &info, sizeof(info));
}

SYSCALL_IS(statfs, at_path(AT_FDCWD, ARG0(frame), 0, statfs_out, ARG1(frame), 0));
SYSCALL_IS(fstatfs, at_descriptor(ARG0(frame), false, statfs_out, ARG1(frame), 0));

/* ---- access, readlink ---------------------------------------------------------------------------------- */

/* Root may do anything, but it cannot execute what nobody may. */
static int64_t may(struct node *node, uint64_t mode, uint64_t)
{
    bool executable = node_is(node, S_IFDIR) || (node->mode & (S_IXUSR | S_IXGRP | S_IXOTH));

    return (mode & MAY_EXECUTE) && !executable ? -EACCES : 0;
}

static int64_t access_path(int directory, vaddr_t path, uint64_t mode, uint32_t flags)
{
    return (uint32_t)mode & ~(uint32_t)MAY_ANYTHING ? -EINVAL : at_path(directory, path, flags, may, mode, 0);
}

SYSCALL_IS(access, access_path(AT_FDCWD, ARG0(frame), ARG1(frame), 0));

/* With flags; whose rights are asked for makes no difference. */
int64_t sys_faccessat2(struct trapframe *frame)
{
    uint32_t flags = (uint32_t)ARG3(frame);

    if (flags & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return access_path((int)ARG0(frame), ARG1(frame), ARG2(frame), flags);
}

SYSCALL_IS(faccessat, access_path((int)ARG0(frame), ARG1(frame), ARG2(frame), 0));

static int64_t link_out(struct node *node, vaddr_t buffer, uint64_t size)
{
    if (!node_is(node, S_IFLNK))
        return -EINVAL;
    char *text = path_buffer_alloc();
    if (!text)
        return -ENOMEM;

    ssize_t length = node->ops->readlink(node, text, PATH_LENGTH_MAX);
    if (length > 0) {
        length = (ssize_t)MIN((size_t)length, size);
        if (copy_to_user(buffer, text, (size_t)length) < 0)
            length = -EFAULT;
    }
    path_buffer_free(text);
    return length;
}

static int64_t read_link(int directory, vaddr_t path, vaddr_t buffer, int size)
{
    if (size <= 0)
        return -EINVAL;
    int64_t result =
        at_path(directory, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, link_out, buffer, (uint64_t)size);
    char first;
    bool itself = result == -EINVAL && copy_from_user(&first, path, 1) == 0 && !first;
    return itself ? -ENOENT : result; /* the descriptor itself was meant, and is no link */
}

SYSCALL_IS(readlink, read_link(AT_FDCWD, ARG0(frame), ARG1(frame), (int)ARG2(frame)));
SYSCALL_IS(readlinkat, read_link((int)ARG0(frame), ARG1(frame), ARG2(frame), (int)ARG3(frame)));
