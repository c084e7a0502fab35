/* SPDX-License-Identifier: MIT */
/* lock.c - advisory locks: who asks is refused or waits, who does not ask is not stopped.
 *
 *     node->locks:   [0,9] shared, A   [20,29] exclusive, A   [0,4] shared, B       one row a file
 *
 * Two locks are in each other's way if they are of one family, overlap, have different owners, and one is exclusive. What an
 * owner sets replaces what it had there: its old locks are cut (one may fall into two) or swallowed. So the most that one call
 * adds are two locks, which are made before anything changes: from there on nothing fails.
 *
 * A lock goes at the latest with its owner's last use of the file, and so never outlives the node.
 *
 * Who waits sleeps on one queue for all files and looks again at each release. Waiters say who is in their way; who would
 * close a ring of them gets EDEADLK, if it is ranges of processes (open files may be shared by several, so nobody can tell).
 *
 * Guarded by: locks_lock, everything. Not here: leases, mandatory locks. */
#include <fs/lock.h>

#include <mm/kmem.h>
#include <sched/wait.h>

#include <asm-generic/errno.h>

#define SPARES 2

struct waiter {
    LIST_ENTRY(waiter) link;
    const void *owner, *blocker; /* NULL: not known before it has looked again */
};

static struct kmem_cache lock_cache = KMEM_CACHE("file_lock", struct lock);
static struct spinlock locks_lock;
static struct waitq released = WAITQ_INIT(released);
static LIST_HEAD(, waiter)
waiters;

static bool overlap(const struct lock *one, const struct lock *other)
{
    return one->family == other->family && one->start <= other->end && other->start <= one->end;
}

static const struct lock *conflict(const struct node *node, const struct lock *wanted)
{
    const struct lock *lock;

    LIST_FOREACH (lock, &node->locks, link) {
        if (lock->owner != wanted->owner && overlap(lock, wanted) &&
            (lock->type == F_WRLCK || wanted->type == F_WRLCK))
            return lock;
    }
    return NULL;
}

/* Would the wait of `owner` for `blocker` close a ring? */
static bool closes_ring(const void *owner, const void *blocker)
{
    const struct waiter *waiter = LIST_FIRST(&waiters);

    while (waiter) {
        if (waiter->owner != blocker) {
            waiter = LIST_NEXT(waiter, link);
            continue;
        }
        if (waiter->blocker == owner)
            return true;
        blocker = waiter->blocker;
        waiter = blocker ? LIST_FIRST(&waiters) : NULL;
    }
    return false;
}

static void wake_waiters(void)
{
    struct waiter *waiter;

    LIST_FOREACH (waiter, &waiters, link)
        waiter->blocker = NULL;
    waitq_wake(&released, WAKE_ALL);
}

static void remove(struct lock *lock)
{
    LIST_REMOVE(lock, link);
    kmem_free(&lock_cache, lock);
}

/* Takes [start, end] out of a lock that overlaps it; a second piece is made of *spare. */
static void cut(struct lock *lock, const struct lock *by, struct lock **spare)
{
    if (lock->start < by->start && lock->end > by->end) {
        struct lock *right = *spare;
        *spare = NULL;
        *right = *lock;
        right->start = by->end + 1;
        lock->end = by->start - 1;
        LIST_INSERT_AFTER(lock, right, link);
    } else if (lock->start < by->start) {
        lock->end = by->start - 1;
    } else if (lock->end > by->end) {
        lock->start = by->end + 1;
    } else {
        remove(lock);
    }
}

/* Those of its kind that touch it become part of it. */
static void swallow_neighbours(struct node *node, struct lock *fresh)
{
    struct lock *lock, *next;

    for (lock = LIST_FIRST(&node->locks); lock; lock = next) {
        next = LIST_NEXT(lock, link);
        if (lock == fresh || lock->owner != fresh->owner || lock->family != fresh->family ||
            lock->type != fresh->type || (lock->end + 1 != fresh->start && fresh->end + 1 != lock->start))
            continue;
        fresh->start = MIN(fresh->start, lock->start);
        fresh->end = MAX(fresh->end, lock->end);
        remove(lock);
    }
}

