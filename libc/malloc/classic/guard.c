/* SPDX-License-Identifier: MIT */
/* guard.c - the checking mode's canary.
 *
 * A block has usually a little more room than was asked for (sizes are multiples of 16), and a program that
 * writes one byte too many then harms nobody and goes unnoticed. In checking mode every block has such room,
 * and it is filled:
 *
 *     | header | the bytes asked for | ca ca ca ... | coded request |
 *                                    ^ overwritten: the program wrote past its block
 *
 * The last word keeps the request, xor-ed with the key and its own address, so that it, too, cannot be
 * overwritten unnoticed.
 */
#include "guard.h"

#include <string.h>

static size_t *request_word(const struct chunk *c)
{
    return (size_t *)((uintptr_t)chunk_user(c) + chunk_capacity(c) - sizeof(size_t));
}

static size_t request_code(const struct chunk *c)
{
    return chunk_key ^ (uintptr_t)request_word(c);
}

void guard_set(struct chunk *c, size_t request)
{
    size_t canary = chunk_capacity(c) - sizeof(size_t) - request;

    chunk_set(c, chunk_size(c), chunk_flags(c) | CHUNK_GUARDED);
    memset((char *)chunk_user(c) + request, FILL_CANARY, canary);
    *request_word(c) = request ^ request_code(c);
}

size_t guard_usable(const struct chunk *c)
{
    if (!(chunk_flags(c) & CHUNK_GUARDED))
        return chunk_capacity(c);
    return *request_word(c) ^ request_code(c);
}

size_t guard_broken(const struct chunk *c)
{
    const unsigned char *user = chunk_user(c);
    size_t end = chunk_capacity(c) - sizeof(size_t);

    if (!(chunk_flags(c) & CHUNK_GUARDED))
        return 0;
    if (guard_usable(c) > end)
        return end + 1;
    for (size_t i = guard_usable(c); i < end; i++)
        if (user[i] != FILL_CANARY)
            return i + 1;
    return 0;
}
