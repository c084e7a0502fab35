/* SPDX-License-Identifier: MIT */
/* timeout.h - moments at which something is to happen: see timeout.c. */
#pragma once

#include <list.h>
#include <types.h>

#define TIMEOUT_NONE UINT64_MAX

/* Embedded in whatever waits. Zeroed: not waiting. */
struct timeout {
    uint64_t when; /* clock_now() at which it is due; 0: it is not on the list */
    TAILQ_ENTRY(timeout) link;
};

/* It must not be on the list; when > 0. */
void timeout_add(struct timeout *timeout, uint64_t when);
/* Takes it out if it is still in. After the return no expiry of it is under way on any CPU. */
void timeout_remove(struct timeout *timeout);
/* The earliest moment, or TIMEOUT_NONE. Only a hint: it may change at once. */
uint64_t timeout_next(void);
/* Takes out every one that is due at `now` and calls expired() for each, with the list's lock held. */
void timeout_expire(uint64_t now, void (*expired)(struct timeout *timeout));
