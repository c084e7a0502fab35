/* SPDX-License-Identifier: MIT */
/* poll.c - see poll.h. All who wait for several files sleep on one queue, and look at all of their files again
 * whenever any file changes: there are few of them, and so a file that changes has one word to look at instead of a
 * list of its own to walk.
 *
 * No change is lost: a sleeper counts itself before it looks at its files, under their locks; a change that it does
 * not see comes after that, finds the count, and moves `changes`, which the sleeper compares before it sleeps. */
#include <fs/poll.h>

#include <sched/wait.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>

uint32_t poll_sleepers;

static struct spinlock lock;
static uint64_t changes; /* guarded by: lock */
static struct waitq sleepers = WAITQ_INIT(sleepers);

uint32_t file_poll(struct file *file)
{
    if (file->flags & O_PATH)
        return POLLNVAL;
    return file->ops->poll ? file->ops->poll(file) : POLL_READABLE | POLL_WRITABLE;
}

void poll_wake_all(void)
{
    spin_lock(&lock);
    changes++;
    spin_unlock(&lock);
    waitq_wake(&sleepers, WAKE_ALL);
}

/* => 0: something has changed since `seen`; -ETIMEDOUT, -EINTR. */
static int sleep_until_change(uint64_t seen, uint64_t deadline)
{
    int error = 0;

    SPIN_GUARD(&lock);
    while (changes == seen && !error)
        error = waitq_sleep(&sleepers, &lock, deadline, true);
    return error;
}

int poll_until(int (*scan)(void *argument), void *argument, uint64_t deadline)
{
    int found = scan(argument), error = 0;

    if (found || deadline == POLL_AT_ONCE)
        return found;
    __atomic_add_fetch(&poll_sleepers, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        uint64_t seen = __atomic_load_n(&changes, __ATOMIC_ACQUIRE);
        found = scan(argument);
        if (found || error)
            break;
        error = sleep_until_change(seen, deadline);
    }
    __atomic_sub_fetch(&poll_sleepers, 1, __ATOMIC_SEQ_CST);
    return found || error == -ETIMEDOUT ? found : error;
}
