/* SPDX-License-Identifier: MIT */
/* socket.c - see socket.h. A connection is two pipes; bytes, waiting, full and empty are theirs (pipe.c).
 *
 *   socket A   out ====> in   socket B      connect() makes both ends and puts the other one into the row of
 *              in  <==== out                the socket that listens; accept() takes it out there
 *
 * A bound socket is found by its file's node, or by its bytes when the address is no path, in one list of all that are bound.
 * Guarded by: socket_lock, all but the pipes' insides; a pipe's end is held by a reference while it is used, so a shutdown
 * takes hold when who reads or writes just then is through.
 *
 * Open files travel beside the bytes: a parcel waits at the byte that it was sent with, and a read that takes it stops where
 * that message ends. Sockets and sets of files do not travel: they could be in themselves and stay for ever.
 * Datagrams wait in a mailbox (mailbox.c), which a socket that is connected to it has a reference to.
 * Not here: other families. */
#include <fs/socket.h>

#include <fs/anonfile.h>
#include <fs/epoll.h>
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

struct parcel {
    uint64_t at, end; /* bytes that were sent before it, and with it too; UINT64_MAX: not known yet */
    struct socket_parcel content;
    STAILQ_ENTRY(parcel) link;
};

/* What goes with the bytes of one direction. */
struct channel {
    unsigned refs; /* of both ends */
    uint64_t sent, received;
    STAILQ_HEAD(, parcel) parcels;
};

