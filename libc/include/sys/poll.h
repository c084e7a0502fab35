/* SPDX-License-Identifier: MIT */
/* <sys/poll.h> - another name of <poll.h>. */
#ifndef _SYS_POLL_H
#define _SYS_POLL_H

#include <poll.h>

#endif
