/* SPDX-License-Identifier: MIT */
/* random.h - random bytes for /dev/random, getrandom and the start of programs: see random.c. */
#pragma once

#include <types.h>

/* Never fails, never waits. */
void random_bytes(void *buffer, size_t size);
