/* SPDX-License-Identifier: MIT */
/* lock.h - advisory locks on files: fcntl(2)'s on ranges of bytes, flock(2)'s on whole files. See lock.c. */
#pragma once

#include <fs/node.h>

#include <asm-generic/fcntl.h>

/* Ranges and whole files do not see each other. */
enum lock_family { LOCK_RANGE, LOCK_WHOLE };

struct lock {
    LIST_ENTRY(lock) link; /* in the node's list, those of one owner in the order of their places */
    enum lock_family family;
    int type; /* F_RDLCK: shared; F_WRLCK: exclusive; F_UNLCK: none, as a wish only */
    /* Who holds it: a table of descriptors (fcntl's record locks are a process's) or an open file. */
    const void *owner;
    int pid;             /* what F_GETLK tells; -1: an open file's */
    uint64_t start, end; /* bytes, both included */
};
#define LOCK_TO_THE_END ((uint64_t)INT64_MAX)

/* Sets, changes or (F_UNLCK) releases the part [start, end] of what the owner has. wait: sleeps until nobody else is in
 * the way. => 0; -EAGAIN; -EINTR; -EDEADLK: the holder waits for us; -ENOLCK: memory is short. */
int lock_set(struct node *node, const struct lock *wanted, bool wait);
/* What keeps *wanted from being set: copied to *other. => false: nothing. */
bool lock_test(struct node *node, const struct lock *wanted, struct lock *other);
/* An owner is done with the file. */
void lock_drop_slowly(struct node *node, const void *owner);
static inline bool lock_any(const struct node *node)
{
    return !LIST_EMPTY(&node->locks);
}

static inline void lock_drop(struct node *node, const void *owner)
{
    if (unlikely(lock_any(node)))
        lock_drop_slowly(node, owner);
}
