/* SPDX-License-Identifier: MIT */
/* classic.c - the allocator that textbooks of systems draw: boundary tags, bins, brk, and mmap for what is large.
 *
 * What is decided here: heap or own mapping (the threshold), whether a pointer is one of ours (block_verify),
 * what must be cleared, and what the checking mode adds.
 *
 *     take(n) -- n >= mmap_threshold? --> map.c: a mapping of its own
 *          \------- otherwise ----------> heap.c: bins, else the top, else brk (top.c)
 *
 * Guarded by the allocator's lock (malloc.c).
 */
#include <string.h>

#include "guard.h"
#include "heap.h"
#include "malloc/allocator.h"
#include "map.h"
#include "report.h"

static void start(void)
{
    if (!heap.ready)
        settings_start();
}

/* The used chunk behind p; the program ends if there is none. */
static struct chunk *block_verify(const char *caller, const void *p)
{
    struct chunk *c = chunk_of(p);

    if (!heap_contains(c) && ((uintptr_t)p % CHUNK_ALIGN != 0 || !map_contains(c)))
        report_bad_pointer(caller, p);
    if (!chunk_sealed(c) || !chunk_is_used(c) || chunk_flags(c) & CHUNK_FENCE)
        report_bad_pointer(caller, p);
    if (chunk_flags(c) & CHUNK_GUARDED && guard_broken(c))
        report_overflow(caller, c, guard_broken(c));
    return c;
}

static bool wants_mapping(size_t bytes)
{
    return bytes >= heap.mmap_threshold && map_count() < heap.mmap_max;
}

static struct chunk *chunk_take(size_t bytes, size_t alignment, uintptr_t *clean)
{
    if (bytes >= CHUNK_LIMIT || alignment >= CHUNK_LIMIT)
        return NULL;

    size_t request = bytes + (heap.checking ? GUARD_ROOM : 0);

    if (wants_mapping(bytes)) {
        struct chunk *c = map_take(request, alignment);

        if (c) {
            *clean = (uintptr_t)chunk_user(c);
            return c;
        }
    }
    return heap_take(chunk_bytes(request), alignment, clean);
}

static void chunk_release(struct chunk *c)
{
    report_remember(c);
    if (heap.checking && !(chunk_flags(c) & CHUNK_MAPPED))
        memset(chunk_user(c), FILL_FREED, chunk_capacity(c));
    if (chunk_flags(c) & CHUNK_MAPPED)
        map_release(c);
    else
        heap_release(c);
}

/* Clears the block if `zero`, except for what is known to be zero: fresh pages stay untouched. */
static void *classic_take(size_t bytes, size_t alignment, bool zero)
{
    uintptr_t clean;

    start();

    struct chunk *c = chunk_take(bytes, alignment, &clean);

    if (!c)
        return NULL;

    uintptr_t user = (uintptr_t)chunk_user(c);

    if (heap.checking)
        guard_set(c, bytes);
    if (zero && clean > user)
        memset((void *)user, 0, clean - user < bytes ? clean - user : bytes);
    else if (!zero && heap.checking)
        memset((void *)user, FILL_FRESH, bytes);
    return (void *)user;
}

/* The block at its new size without copying, NULL if that is not possible. */
static struct chunk *resize_in_place(struct chunk *c, size_t bytes)
{
    if (bytes >= CHUNK_LIMIT || heap.checking || chunk_flags(c) & CHUNK_GUARDED)
        return NULL; /* a move in checking mode finds pointers that are out of date */
    if (chunk_flags(c) & CHUNK_MAPPED) {
        struct chunk *moved = map_resize(c, bytes);

        return moved || chunk_capacity(c) < bytes ? moved : c;
    }
    if (bytes > chunk_capacity(c) && wants_mapping(bytes))
        return NULL; /* it grows into a mapping of its own */
    return heap_resize(c, chunk_bytes(bytes)) ? c : NULL;
}

/* NULL: no memory, the old block is untouched. */
static void *classic_resize(void *p, size_t bytes)
{
    struct chunk *c = block_verify("realloc", p);
    struct chunk *resized = resize_in_place(c, bytes);

    if (resized)
        return chunk_user(resized);

    void *copy = classic_take(bytes, CHUNK_ALIGN, false);
    size_t usable = guard_usable(c);

    if (!copy)
        return NULL;
    memcpy(copy, p, usable < bytes ? usable : bytes);
    chunk_release(c);
    return copy;
}

static void classic_give(void *p)
{
    chunk_release(block_verify("free", p));
}

static size_t classic_usable(void *p)
{
    return guard_usable(block_verify("malloc_usable_size", p));
}

static bool classic_trim(size_t pad)
{
    start();
    return top_trim(pad < CHUNK_LIMIT ? pad : CHUNK_LIMIT);
}

static bool classic_set(int parameter, int value)
{
    start();
    return settings_set(parameter, value);
}

static void classic_look(const void *p, struct heap_block *block)
{
    block->chunk = chunk_of(p);
    block->size = chunk_size(chunk_of(p));
}

const struct allocator allocator_classic = {
    .name = "classic",
    .take = classic_take,
    .give = classic_give,
    .resize = classic_resize,
    .usable = classic_usable,
    .look = classic_look,
    .trim = classic_trim,
    .set = classic_set,
    .walk = classic_walk,
    .check = classic_check,
};
