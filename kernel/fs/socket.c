/* SPDX-License-Identifier: MIT */
/* socket.c - see socket.h. A connection is two pipes; bytes, waiting, full, empty and shut are theirs (pipe.c). What goes beside the
 * bytes, names and open files, is channel.c's: a read stops where a message ends that such files came with.
 *
 *   socket A   out ====> in   socket B      connect() makes both ends and puts the other one into the row of
 *              in  <==== out                the socket that listens; accept() takes it out there
 *
 * A bound socket is found by its file's node, or by its bytes when the address is no path, in one list of all that are bound.
 * Guarded by: socket_lock, all but the insides of pipes, channels and mailboxes, whose locks may be taken below it; a pipe's end is
 * held by a reference while it is used.
 *
 * Datagrams wait in a mailbox (mailbox.c), which a socket that is connected to it has a reference to.
 * Not here: other families. */
#include <fs/socket.h>

#include <fs/anonfile.h>
#include <fs/channel.h>
#include <fs/pipe.h>
#include <fs/poll.h>
#include <list.h>
#include <mm/kmem.h>
#include <sched/wait.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/ioctls.h>
#include <linux/stat.h>

#define BACKLOG_MAX 4096U /* somaxconn */

/* One end of a connection, both ways; all NULL: not connected. */
enum { IN, OUT, WAYS };
struct line {
    struct file *end[WAYS]; /* of a pipe */
    struct channel *channel[WAYS];
};

struct socket {
    bool listening;
    bool mute; /* shut down: nothing is sent any more (of datagrams) */
    struct line line;
    struct mailbox *box; /* of datagrams; NULL: a stream */
    struct mailbox *to;  /* the one that it is connected to; NULL: none */
    struct socket_address own;
    struct node *node; /* that it is bound to, a reference; NULL: none */
    int pid, peer_pid;
    unsigned pending_count, backlog;
    TAILQ_HEAD(pending_sockets, socket)
    pending; /* connected, not yet accepted */
    TAILQ_ENTRY(socket) link;
    LIST_ENTRY(socket) bound;
    bool is_bound;
};

static struct kmem_cache socket_cache = KMEM_CACHE("socket", struct socket);
static struct spinlock socket_lock;
static struct waitq rows_change =
    WAITQ_INIT(rows_change); /* of any: a listener may go while somebody waits for it */
static LIST_HEAD(, socket)
bound_sockets = LIST_HEAD_INITIALIZER(bound_sockets);
static const struct file_ops socket_ops;

static struct socket *socket_of(struct file *file)
{
    return file->private;
}

static bool is_connected(const struct socket *socket)
{
    return socket->line.channel[IN] || socket->to;
}

bool socket_is(const struct file *file)
{
    return file->ops == &socket_ops;
}

/* ---- bytes --------------------------------------------------------------------------------------------- */

/* One end, for use. => NULL: not connected. */
static struct file *end_get(struct socket *socket, bool out)
{
    SPIN_GUARD(&socket_lock);
    struct file *end = socket->line.end[out];
    return end ? file_get(end) : NULL;
}

bool socket_sends_datagrams(struct file *file)
{
    return socket_of(file)->box;
}

ssize_t socket_receive(struct file *file, struct io *io, struct socket_address *from, size_t *size)
{
    struct mailbox *box = socket_of(file)->box;

    *from = (struct socket_address){0};
    *size = 0;
    return mailbox_receive(box, io, from, size);
}

static ssize_t socket_read(struct file *file, struct io *io, uint64_t *position)
{
    struct socket *socket = socket_of(file);
    struct socket_address from;
    size_t size;
    if (socket->box)
        return socket_receive(file, io, &from, &size);
    struct file *end FILE_HELD = end_get(socket, false);
    if (!end)
        return -EINVAL;
    struct channel *in = socket->line.channel[IN];
    size_t wanted = io->left, allowed = MIN(wanted, channel_readable(in));
    io->left = allowed;
    ssize_t moved = end->ops->read(end, io, position);
    io->left += wanted - allowed;
    if (moved == 0 && wanted > 0)
        return channel_error(in);
    return io->peek ? moved : channel_received(in, moved);
}

static ssize_t socket_write(struct file *file, struct io *io, uint64_t *position)
{
    struct socket *socket = socket_of(file);
    if (socket->box)
        return socket_send(file, io, NULL, NULL);
    struct file *end FILE_HELD = end_get(socket, true);
    if (!end)
        return -ENOTCONN;
    if (io->left == 0 && end->ops->poll(end) & POLLERR)
        return -EPIPE; /* a pipe takes nothing from anybody */
    return channel_sent(socket->line.channel[OUT], end->ops->write(end, io, position));
}

static uint32_t end_poll(struct socket *socket, bool out)
{
    struct file *end FILE_HELD = end_get(socket, out);

    return end ? end->ops->poll(end) : 0;
}

