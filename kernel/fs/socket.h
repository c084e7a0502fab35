/* SPDX-License-Identifier: MIT */
/* socket.h - streams and datagrams between processes of this machine: AF_UNIX (unix(7)). */
#pragma once

#include <fs/address.h>
#include <fs/file.h>
#include <fs/mailbox.h>

/* flags: O_NONBLOCK or 0; datagrams, or a stream. => 0, -ENOMEM. */
int socket_create(uint32_t flags, bool datagrams, struct file **file);
int socket_pair(uint32_t flags, bool datagrams, struct file *ends[2]);
bool socket_is(const struct file *file);
bool socket_sends_datagrams(struct file *file);

/* Was it shut down for sending? Then no address is looked for. => 0, -EPIPE. */
int socket_may_send(struct file *file);
/* A message of io; address NULL: to who it is connected to. => bytes, -ENOTCONN, -EPROTOTYPE, what mailbox_send() says. */
ssize_t socket_send(struct file *file, struct io *io, const struct socket_address *address,
                    struct node *node);
ssize_t socket_receive(struct file *file, struct io *io, struct socket_address *from, size_t *size);

/* The calls of their names, on files that are sockets. `node`: what the address's path leads to; NULL: the address is not a
 * path. connect and accept wait unless the file has O_NONBLOCK. */
int socket_bind(struct file *file, const struct socket_address *address, struct node *node);
int socket_listen(struct file *file, unsigned backlog);
int socket_connect(struct file *file, const struct socket_address *address, struct node *node, int pid);
int socket_dissolve(struct file *file); /* datagrams go to nobody any more. => 0, -EINVAL: streams */
int socket_accept(struct file *file, uint32_t flags, int pid, struct file **accepted);
void socket_shutdown(struct file *file, bool reading, bool writing);
int socket_error(struct file *file); /* SO_ERROR: told now and not again. => 0, an error number */
/* The address of this end, or of the other. => 0, -ENOTCONN. */
int socket_name(struct file *file, bool peer, struct socket_address *address);
/* Of the process at the other end; 0: none. */
int socket_peer_pid(struct file *file);
void socket_set_pid(struct file *file, int pid, int peer);
bool socket_listens(struct file *file);

/* What goes beside the bytes of one direction. => NULL: not connected. */
struct channel;
struct channel *socket_channel(struct file *file, bool out);
