/* SPDX-License-Identifier: MIT */
/* shared.c - what allocators with a table share: memory from the kernel, and realloc the plain way. */
#include <string.h>

#include "allocator.h"
#include "glue.h"

#define STEP ((size_t)132 * 1024) /* glibc's */

uintptr_t allocator_site;

uintptr_t allocator_grow(size_t *bytes)
{
    uintptr_t start = round_up(glue_break(), GLUE_PAGE);

    *bytes = round_up(*bytes > STEP ? *bytes : STEP, GLUE_PAGE);
    if (start != 0 && glue_break_set(start + *bytes))
        return start;
    return (uintptr_t)glue_pages_map(*bytes);
}

void *allocator_copy(const struct allocator *a, void *p, size_t bytes)
{
    size_t usable = a->usable(p);
    void *copy = a->take(bytes, BLOCK_ALIGN, false);

    if (!copy)
        return NULL;
    memcpy(copy, p, usable < bytes ? usable : bytes);
    a->give(p);
    return copy;
}