static uint32_t socket_poll(struct file *file)
{
    struct socket *socket = socket_of(file);

    if (socket->box)
        return mailbox_poll(socket->box) | (socket->to && mailbox_full(socket->to) ? 0 : POLL_WRITABLE);
    if (socket->listening)
        return socket->pending_count > 0 ? POLL_READABLE : 0;
    if (!is_connected(socket))
        return POLL_WRITABLE | POLLHUP;
    uint32_t in = end_poll(socket, false), out = end_poll(socket, true),
             ready = (in | out) & (POLL_READABLE | POLL_WRITABLE);
    if (in & POLLHUP)
        ready |= POLL_READABLE | POLLRDHUP; /* the end can be read */
    if (out & POLLERR)
        ready |= POLL_WRITABLE;
    if (channel_is_reset(socket->line.channel[IN]))
        ready |= POLLERR;
    return ready | (in & POLLHUP && out & POLLERR ? POLLHUP : 0);
}

static uint64_t socket_progress(struct file *file)
{
    struct socket *socket = socket_of(file);
    uint64_t moved = socket->pending_count + (socket->box ? mailbox_progress(socket->box) : 0);

    for (int out = 0; out < WAYS; out++) {
        struct file *end FILE_HELD = end_get(socket, out);
        moved += end ? end->ops->progress(end) : 0;
    }
    return moved;
}

static int64_t socket_ioctl(struct file *file, uint64_t request, vaddr_t argument)
{
    struct socket *socket = socket_of(file);
    struct file *end FILE_HELD = end_get(socket, false);
    if (end)
        return end->ops->ioctl(end, request, argument);
    if (request != FIONREAD)
        return -ENOTTY;
    if (socket->listening)
        return -EINVAL;
    ssize_t next = socket->box ? mailbox_next(socket->box) : 0;
    return ioctl_answer(argument, (int)MAX(next, 0));
}

/* ---- making and freeing -------------------------------------------------------------------------------- */

static struct socket *socket_alloc(bool datagrams)
{
    struct socket *socket = kmem_zalloc(&socket_cache);
    if (!socket)
        return NULL;
    socket->own = (struct socket_address){.text.sun_family = AF_UNIX, .length = NO_NAME};
    if (datagrams && (socket->box = mailbox_create(&socket->own)) == NULL) {
        kmem_free(&socket_cache, socket);
        return NULL;
    }
    TAILQ_INIT(&socket->pending);
    return socket;
}

static void line_drop(const struct line *line)
{
    for (int way = 0; way < WAYS; way++) {
        if (line->end[way])
            file_put(line->end[way]);
        if (line->channel[way])
            channel_put(line->channel[way]);
    }
}

/* The two ends of a connection. => 0, -ENOMEM. */
static int lines_make(struct line ends[2])
{
    for (int i = 0; i < 2; i++) { /* what one of them sends */
        struct file *pipe[2] = {NULL, NULL};
        (void)pipe_create(0, pipe);
        ends[1 - i].end[IN] = pipe[0];
        ends[i].end[OUT] = pipe[1];
        ends[i].channel[OUT] = ends[1 - i].channel[IN] = channel_alloc();
    }
    if (ends[0].end[IN] && ends[0].end[OUT] && ends[0].channel[IN] && ends[0].channel[OUT])
        return 0;
    for (int i = 0; i < 2; i++)
        line_drop(&ends[i]);
    return -ENOMEM;
}

/* Nobody else knows it any more. */
static void socket_free(struct socket *socket)
{
    if (is_connected(socket) && !socket->box && channel_has_unread(socket->line.channel[IN]))
        channel_reset(socket->line.channel[OUT]);
    line_drop(&socket->line);
    if (socket->box)
        mailbox_close(socket->box);
    mailbox_put(socket->box);
    mailbox_put(socket->to);
    node_put(socket->node);
    kmem_free(&socket_cache, socket);
}

static void socket_release(struct file *file)
{
    struct socket *socket = socket_of(file), *waiting;

    spin_lock(&socket_lock);
    socket->listening = false;
    if (socket->is_bound)
        LIST_REMOVE(socket, bound);
    spin_unlock(&socket_lock);
    waitq_wake(&rows_change, WAKE_ALL);
    while ((waiting = TAILQ_FIRST(&socket->pending)) != NULL) {
        TAILQ_REMOVE(&socket->pending, waiting, link);
        channel_reset(waiting->line.channel[OUT]);
        socket_free(waiting);
    }
    socket_free(socket);
    poll_wake();
}

static const struct file_ops socket_ops = {
    .read = socket_read,
    .write = socket_write,
    .ioctl = socket_ioctl,
    .poll = socket_poll,
    .progress = socket_progress,
    .release = socket_release,
    .stream = true,
};

