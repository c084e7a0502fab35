/* SPDX-License-Identifier: MIT */
/* channel.c - see channel.h. Guarded by: channel_lock, all but the counts and the mark, which are atomic. */
#include <fs/channel.h>

#include <list.h>
#include <mm/kmem.h>

#include <asm-generic/errno.h>

#define UNSENT UINT64_MAX

struct waiting {
    uint64_t at, end; /* bytes that were sent before it, and with it too; UNSENT: not known yet */
    struct parcel parcel;
    STAILQ_ENTRY(waiting) link;
};

struct channel {
    unsigned refs; /* of both ends */
    struct socket_address sender;
    bool reset;
    uint64_t sent, received;
    STAILQ_HEAD(, waiting) row;
};

static struct kmem_cache channel_cache = KMEM_CACHE("socket_channel", struct channel);
static struct spinlock channel_lock;

struct channel *channel_alloc(void)
{
    struct channel *channel = kmem_zalloc(&channel_cache);
    if (channel) {
        channel->refs = 2;
        STAILQ_INIT(&channel->row);
    }
    return channel;
}

void channel_set_sender(struct channel *channel, const struct socket_address *name)
{
    SPIN_GUARD(&channel_lock);
    channel->sender = *name;
}

void channel_sender(struct channel *channel, struct socket_address *name)
{
    SPIN_GUARD(&channel_lock);
    *name = channel->sender;
}

void channel_reset(struct channel *channel)
{
    __atomic_store_n(&channel->reset, true, __ATOMIC_RELEASE);
}

bool channel_is_reset(const struct channel *channel)
{
    return __atomic_load_n(&channel->reset, __ATOMIC_ACQUIRE);
}

int channel_error(struct channel *channel)
{
    return __atomic_exchange_n(&channel->reset, false, __ATOMIC_ACQ_REL) ? -ECONNRESET : 0;
}

bool channel_has_unread(const struct channel *channel)
{
    return __atomic_load_n(&channel->sent, __ATOMIC_RELAXED) >
           __atomic_load_n(&channel->received, __ATOMIC_RELAXED);
}

void parcel_put(const struct parcel *parcel)
{
    for (unsigned i = 0; i < parcel->count; i++)
        file_put(parcel->files[i]);
}

void channel_put(struct channel *channel)
{
    struct waiting *waiting;

    if (__atomic_sub_fetch(&channel->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    while ((waiting = STAILQ_FIRST(&channel->row)) != NULL) {
        STAILQ_REMOVE_HEAD(&channel->row, link);
        parcel_put(&waiting->parcel);
        kfree(waiting);
    }
    kmem_free(&channel_cache, channel);
}

static ssize_t count(uint64_t *bytes, ssize_t moved)
{
    if (moved > 0)
        __atomic_add_fetch(bytes, (uint64_t)moved, __ATOMIC_RELAXED);
    return moved;
}

ssize_t channel_sent(struct channel *channel, ssize_t moved)
{
    return count(&channel->sent, moved);
}

ssize_t channel_received(struct channel *channel, ssize_t moved)
{
    return count(&channel->received, moved);
}

size_t channel_readable(struct channel *channel)
{
    const struct waiting *waiting;

    SPIN_GUARD(&channel_lock);
    STAILQ_FOREACH (waiting, &channel->row, link) {
        if (waiting->at >= channel->received)
            return waiting->end - channel->received;
    }
    return SIZE_MAX;
}

int channel_attach(struct channel *channel, const struct parcel *parcel)
{
    struct waiting *waiting = kmalloc(sizeof(*waiting));
    if (!waiting)
        return -ENOMEM;
    waiting->parcel = *parcel;
    waiting->end = UNSENT;
    SPIN_GUARD(&channel_lock);
    waiting->at = channel->sent;
    STAILQ_INSERT_TAIL(&channel->row, waiting, link);
    return 0;
}

/* Takes the first one out that is not sent yet, or the first one whose bytes have been read. */
static struct waiting *take(struct channel *channel, bool unsent)
{
    struct waiting *waiting;

    SPIN_GUARD(&channel_lock);
    STAILQ_FOREACH (waiting, &channel->row, link) {
        if (unsent ? waiting->end == UNSENT : waiting->at < channel->received) {
            STAILQ_REMOVE(&channel->row, waiting, waiting, link);
            break;
        }
    }
    return waiting;
}

void channel_detach(struct channel *channel)
{
    kfree(take(channel, true));
}

void channel_complete(struct channel *channel)
{
    struct waiting *waiting;

    SPIN_GUARD(&channel_lock);
    STAILQ_FOREACH (waiting, &channel->row, link) {
        if (waiting->end == UNSENT)
            waiting->end = channel->sent;
    }
}

bool channel_take(struct channel *channel, struct parcel *parcel)
{
    struct waiting *waiting = take(channel, false);

    if (!waiting)
        return false;
    *parcel = waiting->parcel;
    kfree(waiting);
    return true;
}

void channel_forget_passed(struct channel *channel)
{
    struct waiting *waiting;

    while ((waiting = take(channel, false)) != NULL) {
        parcel_put(&waiting->parcel);
        kfree(waiting);
    }
}
