/* SPDX-License-Identifier: MIT */
/* table.c - the product as one of the allocators that are compared: its functions, in the form of allocator.h. */
#include "malloc/allocator.h"

#include "malloc/interface.h"

static void *table_take(size_t bytes, size_t alignment, bool zero)
{
    if (alignment > BLOCK_ALIGN)
        return memalign(alignment, bytes);
    return zero ? calloc(1, bytes) : malloc(bytes);
}

static bool table_trim(size_t pad)
{
    return malloc_trim(pad);
}

static bool table_set(int parameter, int value)
{
    return mallopt(parameter, value);
}

const struct allocator allocator_malloc = {
    .name = "malloc",
    .take = table_take,
    .give = free,
    .resize = realloc,
    .usable = malloc_usable_size,
    .trim = table_trim,
    .set = table_set,
    .walk = heap_walk,
    .check = heap_check,
};