static int become_file(struct socket *socket, uint32_t flags, struct file **file)
{
    return anonfile_create("socket:[%lu]", S_IFSOCK | 0777, &socket_ops, socket, O_RDWR | flags, file);
}

int socket_create(uint32_t flags, bool datagrams, struct file **file)
{
    struct socket *socket = socket_alloc(datagrams);
    if (!socket)
        return -ENOMEM;
    int error = become_file(socket, flags, file);
    if (error)
        socket_free(socket);
    return error;
}

/* One end of a connection becomes the socket's. */
static void take_line(struct socket *socket, const struct line *line)
{
    socket->line = *line;
    channel_set_sender(line->channel[OUT], &socket->own);
}

/* Datagrams go there, and come from there alone; takes over the reference. NULL: to nobody, from everybody. */
static void connect_box(struct socket *socket, struct mailbox *to)
{
    struct mailbox *before = socket->to;

    socket->to = to;
    mailbox_take_only(socket->box, to);
    mailbox_put(before);
}

int socket_pair(uint32_t flags, bool datagrams, struct file *ends[2])
{
    struct line lines[2] = {0};
    int error = socket_create(flags, datagrams, &ends[0]);
    if (error)
        return error;
    error = socket_create(flags, datagrams, &ends[1]);
    if (error)
        goto put_first;
    error = datagrams ? 0 : lines_make(lines);
    if (error)
        goto put_both;
    for (int i = 0; i < 2; i++) {
        if (datagrams)
            connect_box(socket_of(ends[i]), mailbox_get(socket_of(ends[1 - i])->box));
        else
            take_line(socket_of(ends[i]), &lines[i]);
    }
    return 0;

put_both:
    file_put(ends[1]);
put_first:
    file_put(ends[0]);
    return error;
}

/* ---- addresses and connections ------------------------------------------------------------------------- */

static bool same_address(const struct socket_address *one, const struct socket_address *other)
{
    return one->length == other->length && memcmp(&one->text, &other->text, one->length) == 0;
}

/* Lock held. => NULL: nobody is bound there. */
static struct socket *find_bound(const struct socket_address *address, const struct node *node)
{
    struct socket *socket;

    LIST_FOREACH (socket, &bound_sockets, bound) {
        if (node ? socket->node == node : !socket->node && same_address(&socket->own, address))
            return socket;
    }
    return NULL;
}

int socket_bind(struct file *file, const struct socket_address *address, struct node *node)
{
    struct socket *socket = socket_of(file);

    SPIN_GUARD(&socket_lock);
    if (socket->own.length > NO_NAME)
        return -EINVAL;
    if (find_bound(address, node))
        return -EADDRINUSE;
    socket->own = *address;
    socket->node = node ? node_get(node) : NULL;
    socket->is_bound = true;
    LIST_INSERT_HEAD(&bound_sockets, socket, bound);
    if (socket->box)
        mailbox_set_name(socket->box, address);
    else if (is_connected(socket))
        channel_set_sender(socket->line.channel[OUT], address);
    return 0;
}

int socket_listen(struct file *file, unsigned backlog)
{
    struct socket *socket = socket_of(file);

    SPIN_GUARD(&socket_lock);
    if (socket->box)
        return -EOPNOTSUPP;
    if (!socket->is_bound || is_connected(socket))
        return -EINVAL;
    socket->backlog = MIN(backlog, BACKLOG_MAX);
    socket->listening = true;
    return 0;
}

/* Puts `fresh`, the other end of `socket`, into the row of who listens at the address, when there is room. Lock held. */
static int join_row(struct file *file, struct socket *fresh, const struct socket_address *address,
                    const struct node *node)
{
    struct socket *socket = socket_of(file);

    for (;;) {
        struct socket *listener = find_bound(address, node);
        if (listener && listener->box)
            return -EPROTOTYPE;
        if (!listener || !listener->listening)
            return -ECONNREFUSED;
        if (is_connected(socket))
            return -EISCONN;
        if (socket->listening)
            return -EINVAL;
        if (listener->pending_count <= listener->backlog) {
            fresh->own = listener->own;
            socket->peer_pid = listener->pid;
            TAILQ_INSERT_TAIL(&listener->pending, fresh, link);
            listener->pending_count++;
            waitq_wake(&rows_change, WAKE_ALL);
            return 0;
        }
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = waitq_sleep(&rows_change, &socket_lock, WAIT_FOREVER, true);
        if (error)
            return error;
    }
}

/* The mailbox at an address, referenced. => 0, -ECONNREFUSED, -EPROTOTYPE. */
static int find_box(const struct socket_address *address, const struct node *node, struct mailbox **box)
{
    SPIN_GUARD(&socket_lock);
    struct socket *socket = find_bound(address, node);
    if (!socket)
        return -ECONNREFUSED;
    if (!socket->box)
        return -EPROTOTYPE;
    *box = mailbox_get(socket->box);
    return 0;
}

