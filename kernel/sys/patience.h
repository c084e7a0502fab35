/* SPDX-License-Identifier: MIT */
/* patience.h - how long a call that waits for files does so, and with which signals blocked (poll.c). */
#pragma once

#include <types.h>

/* Deadlines for poll_until(). Negative: for ever. */
uint64_t deadline_of_milliseconds(int milliseconds);
/* address 0: for ever. => 0, -EFAULT, -EINVAL. */
int deadline_of_timespec(vaddr_t address, uint64_t *deadline);

/* Another set of blocked signals while the call lasts; address 0: the same. => 0, -EFAULT, -EINVAL. */
int wait_mask_begin(vaddr_t address, size_t size);
void wait_mask_end(vaddr_t address, int64_t result);
