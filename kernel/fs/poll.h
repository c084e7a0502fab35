/* SPDX-License-Identifier: MIT */
/* poll.h - waiting for any of several open files: what poll(2) and select(2) are made of. */
#pragma once

#include <fs/file.h>
#include <types.h>

#include <asm/poll.h>

#define POLL_READABLE ((uint32_t)(POLLIN | POLLRDNORM))
#define POLL_WRITABLE ((uint32_t)(POLLOUT | POLLWRNORM))

/* What the file is ready for now: POLL bits. A file whose ops have no poll function never makes anybody wait. */
uint32_t file_poll(struct file *file);

/* Calls `scan` until it gives something other than 0, and sleeps as long as nothing changes anywhere. deadline: as waitq_sleep
 * has it, or: one look and no sleep. => what scan() gave; 0: the deadline has passed; -EINTR. */
#define POLL_AT_ONCE 1UL
int poll_until(int (*scan)(void *argument), void *argument, uint64_t deadline);

extern uint32_t poll_sleepers; /* atomic: threads in poll_until() */
void poll_wake_all(void);

/* Whoever makes a file ready says so, after the change and after the file's own wait queue was woken. */
static inline void poll_wake(void)
{
    if (unlikely(__atomic_load_n(&poll_sleepers, __ATOMIC_RELAXED)))
        poll_wake_all();
}