int socket_may_send(struct file *file)
{
    return socket_of(file)->mute ? -EPIPE : 0;
}

ssize_t socket_send(struct file *file, struct io *io, const struct socket_address *address, struct node *node)
{
    struct socket *socket = socket_of(file);
    struct mailbox *box = NULL;
    int error = socket_may_send(file);

    if (!error && address)
        error = find_box(address, node, &box);
    else if (!error)
        error = socket->to ? 0 : -ENOTCONN;
    if (error)
        return error;
    if (!box)
        box = mailbox_get(socket->to);
    ssize_t sent = mailbox_send(box, io, socket->box);
    if (sent == -ECONNREFUSED && box == socket->to)
        connect_box(socket, NULL); /* told once that there is nobody; it is not connected then */
    mailbox_put(box);
    return sent;
}

static int connect_datagrams(struct socket *socket, const struct socket_address *address, struct node *node)
{
    struct mailbox *box;
    int error = find_box(address, node, &box);

    if (error)
        return error;
    if (!mailbox_takes(box, socket->box)) {
        mailbox_put(box);
        return -EPERM;
    }
    connect_box(socket, box);
    return 0;
}

int socket_dissolve(struct file *file)
{
    if (!socket_of(file)->box)
        return -EINVAL;
    connect_box(socket_of(file), NULL);
    return 0;
}

int socket_connect(struct file *file, const struct socket_address *address, struct node *node, int pid)
{
    if (socket_of(file)->box)
        return connect_datagrams(socket_of(file), address, node);
    struct socket *socket = socket_of(file), *fresh = socket_alloc(false);
    struct line lines[2];
    if (!fresh)
        return -ENOMEM;
    int error = lines_make(lines);
    if (error) {
        socket_free(fresh);
        return error;
    }
    fresh->peer_pid = pid;

    spin_lock(&socket_lock);
    error = join_row(file, fresh, address, node);
    if (!error) {
        take_line(socket, &lines[0]);
        take_line(fresh, &lines[1]);
    }
    spin_unlock(&socket_lock);
    if (error) {
        line_drop(&lines[0]);
        line_drop(&lines[1]);
        socket_free(fresh);
    }
    poll_wake();
    return error;
}

int socket_accept(struct file *file, uint32_t flags, int pid, struct file **accepted)
{
    struct socket *socket = socket_of(file), *fresh = NULL;
    int error = socket->box ? -EOPNOTSUPP : 0;

    spin_lock(&socket_lock);
    while (!error && (fresh = TAILQ_FIRST(&socket->pending)) == NULL)
        error = !socket->listening         ? -EINVAL
                : file->flags & O_NONBLOCK ? -EAGAIN
                                           : waitq_sleep(&rows_change, &socket_lock, WAIT_FOREVER, true);
    if (!error) {
        TAILQ_REMOVE(&socket->pending, fresh, link);
        socket->pending_count--;
    }
    spin_unlock(&socket_lock);
    if (error)
        return error;
    waitq_wake(&rows_change, WAKE_ALL); /* who waits for room */
    fresh->pid = pid;
    error = become_file(fresh, flags, accepted);
    if (error)
        socket_free(fresh);
    return error;
}

void socket_shutdown(struct file *file, bool reading, bool writing)
{
    struct socket *socket = socket_of(file);
    const bool wanted[WAYS] = {reading, writing};

    socket->mute |= writing;
    if (socket->box && reading)
        mailbox_deafen(socket->box);
    for (int way = 0; way < WAYS; way++) {
        struct file *end FILE_HELD = end_get(socket, way);
        if (wanted[way] && end)
            pipe_shut(end);
    }
    poll_wake();
}

int socket_name(struct file *file, bool peer, struct socket_address *address)
{
    struct socket *socket = socket_of(file);

    SPIN_GUARD(&socket_lock);
    if (!peer)
        *address = socket->own;
    else if (socket->to)
        mailbox_name(socket->to, address);
    else if (is_connected(socket))
        channel_sender(socket->line.channel[IN], address);
    else
        return -ENOTCONN;
    return 0;
}

int socket_error(struct file *file)
{
    struct channel *in = socket_of(file)->line.channel[IN];

    return in ? -channel_error(in) : 0;
}

int socket_peer_pid(struct file *file)
{
    return socket_of(file)->peer_pid;
}

void socket_set_pid(struct file *file, int pid, int peer)
{
    socket_of(file)->pid = pid;
    socket_of(file)->peer_pid = peer;
}

bool socket_listens(struct file *file)
{
    return socket_of(file)->listening;
}

struct channel *socket_channel(struct file *file, bool out)
{
    return socket_of(file)->line.channel[out];
}
