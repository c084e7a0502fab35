/* SPDX-License-Identifier: MIT */
/* stat.c - the system calls that look at a file without opening it: stat and its family, access, readlink. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/path.h>
#include <proc/process.h>
#include <string.h>
#include <sys/userpath.h>

#include <asm-generic/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

/* access(2)'s modes; the uapi headers do not have them. */
#define MAY_EXECUTE 1
#define MAY_ANYTHING 7

static int64_t stat_out(struct node *node, vaddr_t address)
{
    struct stat stat;

    node_stat(node, &stat);
    return copy_to_user(address, &stat, sizeof(stat));
}

int64_t sys_fstat(struct trapframe *frame)
{
    struct file *file = fdtable_get(current_process()->files, (int)ARG0(frame));
    if (!file)
        return -EBADF;
    int64_t result = stat_out(file->node, ARG1(frame));
    file_put(file);
    return result;
}

/* The node that a call's path stands for; with AT_EMPTY_PATH an empty path is the descriptor itself. => 0:
 * referenced. */
static int find(int directory, vaddr_t address, uint32_t flags, struct node **found)
{
    bool may_be_empty = flags & AT_EMPTY_PATH;
    struct user_path path;
    int error = may_be_empty ? user_path_get_empty(&path, directory, address)
                             : user_path_get(&path, directory, address);
    if (error)
        return error;

    if (may_be_empty && path.text[0] == '\0')
        *found = node_get(path.start);
    else
        error = path_lookup(path.start, path.text, flags & AT_SYMLINK_NOFOLLOW ? PATH_NO_FOLLOW : 0, found);
    user_path_put(&path);
    return error;
}

static int64_t stat_path(int directory, vaddr_t path, vaddr_t address, uint32_t flags)
{
    struct node *node;
    int error = find(directory, path, flags, &node);
    if (error)
        return error;
    int64_t result = stat_out(node, address);
    node_put(node);
    return result;
}

int64_t sys_stat(struct trapframe *frame)
{
    return stat_path(AT_FDCWD, ARG0(frame), ARG1(frame), 0);
}

int64_t sys_lstat(struct trapframe *frame)
{
    return stat_path(AT_FDCWD, ARG0(frame), ARG1(frame), AT_SYMLINK_NOFOLLOW);
}

int64_t sys_newfstatat(struct trapframe *frame)
{
    uint32_t flags = (uint32_t)ARG3(frame);

    if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
        return -EINVAL;
    return stat_path((int)ARG0(frame), ARG1(frame), ARG2(frame), flags);
}

/* Root may do anything, but it cannot execute what nobody may. */
static int64_t access_path(int directory, vaddr_t path, uint32_t mode)
{
    struct node *node;

    if (mode & ~(uint32_t)MAY_ANYTHING)
        return -EINVAL;
    int error = find(directory, path, 0, &node);
    if (error)
        return error;
    bool executable = node_is(node, S_IFDIR) || (node->mode & (S_IXUSR | S_IXGRP | S_IXOTH));
    node_put(node);
    return (mode & MAY_EXECUTE) && !executable ? -EACCES : 0;
}

int64_t sys_access(struct trapframe *frame)
{
    return access_path(AT_FDCWD, ARG0(frame), (uint32_t)ARG1(frame));
}

int64_t sys_faccessat(struct trapframe *frame)
{
    return access_path((int)ARG0(frame), ARG1(frame), (uint32_t)ARG2(frame));
}

static int64_t link_out(struct node *node, vaddr_t buffer, size_t size)
{
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
    struct node *node;

    if (size <= 0)
        return -EINVAL;
    int error = find(directory, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &node);
    if (error)
        return error;
    int64_t result = node_is(node, S_IFLNK) ? link_out(node, buffer, (size_t)size) : -EINVAL;
    node_put(node);
    return result;
}

int64_t sys_readlink(struct trapframe *frame)
{
    return read_link(AT_FDCWD, ARG0(frame), ARG1(frame), (int)ARG2(frame));
}

int64_t sys_readlinkat(struct trapframe *frame)
{
    return read_link((int)ARG0(frame), ARG1(frame), ARG2(frame), (int)ARG3(frame));
}
