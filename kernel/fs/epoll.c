/* SPDX-License-Identifier: MIT */
/* epoll.c - see epoll.h. As for poll(2) nothing is queued when a file becomes ready: whoever waits looks at all of the
 * set's files again when any file changes (fs/poll.c).
 *
 *   file 5 -+            +- item {fd 5, EPOLLIN, data}  -> file 5      a file knows the items that look at it,
 *           +- epoll A --+                                            and takes them along when it is closed
 *   file 6 -+            +- item {fd 6, EPOLLIN|EPOLLET} -> file 6
 *
 * Edge-triggered (EPOLLET): an item is told once, and again when something has moved since: a file's `progress` is a number
 * that only grows with what arrives and what leaves. Told items go to the end of the row, so that all get their turn.
 * Guarded by: epoll_lock, all of it. It is taken before the locks of the files that are looked at. Not here: EPOLLEXCLUSIVE
 * wakes everybody, EPOLLWAKEUP means nothing. */
#include <fs/epoll.h>

#include <fs/anonfile.h>
#include <fs/poll.h>
#include <list.h>
#include <mm/kmem.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>

#define NESTING_MAX 5 /* epolls in epolls in epolls: EP_MAX_NESTS of Linux */
#define ALWAYS ((uint32_t)(POLLERR | POLLHUP))
#define WITH_EXCLUSIVE (POLLIN | POLLOUT | ALWAYS | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct epoll_item {
    struct epoll *epoll;
    struct file *file; /* no reference: file_put() calls forget() */
    int fd;
    bool armed; /* not told yet, or not EPOLLONESHOT */
    struct epoll_event event;
    bool told; /* edge-triggered: with `seen` as its progress */
    uint64_t seen;
    TAILQ_ENTRY(epoll_item) link;
    LIST_ENTRY(epoll_item) of_file;
};

TAILQ_HEAD(epoll_items, epoll_item);

struct epoll {
    struct epoll_items items;
};

static struct kmem_cache epoll_cache = KMEM_CACHE("epoll", struct epoll);
static struct kmem_cache item_cache = KMEM_CACHE("epoll_item", struct epoll_item);
static struct spinlock epoll_lock;
static const struct file_ops epoll_ops;

bool epoll_is(const struct file *file)
{
    return file->ops == &epoll_ops;
}

/* ---- what is ready ------------------------------------------------------------------------------------- */

static uint32_t any_ready(struct epoll *epoll);

static uint64_t progress(struct file *file, uint32_t ready)
{
    return file->ops->progress ? file->ops->progress(file) : ready;
}

/* The item's events that its file is ready for. */
static uint32_t item_ready(struct epoll_item *item)
{
    if (!item->armed)
        return 0;
    uint32_t ready = epoll_is(item->file) ? any_ready(item->file->private) : file_poll(item->file);
    ready &= item->event.events | ALWAYS;
    item->told &= ready != 0;
    return item->told && item->seen == progress(item->file, ready) ? 0 : ready;
}

static uint32_t any_ready(struct epoll *epoll)
{
    struct epoll_item *item;

    TAILQ_FOREACH (item, &epoll->items, link) {
        if (item_ready(item))
            return POLL_READABLE;
    }
    return 0;
}

static uint32_t epoll_poll(struct file *file)
{
    SPIN_GUARD(&epoll_lock);
    return any_ready(file->private);
}

struct collection {
    struct epoll *epoll;
    struct epoll_event *events;
    unsigned room;
};

static void tell(struct epoll_item *item, uint32_t ready, struct epoll_event *event)
{
    *event = (struct epoll_event){.events = ready, .data = item->event.data};
    item->armed = !(item->event.events & EPOLLONESHOT);
    item->told = item->event.events & EPOLLET;
    item->seen = progress(item->file, ready);
}

static int collect(void *argument)
{
    struct collection *into = argument;
    struct epoll_items told = TAILQ_HEAD_INITIALIZER(told);
    struct epoll_item *item, *next;
    unsigned found = 0;

    SPIN_GUARD(&epoll_lock);
    for (item = TAILQ_FIRST(&into->epoll->items); item && found < into->room; item = next) {
        next = TAILQ_NEXT(item, link);
        uint32_t ready = item_ready(item);
        if (!ready)
            continue;
        tell(item, ready, &into->events[found++]);
        TAILQ_REMOVE(&into->epoll->items, item, link);
        TAILQ_INSERT_TAIL(&told, item, link);
    }
    TAILQ_CONCAT(&into->epoll->items, &told, link);
    return (int)found;
}

int epoll_wait(struct file *epoll, struct epoll_event *events, unsigned room, uint64_t deadline)
{
    struct collection into = {epoll->private, events, room};

    return poll_until(collect, &into, deadline);
}

