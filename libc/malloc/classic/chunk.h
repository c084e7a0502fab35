/* SPDX-License-Identifier: MIT */
/* chunk.h - what lies in front of a pointer that malloc returns.
 *
 *            used                                  free
 *      c ->  | the last word of the block before   or: the size of the free chunk before c |
 *  c + 8 ->  | head: seal 16, size, flags        | head: the same, without "used"          |
 * c + 16 ->  | the user's bytes  <- p            | the next chunk in its bin               |
 *            |                                   | the link that leads here                |
 *            |                                   | (old bytes)                             |
 * c+size ->  | the user's last word              | size of c: the "boundary tag"           |
 *            | head of the next chunk            | head of the next chunk: PREV_FREE       |
 *
 * free(p) gets only p: the word before it tells how long the chunk is, so where the next one begins, and whether the one before
 * is free. Only then its size has to be known, to merge with it, and only then its last word is nobody's: the boundary tag
 * costs nothing (Knuth, TAOCP 1, 2.5, exercise 19). So the overhead is 8 bytes, and the smallest chunk of 32 has 24 usable ones.
 * A chunk with a mapping of its own has no neighbour to borrow a word from: 16.
 *
 * The seal is a keyed checksum of address, size and flags: it tells a header from a word that looks like one, and notices an
 * overflow. It catches mistakes, and makes forging a guess of 1 in 65 536; it is no cryptography. A header that says "used"
 * stands only where a used chunk begins: whatever ceases to be one is sealed as free first. So a double free is always detected.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/queue.h>

#pragma GCC visibility push(hidden)

#define ALIGN ((size_t)16)
#define LIMIT ((size_t)1 << 47) /* user addresses end here: no request can be larger */
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

struct __attribute__((may_alias)) chunk {
    size_t before; /* as above; mapped: the way to the start of its mapping */
    size_t head;
    LIST_ENTRY(chunk) bin; /* free: its neighbours there */
};
LIST_HEAD(bin, chunk);

#define USED ((size_t)1)
#define MAPPED ((size_t)2) /* has a mapping of its own */
#define SLAB ((size_t)4)   /* is a page of equal blocks (product/slab.c) */
#define CLEAN SLAB         /* of a free chunk: its whole pages were given back, and not written since */
#define PREV_FREE ((size_t)8)
#define FLAGS ((size_t)15)
#define HEADER ((size_t)16)    /* from the chunk to its user's bytes; a used chunk of that size is a fence */
#define OVERHEAD ((size_t)8)   /* what a chunk has more than its user */
#define CHUNK_MIN ((size_t)32) /* that can be free */

/* An odd constant without a pattern; its low 16 bits are 1, so that the seal in the top bits of a head passes through the
 * multiplication unchanged: the product's top bits are 0 exactly for a sealed head. The key is 48 secret bits, and odd too: so
 * the product's lowest bit is 0 exactly for USED. */
#define SEAL_MIX 0x9e3779b97f4b0001u
#define SEAL_OR_FREE 0xffff000000000001u
extern size_t chunk_key;

/* A word that is read without the lock under which it is written: whole, old or new, as every aligned word. Where nobody has to
 * be told so it may be the operand of another instruction. */
#ifdef __SANITIZE_THREAD__
#define PEEK(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#else
#define PEEK(word) (word)
#endif
#define POKE(word, value) __atomic_store_n(&(word), value, __ATOMIC_RELAXED)

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
    return chunk_at((uintptr_t)user - HEADER);
}

static inline void *chunk_user(const struct chunk *c)
{
    return (void *)&c->bin;
}

/* A neighbour's free changes PREV_FREE under the lock while the block's owner reads its size without. */
static inline size_t chunk_head(const struct chunk *c)
{
    return PEEK(c->head);
}

static inline size_t chunk_size(const struct chunk *c)
{
    return chunk_head(c) << 16 >> 16 & ~FLAGS;
}

static inline struct chunk *chunk_next(const struct chunk *c)
{
    return chunk_at((uintptr_t)c + chunk_size(c));
}

static inline size_t chunk_capacity(const struct chunk *c)
{
    return chunk_size(c) - (chunk_head(c) & MAPPED ? HEADER : OVERHEAD);
}

static inline size_t seal_mix(const struct chunk *c, size_t head)
{
    size_t secret = head & MAPPED ? chunk_key ^ c->before << 4 : chunk_key;

    return ((head ^ (uintptr_t)chunk_user(c) ^ secret) * SEAL_MIX) >> 48;
}

static inline void chunk_set(struct chunk *c, size_t size, size_t flags)
{
    POKE(c->head, size | flags | -seal_mix(c, size | flags) << 48);
}

static inline bool chunk_sealed(const struct chunk *c)
{
    return seal_mix(c, chunk_head(c)) == 0;
}

static inline bool is_slab(const struct chunk *c)
{
    return (c->head & (USED | SLAB)) == (USED | SLAB);
}

static inline bool is_fence(const struct chunk *c)
{
    return chunk_size(c) == HEADER;
}

/* Does a block of the heap begin behind this header, one that has it? */
static inline bool chunk_is_block(const struct chunk *c)
{
    return chunk_sealed(c) && (chunk_head(c) & (USED | SLAB | MAPPED)) == USED && !is_fence(c);
}

#pragma GCC visibility pop
