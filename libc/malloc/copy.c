/* SPDX-License-Identifier: MIT */
/* copy.c - what allocators with a table share: realloc the plain way, for every one that cannot do better. */
#include <string.h>

#include "allocator.h"

uintptr_t allocator_site;

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
