/* SPDX-License-Identifier: MIT */
/* timeout.c - the list of deadlines, the earliest first.
 *
 * A new deadline is usually later than the ones that wait already, so the place for it is looked for from the end. The
 * first deadline is kept beside the list, for the tick and the idle loop to look at without the lock.
 *
 * This file keeps the list and wakes nobody: the scheduler asks it (timeout_expire) and says what to do with the threads
 * that are due. It does so under the list's lock, so a thread that takes itself out cannot be woken late, in its next sleep.
 * Lock: timeout_lock, taken before a run queue's lock. It guards the list and thread->timeout_link, thread->deadline. */
#include <sched/timeout.h>

static struct spinlock timeout_lock;
TAILQ_HEAD(timeout_list, thread);
static struct timeout_list timeouts = TAILQ_HEAD_INITIALIZER(timeouts);
static uint64_t earliest = TIMEOUT_NONE;

static void update_earliest(void)
{
    const struct thread *first = TAILQ_FIRST(&timeouts);
    __atomic_store_n(&earliest, first ? first->deadline : TIMEOUT_NONE, __ATOMIC_RELAXED);
}

static void take_out(struct thread *thread)
{
    TAILQ_REMOVE(&timeouts, thread, timeout_link);
    thread->deadline = 0;
}

void timeout_add(struct thread *thread)
{
    assert(thread->deadline != 0);
    spin_lock(&timeout_lock);
    struct thread *before = TAILQ_LAST(&timeouts, timeout_list);
    while (before && before->deadline > thread->deadline)
        before = TAILQ_PREV(before, timeout_list, timeout_link);
    if (before)
        TAILQ_INSERT_AFTER(&timeouts, before, thread, timeout_link);
    else
        TAILQ_INSERT_HEAD(&timeouts, thread, timeout_link);
    update_earliest();
    spin_unlock(&timeout_lock);
}

void timeout_remove(struct thread *thread)
{
    spin_lock(&timeout_lock);
    if (thread->deadline)
        take_out(thread);
    update_earliest();
    spin_unlock(&timeout_lock);
}

uint64_t timeout_next(void)
{
    return __atomic_load_n(&earliest, __ATOMIC_RELAXED);
}

void timeout_expire(uint64_t now, void (*expired)(struct thread *thread))
{
    if (likely(now < timeout_next()))
        return;
    spin_lock(&timeout_lock);
    struct thread *thread;
    while ((thread = TAILQ_FIRST(&timeouts)) && thread->deadline <= now) {
        take_out(thread);
        expired(thread);
    }
    update_earliest();
    spin_unlock(&timeout_lock);
}
