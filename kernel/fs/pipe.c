/* SPDX-License-Identifier: MIT */
/* pipe.c - a pipe, with a name or without one: 64 KiB between those who write and those who read (pipe(7)).
 *
 *   pages[0] .. pages[15]     byte n lies in page (n / 4096) % 16
 *        tail ^      ^ head   bytes taken out and put in since the pipe was made
 *
 * Pages come when bytes first reach them and go with the pipe. A write of up to PIPE_BUF bytes waits until
 * all of it fits, so it arrives in one piece.
 *
 * A few bytes, of one page of the pipe, are copied under the lock if the user's memory is there. All others are copied with no lock
 * held, because that can fault and sleep. What makes it safe: at any time one thread at most is `reading` and one at most is
 * `writing`, the reader touches [tail, head) only, the writer what is free, and the counts change under the lock once
 * the bytes are there.
 *
 * A pipe lives as long as somebody has it open. Its node, of this file or a named one of a file system, has a place for the
 * pointer to it; who opens a named pipe waits there until the other end is open too (fifo(7)).
 *
 * Guarded by: pipe->lock, but for the pages' contents, `users` and `slot` (slots_lock). Not here: splice. */
#include <fs/pipe.h>

#include <fs/anonfile.h>
#include <fs/poll.h>
#include <mm/kmem.h>
#include <mm/page.h>
#include <sched/wait.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/ioctls.h>
#include <arch/x86/usercopy.h>
#include <linux/limits.h>
#include <linux/stat.h>

#define PIPE_PAGES (PIPE_SIZE / PAGE_SIZE)

struct pipe {
    struct spinlock lock;
    uint64_t head, tail;
    uint32_t readers, writers;        /* open ends */
    uint64_t reads_seen, writes_seen; /* ends that were ever opened */
    uint32_t users;                   /* open files */
    struct pipe **slot;               /* the node's pointer to this */
    bool reading, writing;
    bool shut; /* then no end counts any more: it is as if each saw the other closed */
    struct waitq to_read, to_write, to_open;
    char *pages[PIPE_PAGES]; /* in the direct map; NULL: not yet */
};

static struct kmem_cache pipe_cache = KMEM_CACHE("pipe", struct pipe);
static struct spinlock slots_lock;

static struct pipe *pipe_of(struct file *file)
{
    return file->private;
}

/* The place of byte `position` in memory, and how many bytes follow it there. */
static char *place(const struct pipe *pipe, uint64_t position, size_t *room)
{
    size_t offset = position & (PAGE_SIZE - 1);

    *room = PAGE_SIZE - offset;
    return pipe->pages[position / PAGE_SIZE % PIPE_PAGES] + offset;
}

/* Moves `size` bytes from `position` on to the caller. => bytes moved, -EFAULT if none. */
static ssize_t copy_out(struct pipe *pipe, struct io *io, uint64_t position, size_t size)
{
    size_t done = 0, room;

    while (done < size) {
        const char *from = place(pipe, position + done, &room);
        size_t piece = MIN(room, size - done);
        ssize_t moved = io_put(io, from, piece);
        if (moved < 0)
            return done > 0 ? (ssize_t)done : moved;
        done += (size_t)moved;
        if ((size_t)moved < piece)
            break;
    }
    return (ssize_t)done;
}

static bool add_page(char **page)
{
    struct page *fresh = page_alloc(PAGE_BUFFER);

    *page = fresh ? page_to_virt(fresh) : NULL;
    return fresh;
}

static ssize_t copy_in(struct pipe *pipe, struct io *io, uint64_t position, size_t size)
{
    size_t done = 0, room;

    while (done < size) {
        char **page = &pipe->pages[(position + done) / PAGE_SIZE % PIPE_PAGES];
        if (unlikely(!*page) && !add_page(page))
            return done > 0 ? (ssize_t)done : -ENOMEM;
        char *to = place(pipe, position + done, &room);
        size_t piece = MIN(room, size - done);
        ssize_t moved = io_get(io, to, piece);
        if (moved < 0)
            return done > 0 ? (ssize_t)done : moved;
        done += (size_t)moved;
        if ((size_t)moved < piece)
            break;
    }
    return (ssize_t)done;
}

