/* SPDX-License-Identifier: MIT */
/* mailbox.h - where the datagrams of a socket wait. Sockets that send there have references; a closed one takes nothing. */
#pragma once

#include <fs/address.h>
#include <fs/io.h>

#define DATAGRAM_MAX                                                                                         \
    (212992U - 32U) /* Linux's default SO_SNDBUF, less what a message costs beside its bytes */

struct mailbox *mailbox_create(const struct socket_address *name); /* NULL when memory is short */
struct mailbox *mailbox_get(struct mailbox *box);
void mailbox_put(struct mailbox *box);
void mailbox_close(struct mailbox *box);
/* Of the socket that it belongs to. */
void mailbox_set_name(struct mailbox *box, const struct socket_address *name);
void mailbox_name(struct mailbox *box, struct socket_address *name);
/* Whose socket is connected takes messages from that one alone; NULL: from all. Boxes are only compared. */
void mailbox_take_only(struct mailbox *box, const struct mailbox *sender);
bool mailbox_takes(struct mailbox *box, const struct mailbox *sender);
void mailbox_deafen(struct mailbox *box); /* takes nothing any more; what is there can be read */
/* All of io as one message from the socket of `sender`; waits for room unless at_once.
 * => bytes, -ECONNREFUSED (closed), -EPERM (not taken), -EPIPE (deaf), -EMSGSIZE, -EAGAIN, -EINTR, -ENOBUFS, -EFAULT. */
ssize_t mailbox_send(struct mailbox *box, struct io *io, struct mailbox *sender);
/* The next message, as much of it as io takes; *size: how long it was. => bytes, 0 (deaf), -EAGAIN, -EINTR, -EFAULT. */
ssize_t mailbox_receive(struct mailbox *box, struct io *io, struct socket_address *from, size_t *size);
uint64_t mailbox_progress(const struct mailbox *box); /* messages that came and went */
bool mailbox_full(struct mailbox *box);
uint32_t mailbox_poll(struct mailbox *box); /* what its owner is told */
ssize_t mailbox_next(struct mailbox *box);  /* the length of the next message; -1: there is none */
