/* SPDX-License-Identifier: MIT */
/* epoll.c - sets of files to wait for, and counters to wake by. */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../thread/thread.h"
#include "raw.h"

_Static_assert(sizeof(struct epoll_event) == sizeof(struct __kernel_epoll_event), "struct epoll_event");
_Static_assert(offsetof(struct epoll_event, data) == offsetof(struct __kernel_epoll_event, data), "data");

int epoll_create(int size)
{
    return (int)SYSCALL(__NR_epoll_create, size);
}

int epoll_create1(int flags)
{
    return (int)SYSCALL(__NR_epoll_create1, flags);
}

int epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    return (int)SYSCALL(__NR_epoll_ctl, set, operation, fd, event);
}

int epoll_wait(int set, struct epoll_event *events, int count, int timeout_milliseconds)
{
    return (int)WAITING_SYSCALL(__NR_epoll_wait, set, events, count, timeout_milliseconds);
}

/* With another mask while they wait, as ppoll (poll.c); the kernel leaves this timeout as it is. */
int epoll_pwait(int set, struct epoll_event *events, int count, int timeout_milliseconds,
                const sigset_t *mask)
{
    sigset_t wanted = mask ? mask_of_program(*mask) : 0;

    return (int)WAITING_SYSCALL(__NR_epoll_pwait, set, events, count, timeout_milliseconds,
                                mask ? &wanted : NULL, sizeof(wanted));
}

int epoll_pwait2(int set, struct epoll_event *events, int count, const struct timespec *timeout,
                 const sigset_t *mask)
{
    sigset_t wanted = mask ? mask_of_program(*mask) : 0;

    return (int)WAITING_SYSCALL(__NR_epoll_pwait2, set, events, count, timeout, mask ? &wanted : NULL,
                                sizeof(wanted));
}

int eventfd(unsigned int count, int flags)
{
    return (int)SYSCALL(__NR_eventfd2, count, flags);
}

/* Whole counts or nothing: the kernel cuts none short, but another file may stand behind the descriptor. */
int eventfd_read(int fd, eventfd_t *count)
{
    return read(fd, count, sizeof(*count)) == sizeof(*count) ? 0 : -1;
}

int eventfd_write(int fd, eventfd_t count)
{
    return write(fd, &count, sizeof(count)) == sizeof(count) ? 0 : -1;
}
