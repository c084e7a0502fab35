/* SPDX-License-Identifier: MIT */
/* <sys/epoll.h> - sets of files to wait for.
 *
 * The uapi header gives struct epoll_event one number to carry; programs know a union of several. So the kernel's goes under another
 * name, and libc/sys/epoll.c holds ours against it. */
#ifndef _SYS_EPOLL_H
#define _SYS_EPOLL_H

#include <sys/types.h>
#define epoll_event __kernel_epoll_event
#include <linux/eventpoll.h>
#undef epoll_event
#include <linux/time.h>

typedef union epoll_data {
    void *ptr;
    int fd;
    uint32_t u32;
    uint64_t u64;
} epoll_data_t;

struct epoll_event {
    uint32_t events;
    epoll_data_t data; /* the program's own, handed back as it is */
} EPOLL_PACKED;

int epoll_create(int size);
int epoll_create1(int flags);
int epoll_ctl(int set, int operation, int fd, struct epoll_event *event);
int epoll_wait(int set, struct epoll_event *events, int count, int timeout_milliseconds);
int epoll_pwait(int set, struct epoll_event *events, int count, int timeout_milliseconds,
                const sigset_t *mask);
int epoll_pwait2(int set, struct epoll_event *events, int count, const struct timespec *timeout,
                 const sigset_t *mask);

#endif
