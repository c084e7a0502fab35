/* SPDX-License-Identifier: MIT */
/* random.h - random bytes for /dev/random, getrandom and the start of programs: see random.c. */
#ifndef FAULTLINE_DEV_RANDOM_H
#define FAULTLINE_DEV_RANDOM_H

#include <types.h>

/* Never fails, never waits. */
void random_bytes(void *buffer, size_t size);

#endif
