/* SPDX-License-Identifier: MIT */
/* kstack.h - kernel stacks: 16 KiB each (Linux's THREAD_SIZE), with an unmapped guard page below. */
#pragma once

#include <types.h>

#define KSTACK_SIZE (16UL * KIB)

/* => the top (16-aligned), or 0 when memory is short. */
vaddr_t kstack_alloc(void);
void kstack_free(vaddr_t top);
/* Gives back the frames of those that are kept for the next kstack_alloc(). */
void kstack_trim(void);
/* Stacks in use now. */
unsigned kstack_count(void);
/* Does the address lie in some stack's guard page? */
bool kstack_is_guard(vaddr_t address);
