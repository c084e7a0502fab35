/* SPDX-License-Identifier: MIT */
/* product.h - what the allocator `malloc` puts in front of classic's heap: classes, slabs, the lists of threads.
 *
 *     malloc, free (api.c)
 *       |  a thread's own lists of free blocks, no lock (cache.c)
 *       |      |  one arena's lock
 *       |      +--- up to 128 bytes: slabs, pages of equal blocks (slab.c) --------------+
 *       |      +--- more: chunks with a header, best fit (../classic/heap.c) <-----------+ pages are chunks
 *       +--- 128 KiB and more: a mapping each (../classic/large.c); no bytes: nothing.c
 */
#pragma once

#include "malloc/classic/heap.h"

#pragma GCC visibility push(hidden)

/* ---- Classes: one scheme for slabs, caches and the sizes of chunks. 1 to 8: slabs' blocks of 16 to 128 bytes. From 9 on:
 * chunks with room for 136 bytes and then eight to a doubling, for requests up to CACHED_REQUEST. Larger ones have none. */
#define SLAB_REQUEST ((size_t)128)
#define CLASSES 82
#define FAST_REQUEST ((size_t)1024) /* so far a table knows the class */
#define FAST_CHUNK (FAST_REQUEST + ALIGN)
#define FAST_CLASS 33
#define CACHED_REQUEST ((size_t)64 * 1024)
#define CACHED_CHUNK (CACHED_REQUEST + 2 * ALIGN)

extern uint8_t class_of_words[FAST_REQUEST / 8 + 1];   /* of a request in words of 8 bytes; of none: 0 */
extern uint8_t class_of_small[FAST_CHUNK / ALIGN + 1]; /* of a chunk in units of 16 bytes */

static inline unsigned class_scale(size_t value)
{
    unsigned doubling = 63 - (unsigned)__builtin_clzl(value);

    return 8 * (doubling - 1) + (unsigned)(value >> (doubling - 3));
}

/* The class that serves a request; the one that a chunk of this size serves. */
static inline unsigned class_of_request(size_t bytes)
{
    return LIKELY(bytes <= FAST_REQUEST) ? class_of_words[(bytes + 7) / 8] : class_scale(bytes - 9) - 46;
}

static inline unsigned class_of_chunk(size_t size)
{
    if (LIKELY(size <= FAST_CHUNK))
        return class_of_small[size / ALIGN];
    return size <= CACHED_CHUNK ? class_scale(size - ALIGN) - 47 : 0;
}

/* Bytes of a block of the class, header included. */
static inline size_t class_bytes(unsigned class)
{
    unsigned scale = class + 47;

    return class <= SLAB_CLASSES ? class * ALIGN : ALIGN + ((size_t)(8 + scale % 8) << (scale / 8 - 3));
}

/* Bytes of the chunk that serves a request: its class's, never a slab's. */
static inline size_t chunk_for(size_t request)
{
    if (request > CACHED_REQUEST)
        return chunk_bytes(request);
    return class_bytes(request <= SLAB_REQUEST ? SLAB_CLASSES + 1 : class_of_request(request));
}

/* ---- slab.c: => the arena's lock is held
 *
 * For free, the classes of the break's first pages once more: of the records, a cache line a page, many would not be in the first-level
 * cache, and the jump that depends on the class is the one that is guessed wrong. */
extern uint8_t class_of_page[FAST_PAGES];
int slab_fill(struct arena *a, unsigned class, struct block **list, int count); /* => how many it pushed */
void slab_turned(struct arena *a, struct page *page, bool full); /* it was; or none is in use */
void slabs_trim(struct arena *a);                                /* gives the empty ones back */
int slab_show(const struct heap_block *block, void *walk);     /* shows the walk a slab's blocks one by one */
int slab_broken(const struct heap_block *block, void *broken); /* into a const char ** */

/* ---- cache.c */
struct cache {
    int rooms[CLASSES];           /* how many more blocks the list may have */
    struct block *heads[CLASSES]; /* [0] stays empty: what is nothing, or larger than CACHED_REQUEST */
    int limits[CLASSES];          /* how many blocks it may have: grows with use */
    struct arena *arena;
    size_t promised; /* bytes that the limits allow */
    unsigned falls;  /* heap_falls when the last sweep began */
    unsigned refills;
    unsigned sweep; /* classes below this one are still to be emptied */
    bool begun;     /* glue_thread_begins was called */
    bool closed;    /* the thread is ending: nothing is kept */
};
extern _Thread_local struct cache cache __attribute__((tls_model("initial-exec")));

static inline void block_push(struct block **list, void *p)
{
    struct block *b = p;

    b->next = *list;
    b->check = link_code(b) ^ (uintptr_t)*list;
    *list = b;
}

struct arena *cache_arena(void);
void *cache_refill(size_t class);             /* NULL: no memory, and errno says so */
void cache_overflow(void *p, unsigned class); /* => room went below 0 */
void block_release(void *p);                  /* past the cache, to the arena that it came from */
void cache_flush(void);
void cache_leave(void);

static inline void *cache_pop(size_t class) /* => the list's first block is whole */
{
    struct block *b = cache.heads[class];

    cache.heads[class] = b->next;
    cache.rooms[class]++;
    b->check = 0; /* no longer cached */
    return b;
}

/* The fast path of malloc and of C++'s new: the first block of the class's list; 0: the request has none, or calls are looked at.
 * NULL: the slow path knows more, or says what is wrong. */
static inline void *cache_take(size_t bytes, size_t *class)
{
    *class = 0;
    if (LIKELY(bytes <= pool.most)) {
        *class = class_of_request(bytes);

        struct block *b = cache.heads[*class];

        if (LIKELY(b && block_is_cached(b)))
            return cache_pop(*class);
    }
    return NULL;
}

static inline void cache_put(void *p, size_t class)
{
    if (LIKELY(--cache.rooms[class] >= 0))
        block_push(&cache.heads[class], p);
    else
        cache_overflow(p, (unsigned)class);
}

extern int cache_lock; /* which thread has which arena */
const char *cache_broken(void);

/* ---- nothing.c: blocks of no bytes at all */
void *nothing_new(void);
bool nothing_contains(const void *p);
void nothing_put(const void *p);

/* api.c: around fork */
void malloc_lock_all(void);
void malloc_unlock_all(void);

#pragma GCC visibility pop