/* ---- reading. Lock held ---- */

/* Are there bytes that nobody else takes just now? */
static inline bool readable(const struct pipe *pipe)
{
    return pipe->head != pipe->tail && !pipe->reading;
}

/* Until there are. => 1; 0: no writer is left; -errno. */
static inline int wait_to_read(struct pipe *pipe, const struct io *io)
{
    while (!readable(pipe)) {
        if (!pipe->reading && pipe->writers == 0)
            return 0;
        if (io->at_once)
            return -EAGAIN;
        int error = waitq_sleep(&pipe->to_read, &pipe->lock, WAIT_FOREVER, true);
        if (error)
            return error;
    }
    return 1;
}

static NOINLINE ssize_t take_slowly(struct pipe *pipe, struct io *io, size_t size)
{
    pipe->reading = true;
    spin_unlock(&pipe->lock);
    ssize_t moved = copy_out(pipe, io, pipe->tail, size);
    spin_lock(&pipe->lock);
    pipe->reading = false;
    return moved;
}

/* => bytes, -EFAULT */
static inline ssize_t take(struct pipe *pipe, struct io *io)
{
    size_t size = MIN(pipe->head - pipe->tail, io->left), room;
    const char *from = place(pipe, pipe->tail, &room);

    if (likely(size <= room && io_put_at_once(io, from, size)))
        return (ssize_t)size;
    return take_slowly(pipe, io, size);
}

static ssize_t pipe_read(struct file *file, struct io *io, uint64_t *)
{
    struct pipe *pipe = pipe_of(file);
    int ready = 1;

    if (unlikely(io->left == 0))
        return 0;
    spin_lock(&pipe->lock);
    if (!readable(pipe))
        ready = wait_to_read(pipe, io);
    if (unlikely(ready <= 0)) {
        spin_unlock(&pipe->lock);
        return ready;
    }
    ssize_t moved = take(pipe, io);
    if (likely(moved > 0 && !io->peek))
        pipe->tail += (size_t)moved;
    waitq_wake_one(&pipe->to_write);
    if (unlikely(pipe->head != pipe->tail || pipe->writers == 0))
        waitq_wake_one(&pipe->to_read);
    spin_unlock(&pipe->lock);
    poll_wake();
    return moved;
}

/* ---- writing. Lock held ---- */

/* Have `need` bytes room, which nobody else fills just now? */
static inline bool writable(const struct pipe *pipe, size_t need)
{
    return pipe->readers > 0 && !pipe->writing && PIPE_SIZE - (pipe->head - pipe->tail) >= need;
}

/* Until they have. => 0, -errno. */
static NOINLINE int wait_to_write(struct pipe *pipe, const struct io *io, size_t need)
{
    while (!writable(pipe, need)) {
        if (pipe->readers == 0)
            return -EPIPE;
        if (io->at_once)
            return -EAGAIN;
        int error = waitq_sleep(&pipe->to_write, &pipe->lock, WAIT_FOREVER, true);
        if (error)
            return error;
    }
    return 0;
}

static NOINLINE ssize_t put_slowly(struct pipe *pipe, struct io *io, size_t size)
{
    pipe->writing = true;
    spin_unlock(&pipe->lock);
    ssize_t moved = copy_in(pipe, io, pipe->head, size);
    spin_lock(&pipe->lock);
    pipe->writing = false;
    return moved;
}

/* => bytes, -EFAULT, -ENOMEM */
static inline ssize_t put(struct pipe *pipe, struct io *io)
{
    size_t size = MIN(PIPE_SIZE - (pipe->head - pipe->tail), io->left);
    size_t offset = pipe->head % PAGE_SIZE;
    char *page = pipe->pages[pipe->head / PAGE_SIZE % PIPE_PAGES];

    if (likely(size <= PAGE_SIZE - offset && page && io_get_at_once(io, page + offset, size)))
        return (ssize_t)size;
    return put_slowly(pipe, io, size);
}

