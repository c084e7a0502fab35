/* SPDX-License-Identifier: MIT */
/* timeout.c - the list of moments that somebody waits for, the earliest first.
 *
 * A new moment is usually later than the ones that are waited for already, so its place is looked for from
 * the end. The first one is kept beside the list, for the tick and the idle loop to look at without the lock.
 *
 * This file keeps the list and wakes nobody: the scheduler asks it (timeout_expire) and says what to do with
 * those that are due. It does so under the list's lock, so a thread that takes itself out cannot be woken
 * late, in its next sleep. Lock: timeout_lock, taken before a run queue's lock. It guards the list and all
 * struct timeout. */
#include <sched/spinlock.h>
#include <sched/timeout.h>

TAILQ_HEAD(timeout_list, timeout);

static struct spinlock timeout_lock;
static struct timeout_list timeouts = TAILQ_HEAD_INITIALIZER(timeouts);
static uint64_t earliest = TIMEOUT_NONE;

static void update_earliest(void)
{
    const struct timeout *first = TAILQ_FIRST(&timeouts);
    __atomic_store_n(&earliest, first ? first->when : TIMEOUT_NONE, __ATOMIC_RELAXED);
}

static void take_out(struct timeout *timeout)
{
    TAILQ_REMOVE(&timeouts, timeout, link);
    timeout->when = 0;
}

void timeout_add(struct timeout *timeout, uint64_t when)
{
    assert(timeout->when == 0 && when != 0);
    spin_lock(&timeout_lock);
    timeout->when = when;
    struct timeout *before = TAILQ_LAST(&timeouts, timeout_list);
    while (before && before->when > when)
        before = TAILQ_PREV(before, timeout_list, link);
    if (before)
        TAILQ_INSERT_AFTER(&timeouts, before, timeout, link);
    else
        TAILQ_INSERT_HEAD(&timeouts, timeout, link);
    update_earliest();
    spin_unlock(&timeout_lock);
}

void timeout_remove(struct timeout *timeout)
{
    spin_lock(&timeout_lock);
    if (timeout->when)
        take_out(timeout);
    update_earliest();
    spin_unlock(&timeout_lock);
}

uint64_t timeout_next(void)
{
    return __atomic_load_n(&earliest, __ATOMIC_RELAXED);
}

void timeout_expire(uint64_t now, void (*expired)(struct timeout *timeout))
{
    if (likely(now < timeout_next()))
        return;
    spin_lock(&timeout_lock);
    struct timeout *timeout;
    while ((timeout = TAILQ_FIRST(&timeouts)) && timeout->when <= now) {
        take_out(timeout);
        expired(timeout);
    }
    update_earliest();
    spin_unlock(&timeout_lock);
}
