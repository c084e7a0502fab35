/* SPDX-License-Identifier: MIT */
/* classic.c - the allocator that textbooks of systems draw: boundary tags, bins, brk, and mmap for what is large.
 *
 *     take(n) -- n >= mmap_threshold? --> large.c: a mapping of its own
 *          \------- otherwise ----------> heap.c: bins, else the top, else the break (pool.c)
 *
 * One arena, under the lock of malloc.c. What is decided here: heap or mapping, and what must be cleared.
 */
#include <string.h>

#include "heap.h"
#include "malloc/allocator.h"

static struct arena *arena(void)
{
    if (!pool.ready) {
        pool_start();
        pool.adapts = false; /* the textbook's thresholds stay what they are */
    }
    return &arenas[0];
}

/* Clears the block if `zero`, except for what is known to be zero: fresh pages stay untouched. */
static void *classic_take(size_t bytes, size_t alignment, bool zero)
{
    struct arena *a = arena();
    uintptr_t clean_from = UINTPTR_MAX;

    if (pool.checking)
        return guard_new(bytes, alignment, zero, allocator_site);
    if (large_wants(bytes)) {
        void *p = large_new(bytes, alignment, 0);

        if (p)
            return p;
    }

    struct chunk *c = heap_new(a, chunk_bytes(bytes), 1, alignment, true, &clean_from);

    if (!c)
        return NULL;

    uintptr_t user = (uintptr_t)chunk_user(c);

    if (zero && clean_from > user)
        memset((void *)user, 0, clean_from - user < bytes ? clean_from - user : bytes);
    return (void *)user;
}

static void classic_give(void *p)
{
    struct arena *a = arena();
    struct chunk *c = chunk_of(p);

    if (pool.checking) {
        guard_put(p, allocator_site);
    } else if (block_verify("free", p) == IS_LARGE) {
        large_put(c);
    } else {
        gone_note(&a->gone, p, chunk_capacity(c), 0, 0);
        heap_put(a, c, chunk_size(c));
    }
}

static size_t classic_usable(void *p)
{
    if (arena() && pool.checking)
        return guard_room("malloc_usable_size", p);
    return block_room(block_verify("malloc_usable_size", p), p);
}

/* In place if that is possible. */
static void *classic_resize(void *p, size_t bytes)
{
    if (arena() && pool.checking)
        return guard_fit(p, bytes, allocator_site);

    enum kind kind = block_verify("realloc", p);
    struct chunk *c = chunk_of(p), *same = NULL;

    if (kind == IS_LARGE)
        same = large_fit(c, bytes);
    else if ((bytes <= chunk_capacity(c) || !large_wants(bytes)) &&
             heap_fit(&arenas[0], c, chunk_bytes(bytes)))
        same = c;
    if (!same && kind == IS_LARGE && bytes <= chunk_capacity(c))
        return p;
    return same ? chunk_user(same) : allocator_copy(&allocator_classic, p, bytes);
}

static bool classic_trim(size_t pad)
{
    struct arena *a = arena();

    guard_drain();
    return heap_shrink(a, pad < LIMIT ? pad : LIMIT);
}

static bool classic_set(int parameter, int value)
{
    return arena() && pool_set(parameter, value);
}

static void classic_look(const void *p, struct heap_block *block)
{
    block->chunk = chunk_of(p);
    block->size = chunk_size(chunk_of(p));
}

static int classic_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    struct walk walk = {visit, context, 0};

    arena();
    guard_drain(); /* then "used" means the program's */
    return walk_chunks(&walk) ? -1 : walk.answer;
}

static const char *classic_check(void)
{
    struct walk walk = {NULL, NULL, 0};

    arena();

    const char *broken = walk_chunks(&walk);

    return broken ? broken : guard_damage();
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
