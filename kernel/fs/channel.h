/* SPDX-License-Identifier: MIT */
/* channel.h - what goes beside the bytes of one direction of a connection: who sends, how many have passed, and parcels of open
 * files (SCM_RIGHTS), each of which waits at the byte that it was sent with. */
#pragma once

#include <fs/address.h>
#include <fs/file.h>

#define PARCEL_MAX 253 /* SCM_MAX_FD of Linux */
struct parcel {
    unsigned count;
    struct file *files[PARCEL_MAX]; /* references */
};

struct channel;

/* With a reference for each of the two ends. => NULL when memory is short. */
struct channel *channel_alloc(void);
void channel_put(struct channel *channel);

void channel_set_sender(struct channel *channel, const struct socket_address *name);
void channel_sender(struct channel *channel, struct socket_address *name);

/* Whoever reads here sent something that was never read: behind the last byte it is told -ECONNRESET, once. */
void channel_reset(struct channel *channel);
bool channel_is_reset(const struct channel *channel);
int channel_error(struct channel *channel); /* => 0, -ECONNRESET: told now */
bool channel_has_unread(const struct channel *channel);

/* Bytes that were moved into it, and out of it; an error counts as none. => moved */
ssize_t channel_sent(struct channel *channel, ssize_t moved);
ssize_t channel_received(struct channel *channel, ssize_t moved);
/* How many bytes may be read at once: up to the end of what was sent with the next parcel. */
size_t channel_readable(struct channel *channel);

/* The parcel goes with the bytes that are sent next; its references are taken over. => 0, -ENOMEM. */
int channel_attach(struct channel *channel, const struct parcel *parcel);
/* Nothing could be sent: the references are the caller's again. */
void channel_detach(struct channel *channel);
void channel_complete(struct channel *channel); /* something could: the parcel's message ends here */
/* The parcel whose bytes have been read. => false: none */
bool channel_take(struct channel *channel, struct parcel *parcel);
/* Lets go of those whose bytes were read by who takes no parcels. */
void channel_forget_passed(struct channel *channel);

void parcel_put(const struct parcel *parcel); /* lets go of its references */
