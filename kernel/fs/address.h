/* SPDX-License-Identifier: MIT */
/* address.h - the name of a socket of AF_UNIX. */
#pragma once

#include <linux/socket.h>
#include <linux/un.h>

#ifndef AF_UNIX
#define AF_UNIX 1 /* of the ABI, but not in the uapi headers */
#endif

#define NO_NAME sizeof(__kernel_sa_family_t) /* the length of an address that is the family alone */

/* As programs give it: the family and a path, or a zero byte and any bytes. length 0: none; NO_NAME: the family alone. */
struct socket_address {
    struct sockaddr_un text;
    unsigned length;
};
