/* SPDX-License-Identifier: MIT */
/* patience.h - how long a call that waits for files does so, and with which signals blocked (poll.c). */
#pragma once

#include <types.h>

struct patience {
    bool wait;
    uint64_t deadline;
};

/* Negative: for ever. */
struct patience patience_of_milliseconds(int milliseconds);
/* address 0: for ever. => 0, -EFAULT, -EINVAL. */
int patience_of_timespec(vaddr_t address, struct patience *patience);

/* Another set of blocked signals while the call lasts; address 0: the same. => 0, -EFAULT, -EINVAL. */
int wait_mask_begin(vaddr_t address, size_t size);
void wait_mask_end(vaddr_t address, int64_t result);
