/* SPDX-License-Identifier: MIT */
/* mailbox.h - where the datagrams of a socket wait. Sockets that send there have references; a closed one takes nothing. */
#pragma once

#include <fs/io.h>

#include <linux/socket.h>
#include <linux/un.h>

#define DATAGRAM_MAX                                                                                         \
    (212992U - 32U) /* Linux's default SO_SNDBUF, less what a message costs beside its bytes */

/* As programs give it: the family and a path, or a zero byte and any bytes. length 0: none; 2: the family alone. */
struct socket_address {
    struct sockaddr_un text;
    unsigned length;
};

struct mailbox *mailbox_create(void); /* NULL when memory is short */
struct mailbox *mailbox_get(struct mailbox *box);
void mailbox_put(struct mailbox *box);
void mailbox_close(struct mailbox *box);
/* All of io as one message; waits for room unless at_once. => bytes, -ECONNREFUSED (closed), -EMSGSIZE, -EAGAIN, -EINTR, -ENOBUFS, -EFAULT. */
ssize_t mailbox_send(struct mailbox *box, struct io *io, const struct socket_address *from);
/* The next message, as much of it as io takes; *size: how long it was. => bytes, -EAGAIN, -EINTR, -EFAULT. */
ssize_t mailbox_receive(struct mailbox *box, struct io *io, struct socket_address *from, size_t *size);
uint64_t mailbox_progress(const struct mailbox *box); /* messages that came and went */
bool mailbox_full(struct mailbox *box);
ssize_t mailbox_next(struct mailbox *box); /* the length of the next message; -1: there is none */