/* ---- what is in the set -------------------------------------------------------------------------------- */

static struct epoll_item *find(struct epoll *epoll, const struct file *file, int fd)
{
    struct epoll_item *item;

    LIST_FOREACH (item, &file->watchers, of_file) {
        if (item->epoll == epoll && item->fd == fd)
            return item;
    }
    return NULL;
}

/* How many epolls deep the set below `file` goes; too deep if it leads to `target`. */
static unsigned depth_below(const struct file *file, const struct epoll *target, unsigned limit)
{
    unsigned deepest = 0;

    if (!epoll_is(file))
        return 0;
    struct epoll *epoll = file->private;
    if (epoll == target || limit == 0)
        return NESTING_MAX + 1;
    struct epoll_item *item;
    TAILQ_FOREACH (item, &epoll->items, link)
        deepest = MAX(deepest, depth_below(item->file, target, limit - 1));
    return deepest + 1;
}

static void item_set(struct epoll_item *item, const struct epoll_event *event)
{
    item->event = *event;
    item->armed = true;
    item->told = false;
}

static int item_add(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event)
{
    struct epoll_item *item = kmem_zalloc(&item_cache);
    if (!item)
        return -ENOMEM;
    *item = (struct epoll_item){.epoll = epoll, .file = file, .fd = fd};
    item_set(item, event);

    spin_lock(&epoll_lock);
    int error = find(epoll, file, fd)                                     ? -EEXIST
                : depth_below(file, epoll, NESTING_MAX) > NESTING_MAX - 1 ? -ELOOP
                                                                          : 0;
    if (!error) {
        TAILQ_INSERT_TAIL(&epoll->items, item, link);
        LIST_INSERT_HEAD(&file->watchers, item, of_file);
    }
    spin_unlock(&epoll_lock);
    if (error)
        kmem_free(&item_cache, item);
    return error;
}

static void item_remove(struct epoll_item *item)
{
    TAILQ_REMOVE(&item->epoll->items, item, link);
    LIST_REMOVE(item, of_file);
    kmem_free(&item_cache, item);
}

static int item_change(struct epoll *epoll, int operation, struct file *file, int fd,
                       const struct epoll_event *event)
{
    SPIN_GUARD(&epoll_lock);
    struct epoll_item *item = find(epoll, file, fd);
    if (!item)
        return -ENOENT;
    if (operation == EPOLL_CTL_MOD && item->event.events & EPOLLEXCLUSIVE)
        return -EINVAL;
    if (operation == EPOLL_CTL_DEL)
        item_remove(item);
    else
        item_set(item, event);
    return 0;
}

int epoll_control(struct file *epoll, int operation, struct file *file, int fd,
                  const struct epoll_event *event)
{
    if (!file->ops->poll)
        return -EPERM;
    if (!epoll_is(epoll) || file == epoll || operation < EPOLL_CTL_ADD || operation > EPOLL_CTL_MOD)
        return -EINVAL;
    if (operation != EPOLL_CTL_DEL && event->events & EPOLLEXCLUSIVE &&
        (operation == EPOLL_CTL_MOD || epoll_is(file) || event->events & ~WITH_EXCLUSIVE))
        return -EINVAL;
    int error = operation == EPOLL_CTL_ADD ? item_add(epoll->private, file, fd, event)
                                           : item_change(epoll->private, operation, file, fd, event);
    poll_wake(); /* somebody may wait in it already */
    return error;
}

/* ---- coming and going ---------------------------------------------------------------------------------- */

/* Nobody has the file open any more. */
static void forget(struct file *file)
{
    SPIN_GUARD(&epoll_lock);
    while (!LIST_EMPTY(&file->watchers))
        item_remove(LIST_FIRST(&file->watchers));
}

static void epoll_release(struct file *file)
{
    struct epoll *epoll = file->private;

    spin_lock(&epoll_lock);
    while (!TAILQ_EMPTY(&epoll->items))
        item_remove(TAILQ_FIRST(&epoll->items));
    spin_unlock(&epoll_lock);
    kmem_free(&epoll_cache, epoll);
}

static const struct file_ops epoll_ops = {
    .poll = epoll_poll, .release = epoll_release, .stream = true, .no_seek = true};

int epoll_create(struct file **file)
{
    struct epoll *epoll = kmem_alloc(&epoll_cache);
    if (!epoll)
        return -ENOMEM;
    TAILQ_INIT(&epoll->items);
    file_watched_hook = forget;
    int error = anonfile_create("anon_inode:[eventpoll]", 0600, &epoll_ops, epoll, O_RDWR, file);
    if (error)
        kmem_free(&epoll_cache, epoll);
    return error;
}
