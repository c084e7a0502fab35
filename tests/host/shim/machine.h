/* SPDX-License-Identifier: MIT */
/* machine.h - for host tests: RAM as an arena, a panic that can be expected, and frames that run out on demand. */
#pragma once

#include <mm/page.h>

/* Gives the process `ram_bytes` of RAM at physical address 0, starts the frame allocator, and makes the kernel's root table. */
void machine_start(uint64_t ram_bytes);

/* The n-th frame allocation from now on fails, and all after it; 0: none fails. Needs these linker flags in the test:
 * -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
void machine_fail_after(unsigned long allocations);
/* Has an allocation failed since machine_fail_after()? */
bool machine_has_failed(void);

/* The frames in use, all owners but PAGE_FREE: what must be equal before and after. */
uint64_t machine_frames_used(void);

/* A repeatable random number in [0, limit). */
uint64_t machine_random(uint64_t limit);
void machine_seed(uint64_t seed);
