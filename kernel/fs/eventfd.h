/* SPDX-License-Identifier: MIT */
/* eventfd.h - a counter that is a file: what wakes a loop that waits in poll or epoll (eventfd(2)). */
#pragma once

#include <fs/file.h>

/* semaphore: a read takes one, else all. flags: O_NONBLOCK or 0. => 0, -ENOMEM. */
int eventfd_create(uint64_t count, bool semaphore, uint32_t flags, struct file **file);
