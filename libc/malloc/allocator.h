/* SPDX-License-Identifier: MIT */
/* allocator.h - what every allocator of this folder is: a small table of functions.
 *
 * chosen.c puts the one of the build (`make MALLOC=list`) behind malloc, free and their relatives;
 * malloc-lab and the tests hold several side by side. All functions are called with the lock of glue.h held.
 *
 * A new one is a new file with such a table, a line here, one in names.h, and one in the list of malloc-lab.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "blocks.h"
#include "names.h"

struct allocator {
    const char *name;
    /* A block for the program, NULL: no memory. `alignment` is a power of two, 16 or more; `zero`: cleared. */
    void *(*take)(size_t bytes, size_t alignment, bool zero);
    /* p, here and below: not NULL, but whatever the program passed. */
    void (*give)(void *p);
    /* The block at its new size, perhaps elsewhere. NULL: no memory, the old block is as it was. bytes > 0 */
    void *(*resize)(void *p, size_t bytes);
    size_t (*usable)(void *p);
    /* What p, a block of ours, was cut from memory as: fills chunk and size. NULL: there are no chunks. */
    void (*look)(const void *p, struct heap_block *block);
    /* heap_walk and heap_check of inspect.h. No walk: it keeps no account of its blocks. */
    int (*walk)(int (*visit)(const struct heap_block *block, void *context), void *context);
    const char *(*check)(void);
    /* malloc_trim and mallopt; NULL: nothing to trim, nothing to set. */
    bool (*trim)(size_t pad);
    bool (*set)(int parameter, int value);
};

extern const struct allocator allocator_bump;     /* takes, never gives back */
extern const struct allocator allocator_implicit; /* one walk over all blocks, first fit */
extern const struct allocator allocator_first;    /* a list of the free blocks, first fit */
extern const struct allocator allocator_list;     /* a list of the free blocks, best fit */
extern const struct allocator allocator_classic;  /* 8-byte header, bins, mmap */
extern const struct allocator allocator_malloc;   /* the product: it has its own malloc.c, product/api.c */

/* The one behind malloc. Nobody changes it after the first call; tests choose before. */
extern const struct allocator *allocator_chosen;
extern uintptr_t allocator_site; /* where the program called, for last words */

static inline size_t round_up(size_t value, size_t to)
{
    return (value + to - 1) & ~(to - 1);
}

/* Whole pages that read zero, for `bytes` or more, and how many they are. They follow on the last ones as long as nobody else
 * moves the break; where brk refuses they are mapped. => where they start, 0: no memory */
uintptr_t allocator_grow(size_t *bytes);

/* resize for allocators that have no better way: take, copy, give. */
void *allocator_copy(const struct allocator *a, void *p, size_t bytes);
