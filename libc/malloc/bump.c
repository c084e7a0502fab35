/* SPDX-License-Identifier: MIT */
/* bump.c - the least that can be called malloc: the next free byte moves up, and nothing ever comes back.
 *
 *     | size | block | size | block |size | block |   not yet handed out |
 *                                                  ^ next                 ^ end
 *
 * Nothing is faster. A program that runs on it shows what free is for: its memory is the sum of all that it ever
 * asked for, not the most that it had at once. The word in front of a block is there for realloc alone.
 *
 * All memory comes from brk (or, where brk refuses, from mmap), is used once, and so always reads zero.
 */
#include <stdint.h>

#include "allocator.h"
#include "glue.h"

#define STEP ((size_t)132 * 1024)

static uintptr_t next, end; /* next + 8 is a multiple of 16 */

static uintptr_t round_up(uintptr_t value, size_t to)
{
    return (value + to - 1) & ~(to - 1);
}

/* Room for `bytes` more. What is left at the old end stays there when the new memory does not follow it. */
static bool grow(size_t bytes)
{
    uintptr_t now = glue_break();
    uintptr_t start = now == end ? end : round_up(now, GLUE_PAGE);
    size_t step = round_up(bytes + sizeof(size_t) > STEP ? bytes + sizeof(size_t) : STEP, GLUE_PAGE);

    if (now == 0 || !glue_break_set(start + step)) {
        start = (uintptr_t)glue_pages_map(step);
        if (!start)
            return false;
    }
    if (start != end)
        next = start + sizeof(size_t);
    end = start + step;
    return true;
}

static void *bump_take(size_t bytes, size_t alignment, bool zero)
{
    uintptr_t p = round_up(next + sizeof(size_t), alignment);
    size_t size = round_up(bytes + sizeof(size_t), BLOCK_ALIGN);

    (void)zero;
    if (next == 0 || p > end || end - p < size) {
        if (!grow(size + alignment + sizeof(size_t)))
            return NULL;
        p = round_up(next + sizeof(size_t), alignment);
    }
    ((size_t *)p)[-1] = size;
    next = p + size - sizeof(size_t);
    return (void *)p;
}

static void bump_give(void *p)
{
    (void)p;
}

static size_t bump_usable(void *p)
{
    return ((size_t *)p)[-1] - sizeof(size_t);
}

static void *bump_resize(void *p, size_t bytes)
{
    return bytes <= bump_usable(p) ? p : allocator_copy(&allocator_bump, p, bytes);
}

/* It keeps no account of its blocks. */
static int bump_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    (void)visit;
    (void)context;
    return 0;
}

static const char *bump_check(void)
{
    if (next % BLOCK_ALIGN != (next ? sizeof(size_t) : 0) || next > end)
        return "the next block begins 8 bytes after a multiple of 16, inside the memory that brk gave";
    return NULL;
}

const struct allocator allocator_bump = {
    .name = "bump",
    .take = bump_take,
    .give = bump_give,
    .resize = bump_resize,
    .usable = bump_usable,
    .walk = bump_walk,
    .check = bump_check,
};
