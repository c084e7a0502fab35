/* SPDX-License-Identifier: MIT */
/* poll.c - waiting for one of several descriptors.
 *
 * ppoll and pselect have another signal mask while they wait, which the kernel puts in and takes out in one step with the waiting: a signal
 * that comes between a program's look at its flag and the wait is not missed. Linux writes into their timeout what is left of it; POSIX
 * lets nobody change it, so the kernel gets a copy.
 */
#include <poll.h>
#include <stddef.h>
#include <sys/select.h>

#include "../thread/thread.h"
#include "raw.h"

int poll(struct pollfd *descriptors, nfds_t count, int timeout_milliseconds)
{
    return (int)WAITING_SYSCALL(__NR_poll, descriptors, count, timeout_milliseconds);
}

int select(int count, fd_set *restrict reading, fd_set *restrict writing, fd_set *restrict exceptions,
           struct timeval *restrict timeout)
{
    return (int)WAITING_SYSCALL(__NR_select, count, reading, writing, exceptions, timeout);
}

int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    struct timespec left = timeout ? *timeout : (struct timespec){0};
    sigset_t wanted = mask ? mask_of_program(*mask) : 0;

    return (int)WAITING_SYSCALL(__NR_ppoll, descriptors, count, timeout ? &left : NULL, mask ? &wanted : NULL,
                                sizeof(wanted));
}

/* The mask's address and size go in one argument: the call has seven. */
int pselect(int count, fd_set *restrict reading, fd_set *restrict writing, fd_set *restrict exceptions,
            const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
    struct timespec left = timeout ? *timeout : (struct timespec){0};
    sigset_t wanted = mask ? mask_of_program(*mask) : 0;
    const struct {
        const sigset_t *set;
        size_t size;
    } both = {mask ? &wanted : NULL, sizeof(wanted)};

    return (int)WAITING_SYSCALL(__NR_pselect6, count, reading, writing, exceptions, timeout ? &left : NULL,
                                &both);
}
