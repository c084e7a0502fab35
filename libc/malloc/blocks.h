/* SPDX-License-Identifier: MIT */
/* blocks.h - between the interface (malloc.c) and what stands behind it: chosen.c for the allocators with a table, product/api.c.
 *
 * The allocator has malloc, calloc, free, free_sized, malloc_usable_size and realloc, too, which come here or go by a faster way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect.h"

#pragma GCC visibility push(hidden)

#define BLOCK_ALIGN ((size_t)16)
#define REQUEST_LIMIT ((size_t)1 << 47) /* user addresses end here: malloc.c passes on no larger size */
#define SITE ((uintptr_t)__builtin_return_address(0)) /* where the program called */

/* malloc.c: errno, limits, and the operation as an event when somebody watches. p may be NULL, bytes 0. */
void *malloc_call(size_t bytes, size_t alignment, bool zero, uintptr_t site);
void free_call(void *p, uintptr_t site);
void free_said(const char *caller, void *p, size_t alignment, size_t bytes, uintptr_t site);
void *realloc_call(void *p, size_t bytes, uintptr_t site);
void *no_memory(void); /* errno, and NULL */

/* The allocator's own. p: not NULL, but whatever the program passed. NULL: no memory, the old block is as it was. */
void *block_new(size_t bytes, size_t alignment, bool zero, uintptr_t site);
void block_put(void *p, uintptr_t site);
void *block_fit(void *p, size_t bytes, uintptr_t site); /* => bytes > 0 */
struct heap_block block_look(const char *caller,
                             const void *p); /* what it was cut from memory as, and its room */

#pragma GCC visibility pop
