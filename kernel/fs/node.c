/* SPDX-License-Identifier: MIT */
/* node.c - what all nodes have in common, whatever file system they belong to: references, stat, a name. */
#include <fs/node.h>

#include <arch/x86/clock.h>
#include <assert.h>
#include <dev/rtc.h>
#include <mm/aspace.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#define NS ((int64_t)NS_PER_SECOND)

void node_put(struct node *node)
{
    if (!node || __atomic_sub_fetch(&node->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    assert(LIST_EMPTY(&node->locks));
    if (node->ops->release)
        node->ops->release(node);
}

/* by: 1, or -1: the side of 0 on which one counts. */
static int take_side(struct node *node, int32_t by)
{
    int32_t seen = __atomic_load_n(&node->writers, __ATOMIC_RELAXED);

    do {
        if (seen * by < 0)
            return -ETXTBSY;
    } while (!__atomic_compare_exchange_n(&node->writers, &seen, seen + by, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    return 0;
}

int node_write_begin(struct node *node)
{
    return take_side(node, 1);
}

void node_write_end(struct node *node)
{
    __atomic_sub_fetch(&node->writers, 1, __ATOMIC_RELEASE);
}

int node_run(struct node *node)
{
    return take_side(node, -1);
}

void node_run_put(struct node *node)
{
    if (node)
        __atomic_add_fetch(&node->writers, 1, __ATOMIC_RELEASE);
    node_put(node);
}

int64_t node_now(void)
{
    return (int64_t)(clock_boot_realtime() + clock_now());
}

int node_set_mode(struct node *node, uint32_t mode)
{
    if (node->fixed)
        return -EPERM;
    if (node_is(node, S_IFLNK))
        return -EOPNOTSUPP;
    node->mode = (node->mode & S_IFMT) | (mode & 07777);
    node->changed = node_now();
    return 0;
}

/* A program that changes hands loses its set-id bits (chown(2)). */
int node_set_owner(struct node *node, uint32_t uid, uint32_t gid)
{
    if (node->fixed)
        return -EPERM;
    if (uid != UINT32_MAX)
        node->uid = uid;
    if (gid != UINT32_MAX)
        node->gid = gid;
    if (node_is(node, S_IFREG))
        node->mode &= ~(uint32_t)(S_ISUID | (node->mode & S_IXGRP ? S_ISGID : 0));
    node->changed = node_now();
    return 0;
}

int node_truncate(struct node *node, uint64_t size)
{
    if (!node_is(node, S_IFREG))
        return node_is(node, S_IFDIR) ? -EISDIR : -EINVAL;
    if (node->writers < 0)
        return -ETXTBSY;
    if (node->seals & (size < node->size ? F_SEAL_SHRINK : size > node->size ? F_SEAL_GROW : 0))
        return -EPERM;
    return node->ops->truncate ? node->ops->truncate(node, size) : 0;
}

int node_seal(struct node *node, uint32_t seals)
{
    if (seals & ~(uint32_t)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ||
        !node->sealable)
        return -EINVAL;
    if (node->seals & F_SEAL_SEAL)
        return -EPERM;
    if (seals & ~node->seals & F_SEAL_WRITE && aspace_any_writes(node->source))
        return -EBUSY;
    node->seals |= seals;
    return 0;
}

void node_stat(struct node *node, struct stat *stat)
{
    if (node->ops->refresh)
        node->ops->refresh(node);
    *stat = (struct stat){
        .st_dev = node->device,
        .st_ino = node->inode,
        .st_nlink = node->links,
        .st_mode = node->mode,
        .st_uid = node->uid,
        .st_gid = node->gid,
        .st_rdev = node->rdev,
        .st_size = (long)node->size,
        .st_blksize = PAGE_SIZE,
        .st_blocks = node->ops->allocated ? (long)(node->ops->allocated(node) / 512) : 0,
        .st_atime = (unsigned long)(node->accessed / NS),
        .st_atime_nsec = (unsigned long)(node->accessed % NS),
        .st_mtime = (unsigned long)(node->modified / NS),
        .st_mtime_nsec = (unsigned long)(node->modified % NS),
        .st_ctime = (unsigned long)(node->changed / NS),
        .st_ctime_nsec = (unsigned long)(node->changed % NS),
    };
}

/* A directory whose file system does not tell names: its parent's list has it under its inode number. */
static ssize_t name_in_parent(struct node *node, char *buffer, size_t size, struct node **directory)
{
    struct node *parent = node->parent;
    struct node_entry entry;
    uint64_t position = 0;

    if (!node_is(node, S_IFDIR) || !parent || !parent->ops->list)
        return -ENOENT;
    for (;; position = entry.next) {
        entry.next = position + 1;
        int more = parent->ops->list(parent, position, &entry);
        if (more <= 0)
            return more < 0 ? more : -ENOENT;
        if (entry.inode == node->inode)
            break;
    }
    size_t length = strlen(entry.name);
    if (length >= size)
        return -ENAMETOOLONG;
    memcpy(buffer, entry.name, length + 1);
    *directory = node_get(parent);
    return (ssize_t)length;
}

ssize_t node_name(struct node *node, char *buffer, size_t size, struct node **directory)
{
    *directory = NULL;
    if (!node->ops->name)
        return name_in_parent(node, buffer, size, directory);
    return node->ops->name(node, buffer, size, directory);
}
