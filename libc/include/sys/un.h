/* SPDX-License-Identifier: MIT */
/* <sys/un.h> - addresses of sockets within one machine: paths, or names behind a zero byte. */
#ifndef _SYS_UN_H
#define _SYS_UN_H

#include <sys/types.h>
#include <linux/un.h>

typedef __kernel_sa_family_t sa_family_t;

/* How many bytes of an address are in use when its path ends with a zero byte. */
#define SUN_LEN(address) (offsetof(struct sockaddr_un, sun_path) + __builtin_strlen((address)->sun_path))

#endif
