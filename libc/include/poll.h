/* SPDX-License-Identifier: MIT */
/* <poll.h> - waiting for one of several descriptors. */
#ifndef _POLL_H
#define _POLL_H

#include <linux/poll.h>

typedef unsigned long nfds_t;

int poll(struct pollfd *descriptors, nfds_t count, int timeout_milliseconds);

#endif
