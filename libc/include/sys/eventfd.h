/* SPDX-License-Identifier: MIT */
/* <sys/eventfd.h> - a counter that is a file: to wake who waits for it. Its flags are in no header of the kernel's. */
#ifndef _SYS_EVENTFD_H
#define _SYS_EVENTFD_H

#include <stdint.h>
#include <linux/fcntl.h>

#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC O_CLOEXEC
#define EFD_NONBLOCK O_NONBLOCK

typedef uint64_t eventfd_t;

int eventfd(unsigned int count, int flags);
int eventfd_read(int fd, eventfd_t *count);
int eventfd_write(int fd, eventfd_t count);

#endif
