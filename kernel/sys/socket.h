/* SPDX-License-Identifier: MIT */
/* socket.h - what the calls of sockets have in common: socket.c makes and connects them, message.c moves bytes and descriptors. */
#pragma once

#include <fs/socket.h>

/* => a referenced file that is a socket; -EBADF, -ENOTSOCK (*file is what it was then, also referenced). For FILE_HELD. */
int socket_get(uint64_t fd, struct file **file);
/* As getsockname has it: as much as there is room for, and how long it really is. => 0, -EINVAL, -EFAULT. */
int socket_address_write(vaddr_t to, vaddr_t size_at, const struct socket_address *address);
/* An address of the caller's. => 0, -EINVAL, -EFAULT. A path ends in a zero byte then. */
int socket_address_read(vaddr_t from, uint64_t size, struct socket_address *address);
/* The node that its path leads to (a reference; NULL: it is no path), with `make` a new one. */
int socket_address_node(const struct socket_address *address, bool make, struct node **node);

#define SOCKET_ADDRESS_MAX 128U /* sizeof(struct sockaddr_storage) */