struct socket {
    bool listening, connected;
    bool deaf, mute;                     /* shut down: nothing is read, written any more (of datagrams) */
    struct file *in, *out;               /* ends of pipes; NULL: not connected, or shut down */
    struct channel *incoming, *outgoing; /* NULL: not connected */
    struct mailbox *box,
        *to; /* of datagrams: its own, and the one that it is connected to. NULL: a stream; not connected */
    struct socket_address own, peer;
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
static struct kmem_cache channel_cache = KMEM_CACHE("socket_channel", struct channel);
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

bool socket_is(const struct file *file)
{
    return file->ops == &socket_ops;
}

/* ---- bytes --------------------------------------------------------------------------------------------- */

/* One end, for use. => NULL: it is not there. */
static struct file *end_get(struct socket *socket, bool out)
{
    spin_lock(&socket_lock);
    struct file *end = out ? socket->out : socket->in;
    if (end)
        file_get(end);
    spin_unlock(&socket_lock);
    return end;
}

static ssize_t count(uint64_t *bytes, ssize_t moved)
{
    if (moved > 0)
        __atomic_add_fetch(bytes, (uint64_t)moved, __ATOMIC_RELAXED);
    return moved;
}

/* Up to the end of what was sent with the next parcel. */
static size_t bytes_to_parcel(const struct channel *channel)
{
    size_t bytes = SIZE_MAX;
    const struct parcel *parcel;

    spin_lock(&socket_lock);
    STAILQ_FOREACH (parcel, &channel->parcels, link) {
        if (parcel->at >= channel->received) {
            bytes = parcel->end - channel->received;
            break;
        }
    }
    spin_unlock(&socket_lock);
    return bytes;
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
    if (socket_of(file)->deaf)
        return 0;
    return mailbox_receive(box, io, from, size);
}

static ssize_t socket_read(struct file *file, struct io *io, uint64_t *position)
{
    struct socket *socket = socket_of(file);
    struct socket_address from;
    size_t size;
    if (socket->box)
        return socket_receive(file, io, &from, &size);
    struct file *end = end_get(socket, false);
    if (!end)
        return socket->connected ? 0 : -EINVAL;
    size_t wanted = io->left, allowed = MIN(wanted, bytes_to_parcel(socket->incoming));
    io->left = allowed;
    ssize_t moved = end->ops->read(end, io, position);
    io->left += wanted - allowed;
    file_put(end);
    return io->peek ? moved : count(&socket->incoming->received, moved);
}

static ssize_t socket_write(struct file *file, struct io *io, uint64_t *position)
{
    struct socket *socket = socket_of(file);
    if (socket->box)
        return socket_send(file, io, NULL, NULL);
    struct file *end = end_get(socket, true);
    if (!end)
        return socket->connected ? -EPIPE : -ENOTCONN;
    ssize_t moved = end->ops->write(end, io, position);
    file_put(end);
    return count(&socket->outgoing->sent, moved);
}

static uint32_t end_poll(struct socket *socket, bool out)
{
    struct file *end = end_get(socket, out);
    if (!end)
        return out ? POLLERR : POLLHUP;
    uint32_t ready = end->ops->poll(end);
    file_put(end);
    return ready;
}

static uint32_t socket_poll(struct file *file)
{
    struct socket *socket = socket_of(file);

    bool any;

    if (socket->box) {
        mailbox_next(socket->box, &any);
        return (any || socket->deaf ? POLL_READABLE : 0) |
               (socket->to && mailbox_full(socket->to) ? 0 : POLL_WRITABLE);
    }
    if (socket->listening)
        return socket->pending_count > 0 ? POLL_READABLE : 0;
    if (!socket->connected)
        return POLL_WRITABLE | POLLHUP;
    uint32_t in = end_poll(socket, false), out = end_poll(socket, true),
             ready = (in | out) & (POLL_READABLE | POLL_WRITABLE);
    if (in & POLLHUP)
        ready |= POLL_READABLE | POLLRDHUP; /* the end can be read */
    if (out & POLLERR)
        ready |= POLL_WRITABLE;
    return ready | (in & POLLHUP && out & POLLERR ? POLLHUP : 0);
}

static uint64_t socket_progress(struct file *file)
{
    struct socket *socket = socket_of(file);
    uint64_t moved = socket->pending_count + (socket->box ? mailbox_progress(socket->box) : 0);

    for (int out = 0; out < 2; out++) {
        struct file *end = end_get(socket, out);
        if (end) {
            moved += end->ops->progress(end);
            file_put(end);
        }
    }
    return moved;
}

static int64_t socket_ioctl(struct file *file, uint64_t request, vaddr_t argument)
{
    if (socket_of(file)->box) {
        bool any;
        int size = (int)mailbox_next(socket_of(file)->box, &any);
        return request == FIONREAD ? copy_to_user(argument, &size, sizeof(size)) : -ENOTTY;
    }
    struct file *end = end_get(socket_of(file), false);
    if (!end)
        return -EINVAL;
    int64_t result = end->ops->ioctl(end, request, argument);
    file_put(end);
    return result;
}

/* ---- making and freeing -------------------------------------------------------------------------------- */

static struct socket *socket_alloc(bool datagrams)
{
    struct socket *socket = kmem_zalloc(&socket_cache);
    if (!socket)
        return NULL;
    if (datagrams && (socket->box = mailbox_create()) == NULL) {
        kmem_free(&socket_cache, socket);
        return NULL;
    }
    TAILQ_INIT(&socket->pending);
    socket->own = (struct socket_address){.text.sun_family = AF_UNIX, .length = sizeof(__kernel_sa_family_t)};
    return socket;
}

static void parcel_free(struct parcel *parcel)
{
    for (unsigned i = 0; i < parcel->content.count; i++)
        file_put(parcel->content.files[i]);
    kfree(parcel);
}

static void channel_put(struct channel *channel)
{
    if (!channel || __atomic_sub_fetch(&channel->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    while (!STAILQ_EMPTY(&channel->parcels)) {
        struct parcel *parcel = STAILQ_FIRST(&channel->parcels);
        STAILQ_REMOVE_HEAD(&channel->parcels, link);
        parcel_free(parcel);
    }
    kmem_free(&channel_cache, channel);
}

/* Nobody else knows it any more. */
static void socket_free(struct socket *socket)
{
    if (socket->in)
        file_put(socket->in);
    if (socket->out)
        file_put(socket->out);
    channel_put(socket->incoming);
    channel_put(socket->outgoing);
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

/* Two pipes and what goes with them, for two sockets. */
struct wires {
    struct file *forth[2], *back[2];
    struct channel *forth_channel, *back_channel;
};

static struct channel *channel_alloc(void)
{
    struct channel *channel = kmem_zalloc(&channel_cache);
    if (channel) {
        channel->refs = 2;
        STAILQ_INIT(&channel->parcels);
    }
    return channel;
}

/* => 0, -ENOMEM. */
static int wires_make(struct wires *wires)
{
    wires->forth_channel = channel_alloc();
    wires->back_channel = channel_alloc();
    if (!wires->forth_channel || !wires->back_channel || pipe_create(0, wires->forth) != 0)
        goto free_channels;
    if (pipe_create(0, wires->back) == 0)
        return 0;
    file_put(wires->forth[0]);
    file_put(wires->forth[1]);
free_channels:
    if (wires->forth_channel)
        kmem_free(&channel_cache, wires->forth_channel);
    if (wires->back_channel)
        kmem_free(&channel_cache, wires->back_channel);
    return -ENOMEM;
}

/* first: what writes forth and reads back; else the other end. */
static void join(struct socket *socket, const struct wires *wires, bool first)
{
    socket->in = first ? wires->back[0] : wires->forth[0];
    socket->out = first ? wires->forth[1] : wires->back[1];
    socket->incoming = first ? wires->back_channel : wires->forth_channel;
    socket->outgoing = first ? wires->forth_channel : wires->back_channel;
    socket->connected = true;
}

/* Each sends to the other's mailbox. */
static void join_boxes(struct socket *one, struct socket *other)
{
    one->to = mailbox_get(other->box);
    other->to = mailbox_get(one->box);
    one->connected = other->connected = true;
}

int socket_pair(uint32_t flags, bool datagrams, struct file *ends[2])
{
    struct wires wires;
    int error = socket_create(flags, datagrams, &ends[0]);
    if (error)
        return error;
    error = socket_create(flags, datagrams, &ends[1]);
    if (error)
        goto put_first;
    error = datagrams ? 0 : wires_make(&wires);
    if (error)
        goto put_both;
    if (datagrams) {
        join_boxes(socket_of(ends[0]), socket_of(ends[1]));
    } else {
        join(socket_of(ends[0]), &wires, true);
        join(socket_of(ends[1]), &wires, false);
    }
    for (int i = 0; i < 2; i++)
        socket_of(ends[i])->peer = socket_of(ends[1 - i])->own;
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

    spin_lock(&socket_lock);
    int error = socket->is_bound ? -EINVAL : find_bound(address, node) ? -EADDRINUSE : 0;
    if (!error) {
        socket->own = *address;
        socket->node = node ? node_get(node) : NULL;
        socket->is_bound = true;
        LIST_INSERT_HEAD(&bound_sockets, socket, bound);
    }
    spin_unlock(&socket_lock);
    return error;
}

int socket_listen(struct file *file, unsigned backlog)
{
    struct socket *socket = socket_of(file);

    spin_lock(&socket_lock);
    int error = socket->box ? -EOPNOTSUPP : !socket->is_bound || socket->connected ? -EINVAL : 0;
    if (!error) {
        socket->backlog = MIN(backlog, BACKLOG_MAX);
        socket->listening = true;
    }
    spin_unlock(&socket_lock);
    return error;
}

/* Puts `fresh`, the other end of `socket`, into the row of who listens at the address, when there is room. Lock held. */
static int join_row(struct file *file, struct socket *fresh, const struct socket_address *address,
                    const struct node *node)
{
    struct socket *socket = socket_of(file);

    for (;;) {
        struct socket *listener = find_bound(address, node);
        if (socket->connected)
            return -EISCONN;
        if (socket->listening)
            return -EINVAL;
        if (listener && listener->box)
            return -EPROTOTYPE;
        if (!listener || !listener->listening)
            return -ECONNREFUSED;
        if (listener->pending_count <= listener->backlog) {
            socket->peer = fresh->own = listener->own;
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
static int find_box(const struct socket_address *address, const struct node *node, struct mailbox **box,
                    struct socket_address *name)
{
    spin_lock(&socket_lock);
    struct socket *socket = find_bound(address, node);
    int error = !socket ? -ECONNREFUSED : !socket->box ? -EPROTOTYPE : 0;
    if (!error) {
        *box = mailbox_get(socket->box);
        *name = socket->own;
    }
    spin_unlock(&socket_lock);
    return error;
}

ssize_t socket_send(struct file *file, struct io *io, const struct socket_address *address, struct node *node)
{
    struct socket *socket = socket_of(file);
    struct socket_address name;
    struct mailbox *box = NULL;
    int error = socket->mute ? -EPIPE : 0;

    if (!error && address)
        error = find_box(address, node, &box, &name);
    else if (!error)
        error = socket->to ? 0 : -ENOTCONN;
    if (error)
        return error;
    if (!box)
        box = mailbox_get(socket->to);
    ssize_t sent = mailbox_send(box, io, &socket->own);
    mailbox_put(box);
    return sent;
}

static int connect_box(struct socket *socket, const struct socket_address *address, struct node *node)
{
    struct mailbox *box, *before = socket->to;
    int error = find_box(address, node, &box, &socket->peer);

    if (error)
        return error;
    socket->to = box;
    socket->connected = true;
    mailbox_put(before);
    return 0;
}

int socket_connect(struct file *file, const struct socket_address *address, struct node *node, int pid)
{
    if (socket_of(file)->box)
        return connect_box(socket_of(file), address, node);
    struct socket *socket = socket_of(file), *fresh = socket_alloc(false);
    struct wires wires;
    if (!fresh)
        return -ENOMEM;
    int error = wires_make(&wires);
    if (error) {
        socket_free(fresh);
        return error;
    }
    join(fresh, &wires, false);
    fresh->peer_pid = pid;

    spin_lock(&socket_lock);
    fresh->peer = socket->own;
    error = join_row(file, fresh, address, node);
    if (!error)
        join(socket, &wires, true);
    spin_unlock(&socket_lock);
    if (error) {
        file_put(wires.back[0]);
        file_put(wires.forth[1]);
        channel_put(wires.back_channel);
        channel_put(wires.forth_channel);
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
    struct file *in = NULL, *out = NULL;

    spin_lock(&socket_lock);
    socket->deaf |= reading;
    socket->mute |= writing;
    if (reading) {
        in = socket->in;
        socket->in = NULL;
    }
    if (writing) {
        out = socket->out;
        socket->out = NULL;
    }
    spin_unlock(&socket_lock);
    if (in)
        file_put(in);
    if (out)
        file_put(out);
    poll_wake();
}

int socket_name(struct file *file, bool peer, struct socket_address *address)
{
    struct socket *socket = socket_of(file);

    spin_lock(&socket_lock);
    *address = peer ? socket->peer : socket->own;
    bool known = !peer || socket->connected;
    spin_unlock(&socket_lock);
    return known ? 0 : -ENOTCONN;
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

/* ---- parcels ------------------------------------------------------------------------------------------- */

int socket_attach(struct file *file, const struct socket_parcel *content)
{
    struct socket *socket = socket_of(file);
    if (!socket->connected || socket->box)
        return socket->box ? -EOPNOTSUPP : -ENOTCONN;
    for (unsigned i = 0; i < content->count; i++) {
        if (socket_is(content->files[i]) || epoll_is(content->files[i]))
            return -ETOOMANYREFS;
    }
    struct parcel *parcel = kmalloc(sizeof(*parcel));
    if (!parcel)
        return -ENOMEM;
    parcel->content = *content;
    spin_lock(&socket_lock);
    parcel->at = socket->outgoing->sent;
    parcel->end = UINT64_MAX;
    STAILQ_INSERT_TAIL(&socket->outgoing->parcels, parcel, link);
    spin_unlock(&socket_lock);
    return 0;
}

/* The first parcel of a channel that `due` is true of. */
static struct parcel *take(struct channel *channel, bool due(const struct channel *, const struct parcel *))
{
    struct parcel *parcel;

    spin_lock(&socket_lock);
    STAILQ_FOREACH (parcel, &channel->parcels, link) {
        if (due(channel, parcel)) {
            STAILQ_REMOVE(&channel->parcels, parcel, parcel, link);
            break;
        }
    }
    spin_unlock(&socket_lock);
    return parcel;
}

static bool is_unsent(const struct channel *channel, const struct parcel *parcel)
{
    (void)channel;
    return parcel->end == UINT64_MAX;
}

static bool is_passed(const struct channel *channel, const struct parcel *parcel)
{
    return parcel->at < channel->received;
}

void socket_detach(struct file *file)
{
    struct parcel *parcel = take(socket_of(file)->outgoing, is_unsent);

    if (parcel)
        kfree(parcel);
}

void socket_sent(struct file *file)
{
    struct channel *channel = socket_of(file)->outgoing;
    struct parcel *parcel;

    if (!channel)
        return;
    spin_lock(&socket_lock);
    STAILQ_FOREACH (parcel, &channel->parcels, link) {
        if (is_unsent(channel, parcel))
            parcel->end = channel->sent;
    }
    spin_unlock(&socket_lock);
}

void socket_forget_passed(struct file *file)
{
    struct channel *channel = socket_of(file)->incoming;
    struct parcel *parcel;

    while (channel && (parcel = take(channel, is_passed)) != NULL)
        parcel_free(parcel);
}

bool socket_take(struct file *file, struct socket_parcel *content)
{
    struct channel *channel = socket_of(file)->incoming;
    struct parcel *parcel = channel ? take(channel, is_passed) : NULL;

    if (!parcel)
        return false;
    *content = parcel->content;
    kfree(parcel);
    return true;
}
