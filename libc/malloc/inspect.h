/* SPDX-License-Identifier: MIT */
/* inspect.h - looking into the allocator: for experiments, tools and tests. Needs no other header.
 *
 * Both functions hold the allocator's lock: a visitor must not allocate or free.
 */
#pragma once

#include <stddef.h>

#ifdef MALLOC_PREFIXED /* see names.h */
#define heap_walk fl_heap_walk
#define heap_check fl_heap_check
#else
#define heap_walk __malloc_heap_walk
#define heap_check __malloc_heap_check
#endif

enum heap_state {
    HEAP_USED,  /* a block that the program has, in the heap */
    HEAP_FREE,  /* in a bin */
    HEAP_TOP,   /* the free rest at the end of the heap */
    HEAP_FENCE, /* the end of a piece of heap that is no longer the last */
    HEAP_MAPPED /* a block with its own mapping */
};

struct heap_block {
    const void *chunk; /* its header; the pointer of malloc is 16 bytes further */
    const void *user;
    size_t size;   /* of the chunk, header included */
    size_t usable; /* bytes that the program may use; 0 unless it has the block */
    enum heap_state state;
};

/* Calls visit for every chunk: the heap by address (oldest segment last), then the mapped ones in no order.
 * Stops early with what visit returned, if not 0; ends at a damaged header with -1. */
int heap_walk(int (*visit)(const struct heap_block *block, void *context), void *context);

/* NULL if all is well, else the invariant that is broken (README.md numbers them). */
const char *heap_check(void);
