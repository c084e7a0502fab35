/* SPDX-License-Identifier: MIT */
/* mailbox.c - see mailbox.h. A message is one piece of memory. Guarded by: box->lock; a message that is being copied out belongs to
 * its reader alone and goes back to the front when it was only peeked at. */
#include <fs/mailbox.h>

#include <fs/poll.h>
#include <list.h>
#include <mm/kmem.h>
#include <sched/wait.h>

#include <asm-generic/errno.h>

#define MESSAGES_MAX 11U /* what Linux takes with net.unix.max_dgram_qlen's default, 10 */

struct message {
    struct socket_address from;
    size_t size;
    STAILQ_ENTRY(message) link;
    char bytes[];
};

struct mailbox {
    uint32_t refs; /* atomic */
    bool closed, deaf;
    struct socket_address name;
    const struct mailbox *only; /* whose messages it takes; NULL: everybody's */
    unsigned count;
    uint64_t moved;
    struct spinlock lock;
    struct waitq changed;
    STAILQ_HEAD(, message) messages;
};

static struct kmem_cache mailbox_cache = KMEM_CACHE("mailbox", struct mailbox);

struct mailbox *mailbox_create(const struct socket_address *name)
{
    struct mailbox *box = kmem_zalloc(&mailbox_cache);
    if (!box)
        return NULL;
    box->refs = 1;
    box->name = *name;
    waitq_init(&box->changed);
    STAILQ_INIT(&box->messages);
    return box;
}

struct mailbox *mailbox_get(struct mailbox *box)
{
    __atomic_add_fetch(&box->refs, 1, __ATOMIC_RELAXED);
    return box;
}

void mailbox_put(struct mailbox *box)
{
    struct message *message;

    if (!box || __atomic_sub_fetch(&box->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    while ((message = STAILQ_FIRST(&box->messages)) != NULL) {
        STAILQ_REMOVE_HEAD(&box->messages, link);
        kfree(message);
    }
    kmem_free(&mailbox_cache, box);
}

static void tell(struct mailbox *box)
{
    waitq_wake(&box->changed, WAKE_ALL);
    poll_wake();
}

void mailbox_close(struct mailbox *box)
{
    spin_lock(&box->lock);
    box->closed = true;
    spin_unlock(&box->lock);
    tell(box);
}

void mailbox_deafen(struct mailbox *box)
{
    spin_lock(&box->lock);
    box->deaf = true;
    spin_unlock(&box->lock);
    tell(box);
}

void mailbox_set_name(struct mailbox *box, const struct socket_address *name)
{
    SPIN_GUARD(&box->lock);
    box->name = *name;
}

void mailbox_name(struct mailbox *box, struct socket_address *name)
{
    SPIN_GUARD(&box->lock);
    *name = box->name;
}

void mailbox_take_only(struct mailbox *box, const struct mailbox *sender)
{
    SPIN_GUARD(&box->lock);
    box->only = sender;
}

static bool takes(const struct mailbox *box, const struct mailbox *sender)
{
    return !box->only || box->only == sender;
}

bool mailbox_takes(struct mailbox *box, const struct mailbox *sender)
{
    SPIN_GUARD(&box->lock);
    return takes(box, sender);
}

static int refuse(const struct mailbox *box, const struct mailbox *sender)
{
    if (box->closed)
        return -ECONNREFUSED;
    if (!takes(box, sender))
        return -EPERM;
    return box->deaf ? -EPIPE : 0;
}

/* Lock held. What changed while it slept may be that nothing is taken any more. */
static int wait_for_room(struct mailbox *box, const struct mailbox *sender, bool at_once)
{
    int error;

    while ((error = refuse(box, sender)) == 0 && box->count >= MESSAGES_MAX) {
        error = at_once ? -EAGAIN : waitq_sleep(&box->changed, &box->lock, WAIT_FOREVER, true);
        if (error)
            return error;
    }
    return error;
}

ssize_t mailbox_send(struct mailbox *box, struct io *io, struct mailbox *sender)
{
    size_t size = io->left;

    if (size > DATAGRAM_MAX)
        return -EMSGSIZE;
    struct message *message = kmalloc(sizeof(*message) + size);
    if (!message)
        return -ENOBUFS;
    mailbox_name(sender, &message->from);
    message->size = size;
    ssize_t moved = size ? io_get(io, message->bytes, size) : 0;
    if (moved < (ssize_t)size) {
        kfree(message);
        return -EFAULT;
    }
    spin_lock(&box->lock);
    int error = wait_for_room(box, sender, io->at_once);
    if (!error) {
        STAILQ_INSERT_TAIL(&box->messages, message, link);
        box->count++;
        box->moved++;
    }
    spin_unlock(&box->lock);
    if (error) {
        kfree(message);
        return error;
    }
    tell(box);
    return moved;
}

ssize_t mailbox_receive(struct mailbox *box, struct io *io, struct socket_address *from, size_t *size)
{
    struct message *message;
    int error = 0;

    spin_lock(&box->lock);
    while ((message = STAILQ_FIRST(&box->messages)) == NULL && !error && (io->at_once || !box->deaf))
        error = io->at_once ? -EAGAIN : waitq_sleep(&box->changed, &box->lock, WAIT_FOREVER, true);
    if (message)
        STAILQ_REMOVE_HEAD(&box->messages, link);
    spin_unlock(&box->lock);
    if (!message)
        return error;

    *from = message->from;
    *size = message->size;
    size_t wanted = MIN(message->size, io->left);
    ssize_t moved = wanted ? io_put(io, message->bytes, wanted) : 0;
    spin_lock(&box->lock);
    box->count -= !io->peek;
    box->moved += !io->peek;
    if (io->peek)
        STAILQ_INSERT_HEAD(&box->messages, message, link);
    spin_unlock(&box->lock);
    if (!io->peek)
        kfree(message);
    tell(box);
    return moved;
}

uint64_t mailbox_progress(const struct mailbox *box)
{
    return box->moved;
}

bool mailbox_full(struct mailbox *box)
{
    return !box->closed && box->count >= MESSAGES_MAX;
}

uint32_t mailbox_poll(struct mailbox *box)
{
    SPIN_GUARD(&box->lock);
    return (box->deaf ? POLLRDHUP : 0) | (box->deaf || !STAILQ_EMPTY(&box->messages) ? POLL_READABLE : 0);
}

ssize_t mailbox_next(struct mailbox *box)
{
    SPIN_GUARD(&box->lock);
    const struct message *message = STAILQ_FIRST(&box->messages);
    return message ? (ssize_t)message->size : -1;
}