/* One turn at writing: what has room, but all of it if it is to stay in one piece. => bytes, -errno. */
static inline ssize_t write_some(struct pipe *pipe, struct io *io)
{
    size_t need = io->left <= PIPE_BUF ? io->left : 1;
    int error = 0;

    spin_lock(&pipe->lock);
    if (unlikely(!writable(pipe, need)))
        error = wait_to_write(pipe, io, need);
    if (unlikely(error)) {
        spin_unlock(&pipe->lock);
        return error;
    }
    ssize_t moved = put(pipe, io);
    if (likely(moved > 0))
        pipe->head += (size_t)moved;
    waitq_wake_one(&pipe->to_read);
    if (likely(pipe->head - pipe->tail < PIPE_SIZE))
        waitq_wake_one(&pipe->to_write);
    spin_unlock(&pipe->lock);
    poll_wake();
    return moved;
}

static ssize_t pipe_write(struct file *file, struct io *io, uint64_t *)
{
    struct pipe *pipe = pipe_of(file);
    ssize_t total = 0;

    while (io->left > 0) {
        ssize_t moved = write_some(pipe, io);
        if (unlikely(moved < 0))
            return total > 0 ? total : moved;
        total += moved;
    }
    return total;
}

/* pipe(7): there is room for a write when PIPE_BUF bytes have it. */
static uint32_t pipe_poll(struct file *file)
{
    struct pipe *pipe = pipe_of(file);
    bool reads = (file->flags & O_ACCMODE) != O_WRONLY, writes = (file->flags & O_ACCMODE) != O_RDONLY;
    uint32_t ready = 0;

    SPIN_GUARD(&pipe->lock);
    if (reads && pipe->head != pipe->tail)
        ready |= POLL_READABLE;
    if (reads && pipe->writers == 0 && file->position != pipe->writes_seen)
        ready |= POLLHUP;
    if (writes && PIPE_SIZE - (pipe->head - pipe->tail) >= PIPE_BUF)
        ready |= POLL_WRITABLE;
    if (writes && pipe->readers == 0)
        ready |= POLLERR;
    return ready;
}

/* What arrives for a reader is bytes, for a writer room; for both, that the other end comes or goes. */
static uint64_t pipe_progress(struct file *file)
{
    struct pipe *pipe = pipe_of(file);

    SPIN_GUARD(&pipe->lock);
    uint64_t moved = (file->flags & O_ACCMODE) == O_WRONLY ? pipe->tail : pipe->head;
    return moved + 2 * (pipe->reads_seen + pipe->writes_seen) - pipe->readers - pipe->writers;
}

static int64_t pipe_ioctl(struct file *file, uint64_t request, vaddr_t argument)
{
    struct pipe *pipe = pipe_of(file);

    if (request != FIONREAD)
        return -ENOTTY;
    spin_lock(&pipe->lock);
    int bytes = (int)(pipe->head - pipe->tail);
    spin_unlock(&pipe->lock);
    return ioctl_answer(argument, bytes);
}

/* ---- opening and closing ------------------------------------------------------------------------------- */

static void pipe_free(struct pipe *pipe)
{
    for (unsigned i = 0; i < PIPE_PAGES; i++) {
        if (pipe->pages[i])
            page_put(virt_to_page(pipe->pages[i]));
    }
    kmem_free(&pipe_cache, pipe);
}

/* The pipe that *slot leads to, for one user more; a new one if there is none. => NULL: memory is short. */
static struct pipe *pipe_get(struct pipe **slot)
{
    struct pipe *fresh = *slot ? NULL : kmem_zalloc(&pipe_cache);

    if (fresh) {
        waitq_init(&fresh->to_read);
        waitq_init(&fresh->to_write);
        waitq_init(&fresh->to_open);
        fresh->slot = slot;
        fresh->writes_seen = 1; /* never what a file that has seen nothing has: 0 */
    }
    spin_lock(&slots_lock);
    if (!*slot)
        *slot = fresh;
    struct pipe *pipe = *slot;
    if (pipe)
        pipe->users++;
    spin_unlock(&slots_lock);
    if (fresh && pipe != fresh)
        pipe_free(fresh);
    return pipe;
}

static void pipe_put(struct pipe *pipe)
{
    spin_lock(&slots_lock);
    bool last = --pipe->users == 0;
    if (last)
        *pipe->slot = NULL;
    spin_unlock(&slots_lock);
    if (last)
        pipe_free(pipe);
}

