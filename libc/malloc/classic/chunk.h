/* SPDX-License-Identifier: MIT */
/* chunk.h - what lies in front of every pointer that malloc returns.
 *
 *            used                                  free
 *      c ->  | the last word of the block before   or: the size of the free chunk before c |
 *  c + 8 ->  | head: seal 16, size, flags        | head: the same, without "used"          |
 * c + 16 ->  | the user's bytes  <- p            | next_free                               |
 *            |                                   | prev_free                               |
 *            |                                   | (old bytes)                             |
 * c+size ->  | the user's last word              | size of c: the "boundary tag"           |
 *            | head of the next chunk            | head of the next chunk: PREV_FREE       |
 *
 * free(p) gets only p: the word before it tells how long the chunk is, so where the next one begins, and whether
 * the one before is free. Only then its size has to be known, to merge with it, and only then its last word is
 * nobody's: the boundary tag costs nothing (Knuth, TAOCP 1, 2.5, exercise 19). A used chunk lends the user the first
 * word of its neighbour: 8 bytes of overhead, 24 usable bytes in the smallest chunk of 32.
 *
 * The seal is a keyed checksum of address, size and flags. So a word that merely looks like a header is told
 * from one, a header copied elsewhere is not valid there, and an overflow that reaches a header is noticed.
 * It is no cryptography: it catches mistakes, and makes forging a guess of 1 in 65 536.
 *
 * A header that says "used" stands only at the start of a chunk that is in use: whatever ceases to be a chunk
 * is sealed as free first. That is what makes the detection of a double free exact.
 *
 * In a mapped chunk (one that has its own mapping) prev_size is the distance from the start of the mapping,
 * and the seal covers it too. It has no neighbour to borrow from: its overhead is 16 bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "malloc/names.h"

#define CHUNK_ALIGN ((size_t)16)
#define CHUNK_HEADER ((size_t)16)     /* from c to the pointer */
#define CHUNK_OVERHEAD ((size_t)8)    /* what a chunk has more than its user */
#define CHUNK_MIN ((size_t)32)        /* head, two links and the boundary tag of a free chunk */
#define CHUNK_LIMIT ((size_t)1 << 47) /* user addresses end here: no request can be larger */

#define CHUNK_USED ((size_t)1)
#define CHUNK_MAPPED ((size_t)2)  /* has a mapping of its own */
#define CHUNK_GUARDED ((size_t)4) /* made in checking mode: canary behind the user's bytes */
#define CHUNK_PREV_FREE ((size_t)8)
#define CHUNK_FENCE ((size_t)1 << 47) /* the end of a segment that has no top; never handed out */
#define CHUNK_FLAGS (CHUNK_FENCE | 15)
#define CHUNK_SEAL ((size_t)0xffff << 48)

struct __attribute__((may_alias)) chunk {
    size_t prev_size;
    size_t head;
    struct chunk *next_free;
    struct chunk *prev_free;
};

_Static_assert(offsetof(struct chunk, next_free) == CHUNK_HEADER, "the user's bytes follow the header");
_Static_assert(sizeof(struct chunk) == CHUNK_MIN, "the smallest chunk holds the two links");

extern size_t chunk_key;

static inline size_t align_up(size_t value, size_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

static inline struct chunk *chunk_at(uintptr_t address)
{
    return (struct chunk *)address;
}

static inline struct chunk *chunk_of(const void *user)
{
    return chunk_at((uintptr_t)user - CHUNK_HEADER);
}

static inline void *chunk_user(const struct chunk *c)
{
    return (void *)((uintptr_t)c + CHUNK_HEADER);
}

static inline size_t chunk_size(const struct chunk *c)
{
    return c->head & ~(CHUNK_SEAL | CHUNK_FLAGS);
}

static inline size_t chunk_capacity(const struct chunk *c)
{
    return chunk_size(c) - (c->head & CHUNK_MAPPED ? CHUNK_HEADER : CHUNK_OVERHEAD);
}

static inline size_t chunk_flags(const struct chunk *c)
{
    return c->head & CHUNK_FLAGS;
}

static inline bool chunk_is_used(const struct chunk *c)
{
    return c->head & CHUNK_USED;
}

static inline bool chunk_prev_is_free(const struct chunk *c)
{
    return c->head & CHUNK_PREV_FREE;
}

static inline struct chunk *chunk_next(const struct chunk *c)
{
    return chunk_at((uintptr_t)c + chunk_size(c));
}

/* => the chunk before c is free */
static inline struct chunk *chunk_prev(const struct chunk *c)
{
    return chunk_at((uintptr_t)c - c->prev_size);
}

/* The multipliers are odd constants without a pattern (2^64 divided by the golden ratio, and by its square):
 * all bits of the input reach the top 16 bits of the product. */
static inline size_t chunk_seal(const struct chunk *c, size_t word)
{
    size_t mix = ((uintptr_t)c * 0x9e3779b97f4a7c15u) ^ word ^ chunk_key;

    if (word & CHUNK_MAPPED)
        mix ^= c->prev_size << 4;
    return (mix * 0x61c8864680b583ebu) & CHUNK_SEAL;
}

static inline void chunk_set(struct chunk *c, size_t size, size_t flags)
{
    c->head = chunk_seal(c, size | flags) | size | flags;
}

static inline bool chunk_sealed(const struct chunk *c)
{
    return (c->head & CHUNK_SEAL) == chunk_seal(c, c->head & ~CHUNK_SEAL);
}

/* Tells the next chunk that c, which has its final size, is free, or that it is used. */
static inline void chunk_announce_free(const struct chunk *c)
{
    struct chunk *next = chunk_next(c);

    next->prev_size = chunk_size(c);
    chunk_set(next, chunk_size(next), chunk_flags(next) | CHUNK_PREV_FREE);
}

static inline void chunk_announce_used(const struct chunk *c)
{
    struct chunk *next = chunk_next(c);

    chunk_set(next, chunk_size(next), chunk_flags(next) & ~CHUNK_PREV_FREE);
}

/* Bytes of the chunk that serves a request. */
static inline size_t chunk_bytes(size_t request)
{
    size_t bytes = align_up(request + CHUNK_OVERHEAD, CHUNK_ALIGN);

    return bytes < CHUNK_MIN ? CHUNK_MIN : bytes;
}
