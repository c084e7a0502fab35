/* SPDX-License-Identifier: MIT */
/* <sys/select.h> - waiting for one of several descriptors. */
#ifndef _SYS_SELECT_H
#define _SYS_SELECT_H

#include <sys/types.h>
#include <linux/time.h>

typedef long fd_mask;

#define FD_SETSIZE __FD_SETSIZE
#define FD_BITS_PER_WORD (8 * (int)sizeof(long))
#define NFDBITS FD_BITS_PER_WORD
#define FD_ZERO(set)                                                                                         \
    do {                                                                                                     \
        for (unsigned int fd_word = 0; fd_word < sizeof((set)->fds_bits) / sizeof(long); fd_word++)          \
            (set)->fds_bits[fd_word] = 0;                                                                    \
    } while (0)
#define FD_SET(fd, set) ((void)((set)->fds_bits[(fd) / FD_BITS_PER_WORD] |= 1UL << ((fd) % FD_BITS_PER_WORD)))
#define FD_CLR(fd, set)                                                                                      \
    ((void)((set)->fds_bits[(fd) / FD_BITS_PER_WORD] &= ~(1UL << ((fd) % FD_BITS_PER_WORD))))
#define FD_ISSET(fd, set) (((set)->fds_bits[(fd) / FD_BITS_PER_WORD] >> ((fd) % FD_BITS_PER_WORD) & 1) != 0)

int select(int count, fd_set *restrict reading, fd_set *restrict writing, fd_set *restrict exceptions,
           struct timeval *restrict timeout);
int pselect(int count, fd_set *restrict reading, fd_set *restrict writing, fd_set *restrict exceptions,
            const struct timespec *restrict timeout, const sigset_t *restrict mask);

#endif
