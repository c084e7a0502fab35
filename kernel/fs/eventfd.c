/* SPDX-License-Identifier: MIT */
/* eventfd.c - see eventfd.h. A read waits until the counter is not 0, a write until there is room below 2^64 - 1.
 * Guarded by: event->lock. */
#include <fs/eventfd.h>

#include <fs/anonfile.h>
#include <fs/poll.h>
#include <mm/kmem.h>
#include <sched/wait.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>

#define COUNT_MAX (UINT64_MAX - 1)

struct event {
    struct spinlock lock;
    uint64_t count, changes;
    bool semaphore;
    struct waitq waiters; /* of both kinds */
};

static struct kmem_cache event_cache = KMEM_CACHE("eventfd", struct event);

/* Until `change` can be taken from the counter (taking) or added to it. => 0 with the lock held, -EAGAIN, -EINTR. */
static int wait_for_room(struct event *event, const struct io *io, bool taking, uint64_t change)
{
    int error = 0;

    spin_lock(&event->lock);
    while (!error && (taking ? event->count == 0 : change > COUNT_MAX - event->count))
        error = io->at_once ? -EAGAIN : waitq_sleep(&event->waiters, &event->lock, WAIT_FOREVER, true);
    if (error)
        spin_unlock(&event->lock);
    return error;
}

static void changed(struct event *event, uint64_t count)
{
    event->count = count;
    event->changes++;
    spin_unlock(&event->lock);
    waitq_wake(&event->waiters, WAKE_ALL);
    poll_wake();
}

static ssize_t event_read(struct file *file, struct io *io, uint64_t *)
{
    struct event *event = file->private;

    if (io->left < sizeof(event->count))
        return -EINVAL;
    int error = wait_for_room(event, io, true, 0);
    if (error)
        return error;
    uint64_t taken = event->semaphore ? 1 : event->count;
    changed(event, event->count - taken);
    return io_put(io, &taken, sizeof(taken)) == sizeof(taken) ? (ssize_t)sizeof(taken) : -EFAULT;
}

static ssize_t event_write(struct file *file, struct io *io, uint64_t *)
{
    struct event *event = file->private;
    uint64_t added;

    if (io->left < sizeof(added))
        return -EINVAL;
    if (io_get(io, &added, sizeof(added)) != sizeof(added))
        return -EFAULT;
    if (added == UINT64_MAX)
        return -EINVAL;
    int error = wait_for_room(event, io, false, added);
    if (error)
        return error;
    changed(event, event->count + added);
    return sizeof(added);
}

static uint32_t event_poll(struct file *file)
{
    struct event *event = file->private;
    uint64_t count = __atomic_load_n(&event->count, __ATOMIC_RELAXED);

    return (count > 0 ? POLLIN : 0) | (count < COUNT_MAX ? POLLOUT : 0);
}

static uint64_t event_progress(struct file *file)
{
    struct event *event = file->private;

    return __atomic_load_n(&event->changes, __ATOMIC_RELAXED);
}

static void event_release(struct file *file)
{
    kmem_free(&event_cache, file->private);
}

static const struct file_ops event_ops = {
    .read = event_read,
    .write = event_write,
    .poll = event_poll,
    .progress = event_progress,
    .release = event_release,
    .stream = true,
    .no_seek = true,
};

int eventfd_create(uint64_t count, bool semaphore, uint32_t flags, struct file **file)
{
    struct event *event = kmem_zalloc(&event_cache);
    if (!event)
        return -ENOMEM;
    event->count = count;
    event->semaphore = semaphore;
    waitq_init(&event->waiters);
    int error = anonfile_create("anon_inode:[eventfd]", 0600, &event_ops, event, O_RDWR | flags, file);
    if (error)
        kmem_free(&event_cache, event);
    return error;
}
