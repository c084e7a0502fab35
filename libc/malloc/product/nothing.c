/* SPDX-License-Identifier: MIT */
/* nothing.c - blocks of no bytes: malloc(0) gives addresses in pages that nobody may touch, each another one, and a use of it faults.
 *
 * large_lock guards them.
 */
#include "product.h"

#define WORDS 64 /* of a bit for each address */

static char *nothings; /* 64 * WORDS addresses, ALIGN apart */
static uint64_t taken[WORDS];
static unsigned next;

/* NULL: there are none left, or no addresses. Each from another word than the last, so that none comes back at once. */
void *nothing_new(void)
{
    GLUE_HOLD(large_lock);
    if (!nothings)
        POKE(nothings, (char *)glue_pages_reserve(64 * WORDS * ALIGN));
    for (unsigned tries = 0; nothings && tries < WORDS; tries++) {
        next = (next + 1) % WORDS;
        if (~taken[next]) {
            unsigned bit = (unsigned)__builtin_ctzl(~taken[next]);

            POKE(taken[next], taken[next] | (uint64_t)1 << bit);
            glue_note.path = TRACE_malloc_path_zero_size;
            return nothings + (64 * next + bit) * ALIGN;
        }
    }
    return NULL;
}

static size_t index_of(const void *p)
{
    return ((uintptr_t)p - (uintptr_t)PEEK(nothings)) / ALIGN;
}

bool nothing_contains(const void *p)
{
    size_t index = index_of(p);

    return index < 64 * WORDS && (uintptr_t)p % ALIGN == 0 && PEEK(taken[index / 64]) >> index % 64 & 1;
}

void nothing_put(const void *p)
{
    size_t index = index_of(p);

    GLUE_HOLD(large_lock);
    POKE(taken[index / 64], taken[index / 64] & ~((uint64_t)1 << index % 64));
}
