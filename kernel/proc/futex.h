/* SPDX-License-Identifier: MIT */
/* futex.h - sleeping on a word of user memory: see futex.c. */
#pragma once

#include <mm/aspace.h>
#include <types.h>

#include <linux/futex.h>

#define FUTEX_ANY UINT32_MAX /* the bitset that fits every other */

/* Who may meet at the word: the threads of one address space, or all who map the same memory. */
enum futex_sharing { FUTEX_SHARED, FUTEX_PRIVATE = FUTEX_PRIVATE_FLAG };

/* Sleeps while the word is `value`. deadline: clock_now() value, or WAIT_FOREVER. => 0, -EAGAIN (it is not),
 * -ETIMEDOUT, -EINTR, -EFAULT. */
int64_t futex_wait(struct aspace *aspace, vaddr_t address, enum futex_sharing sharing, uint32_t value,
                   uint64_t deadline, uint32_t bitset);
/* Wakes at most `count` of those whose bitset has a bit of this one. => how many, -EFAULT. */
int64_t futex_wake(struct aspace *aspace, vaddr_t address, enum futex_sharing sharing, int count,
                   uint32_t bitset);

struct futex_requeue {
    vaddr_t from, to;
    enum futex_sharing sharing;
    int wake, move;
    bool compare; /* only if the word at `from` is `value` */
    uint32_t value;
};
/* Wakes some of the sleepers, moves others to another word without waking them. => how many of both, -EAGAIN,
 * -EFAULT. */
int64_t futex_requeue(struct aspace *aspace, const struct futex_requeue *request);
