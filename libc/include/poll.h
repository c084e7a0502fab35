/* SPDX-License-Identifier: MIT */
/* <poll.h> - waiting for one of several descriptors. */
#ifndef _POLL_H
#define _POLL_H

#include <sys/types.h>
#include <linux/poll.h>
#include <linux/time.h>

typedef unsigned long nfds_t;

int poll(struct pollfd *descriptors, nfds_t count, int timeout_milliseconds);
int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout, const sigset_t *mask);

#endif