/* Among the owner's own in the order of places; owners in the order of their coming. */
static void insert(struct node *node, struct lock *fresh)
{
    struct lock *lock, *last = NULL;

    LIST_FOREACH (lock, &node->locks, link) {
        if (lock->owner == fresh->owner && lock->start > fresh->start) {
            LIST_INSERT_BEFORE(lock, fresh, link);
            return;
        }
        last = lock;
    }
    if (last)
        LIST_INSERT_AFTER(last, fresh, link);
    else
        LIST_INSERT_HEAD(&node->locks, fresh, link);
}

/* Nobody is in the way. */
static void replace(struct node *node, const struct lock *wanted, struct lock *spares[SPARES])
{
    struct lock *lock, *next;

    for (lock = LIST_FIRST(&node->locks); lock; lock = next) {
        next = LIST_NEXT(lock, link);
        if (lock->owner == wanted->owner && overlap(lock, wanted))
            cut(lock, wanted, &spares[1]);
    }
    if (wanted->type != F_UNLCK) {
        *spares[0] = *wanted;
        insert(node, spares[0]);
        swallow_neighbours(node, spares[0]);
        spares[0] = NULL;
    }
    wake_waiters();
}

/* Until nobody is in the way. => 0, -EAGAIN, -EINTR, -EDEADLK. Lock held. */
static int wait_for_others(struct node *node, const struct lock *wanted, bool wait)
{
    struct waiter waiter = {.owner = wanted->owner};
    const struct lock *other = conflict(node, wanted);
    int error = 0;

    if (!other || !wait)
        return other ? -EAGAIN : 0;
    LIST_INSERT_HEAD(&waiters, &waiter, link);
    while (!error && (other = conflict(node, wanted))) {
        waiter.blocker = wanted->pid >= 0 && other->pid >= 0 ? other->owner : NULL;
        if (waiter.blocker && closes_ring(wanted->owner, other->owner))
            error = -EDEADLK;
        else
            error = waitq_sleep(&released, &locks_lock, WAIT_FOREVER, true);
    }
    LIST_REMOVE(&waiter, link);
    return error;
}

static int set(struct node *node, const struct lock *wanted, bool wait, struct lock *spares[SPARES])
{
    struct lock nothing = *wanted;

    /* flock(2): to change a lock is to let it go and to ask for the other. */
    nothing.type = F_UNLCK;
    if (wanted->family == LOCK_WHOLE)
        replace(node, &nothing, spares);
    int error = wanted->type == F_UNLCK ? 0 : wait_for_others(node, wanted, wait);
    if (!error)
        replace(node, wanted, spares);
    return error;
}

int lock_set(struct node *node, const struct lock *wanted, bool wait)
{
    struct lock *spares[SPARES] = {kmem_alloc(&lock_cache), kmem_alloc(&lock_cache)};
    int error = -ENOLCK;

    assert(wanted->start <= wanted->end);
    if (spares[0] && spares[1]) {
        spin_lock(&locks_lock);
        error = set(node, wanted, wait, spares);
        spin_unlock(&locks_lock);
    }
    for (unsigned i = 0; i < SPARES; i++) {
        if (spares[i])
            kmem_free(&lock_cache, spares[i]);
    }
    return error;
}

bool lock_test(struct node *node, const struct lock *wanted, struct lock *other)
{
    SPIN_GUARD(&locks_lock);
    const struct lock *found = conflict(node, wanted);
    if (found)
        *other = *found;
    return found != NULL;
}

void lock_drop_slowly(struct node *node, const void *owner)
{
    struct lock *lock, *next;

    SPIN_GUARD(&locks_lock);
    for (lock = LIST_FIRST(&node->locks); lock; lock = next) {
        next = LIST_NEXT(lock, link);
        if (lock->owner == owner)
            remove(lock);
    }
    wake_waiters();
}
