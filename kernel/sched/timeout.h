/* SPDX-License-Identifier: MIT */
/* timeout.h - threads that are to be woken at a certain time. */
#ifndef FAULTLINE_SCHED_TIMEOUT_H
#define FAULTLINE_SCHED_TIMEOUT_H

#include <sched/thread.h>
#include <types.h>

#define TIMEOUT_NONE UINT64_MAX

/* Remembers thread->deadline (not 0), which must not change until the thread is taken out. */
void timeout_add(struct thread *thread);
/* Takes it out if it is still in. After the return no expiry of this thread is under way on any CPU. */
void timeout_remove(struct thread *thread);
/* The earliest deadline, or TIMEOUT_NONE. Only a hint: it may change at once. */
uint64_t timeout_next(void);
/* Takes out every thread whose deadline is not later than `now` and calls expired() for each, with the list's lock held. */
void timeout_expire(uint64_t now, void (*expired)(struct thread *thread));

#endif
