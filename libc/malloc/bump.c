/* SPDX-License-Identifier: MIT */
/* bump.c - the least that can be called malloc: the next free byte moves up, and nothing ever comes back.
 *
 *     | size | block | size | block |size | block |   not yet handed out |
 *                                                  ^ next                 ^ end
 *
 * Nothing is faster. A program that runs on it shows what free is for: its memory is the sum of all that it ever
 * asked for, not the most that it had at once. The word in front of a block is there for realloc alone.
 *
 * All memory comes fresh from the kernel, is used once, and so always reads zero.
 */
#include "allocator.h"

#define WORD sizeof(size_t)

static uintptr_t next = WORD, end = WORD; /* next + WORD is a multiple of 16 */

static void *bump_take(size_t bytes, size_t alignment, bool zero)
{
    size_t size = round_up(WORD + bytes, BLOCK_ALIGN);
    size_t room = size + alignment; /* enough wherever it begins */

    (void)zero;
    if (round_up(next + WORD, alignment) + size > end) {
        uintptr_t start = allocator_grow(&room);

        if (start == 0)
            return NULL;
        if (start != end)
            next = start + WORD; /* what is left at the old end stays there */
        end = start + room;
    }

    uintptr_t p = round_up(next + WORD, alignment);

    ((size_t *)p)[-1] = size;
    next = p - WORD + size;
    return (void *)p;
}

static void bump_give(void *p)
{
    (void)p;
}

static size_t bump_usable(void *p)
{
    return ((size_t *)p)[-1] - WORD;
}

static void *bump_resize(void *p, size_t bytes)
{
    return bytes <= bump_usable(p) ? p : allocator_copy(&allocator_bump, p, bytes);
}

static const char *bump_check(void)
{
    if (next % BLOCK_ALIGN != WORD || next > end)
        return "the next block begins 8 bytes after a multiple of 16, inside the memory that brk gave";
    return NULL;
}

const struct allocator allocator_bump = {
    .name = "bump",
    .take = bump_take,
    .give = bump_give,
    .resize = bump_resize,
    .usable = bump_usable,
    .check = bump_check,
};