static void count_end(struct pipe *pipe, uint32_t flags, int change)
{
    bool reads = (flags & O_ACCMODE) != O_WRONLY, writes = (flags & O_ACCMODE) != O_RDONLY;

    SPIN_GUARD(&pipe->lock);
    if (pipe->shut)
        return;
    pipe->readers += reads ? (uint32_t)change : 0;
    pipe->writers += writes ? (uint32_t)change : 0;
    pipe->reads_seen += reads && change > 0;
    pipe->writes_seen += writes && change > 0;
}

/* Who waits looks again: an end has gone. */
static void wake_all(struct pipe *pipe)
{
    waitq_wake(&pipe->to_read, WAKE_ALL);
    waitq_wake(&pipe->to_write, WAKE_ALL);
    poll_wake();
}

static void pipe_close(struct file *file)
{
    struct pipe *pipe = pipe_of(file);

    count_end(pipe, file->flags, -1);
    wake_all(pipe);
    pipe_put(pipe);
}

void pipe_shut(struct file *file)
{
    struct pipe *pipe = pipe_of(file);

    spin_lock(&pipe->lock);
    pipe->shut = true;
    pipe->readers = pipe->writers = 0;
    spin_unlock(&pipe->lock);
    wake_all(pipe);
}

static const struct file_ops pipe_file_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
    .progress = pipe_progress,
    .release = pipe_close,
    .stream = true,
};

bool pipe_is(const struct file *file)
{
    return file->ops == &pipe_file_ops;
}

/* => -ENOMEM */
static int join(struct pipe **slot, struct file *file)
{
    struct pipe *pipe = pipe_get(slot);
    if (!pipe)
        return -ENOMEM;
    file->ops = &pipe_file_ops;
    file->private = pipe;
    count_end(pipe, file->flags, 1);
    return 0;
}

/* Until *seen moves: somebody has opened the other end, even if it is closed again. => 0, -EINTR. */
static int wait_for_other_end(struct pipe *pipe, const uint64_t *seen)
{
    int error = 0;

    SPIN_GUARD(&pipe->lock);
    uint64_t before = *seen;
    while (!error && *seen == before)
        error = waitq_sleep(&pipe->to_open, &pipe->lock, WAIT_FOREVER, true);
    return error;
}

int pipe_open_named(struct pipe **slot, struct file *file)
{
    uint32_t access = file->flags & O_ACCMODE;
    bool wait = !(file->flags & O_NONBLOCK);
    int error = join(slot, file);
    if (error)
        return error;
    struct pipe *pipe = pipe_of(file);
    waitq_wake(&pipe->to_open, WAKE_ALL);
    if (access == O_RDONLY && pipe->writers == 0 && wait)
        error = wait_for_other_end(pipe, &pipe->writes_seen);
    else if (access == O_RDONLY && pipe->writers == 0)
        file->position = pipe->writes_seen; /* nobody has hung up yet: pipe_poll() */
    else if (access == O_WRONLY && pipe->readers == 0)
        error = wait ? wait_for_other_end(pipe, &pipe->reads_seen) : -ENXIO;
    if (error)
        pipe_close(file);
    return error;
}

/* Also for whoever opens /proc/<pid>/fd/N. */
static int pipe_open(struct node *node, struct file *file)
{
    return join((struct pipe **)&anon_of(node)->private, file);
}

static const struct node_ops pipe_node_ops = {.open = pipe_open, .name = anon_name, .release = anon_release};

int pipe_create(uint32_t flags, struct file *ends[2])
{
    struct anon_node *pipe = anon_node_make(&pipe_node_ops, "pipe:[%lu]", S_IFIFO | 0600, PIPE_DEVICE);
    if (!pipe)
        return -ENOMEM;

    struct node *node NODE_HELD = &pipe->node;
    int error = file_open_node(node, O_RDONLY | flags, &ends[0]);
    if (error)
        return error;
    error = file_open_node(node, O_WRONLY | flags, &ends[1]);
    if (error)
        file_put(ends[0]);
    return error;
}
