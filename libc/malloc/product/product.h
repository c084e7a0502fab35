/* SPDX-License-Identifier: MIT */
/* product.h - the allocator's pictures: chunk, page, arena, cache. How they play together: ../README.md.
 *
 *     malloc, free (api.c)
 *       |  a thread's own lists of free blocks, no lock (cache.c)
 *       |      |  one arena's lock
 *       |      +--- up to 128 bytes: slabs, pages of equal blocks (slab.c) ---+
 *       |      +--- more: chunks with a header, best fit (heap.c) <-----------+ pages are chunks
 *       |                     |  the pool's lock
 *       |                     +--- the break, or reserved addresses (pool.c)
 *       +--- 128 KiB and more: a mapping each (large.c)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "malloc/glue.h"

#pragma GCC visibility push(hidden)

#define PAGE GLUE_PAGE
#define ALIGN ((size_t)16)
#define LIMIT ((size_t)1 << 47) /* user addresses end here: no request can be larger */
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* ---- A chunk of the heap. Its user's bytes begin at `next`; `before` is lent to the user of the chunk before, so
 * that a chunk costs 8 bytes. The top 16 bits of `head` seal it: a keyed checksum of address, size and flags. */
struct __attribute__((may_alias)) chunk {
    size_t
        before; /* size of the chunk before, if that one is free; mapped: the way to the start of its mapping */
    size_t head;
    struct chunk *next, *prev; /* free: the neighbours in its bin */
};

#define USED ((size_t)1)
#define MAPPED ((size_t)2) /* has a mapping of its own */
#define SLAB ((size_t)4)   /* is a page of the slabs */
#define CLEAN SLAB         /* of a free chunk: its whole pages were given back, and not written since */
#define PREV_FREE ((size_t)8)
#define FLAGS ((size_t)15)
#define HEADER ((size_t)16)  /* from the chunk to its user's bytes */
#define OVERHEAD ((size_t)8) /* what a chunk has more than its user */
#define CHUNK_MIN                                                                                            \
    ((size_t)32) /* a used chunk of HEADER bytes is a fence: the end of a segment without a top */
#define DISCARD_MIN ((size_t)16 * 1024)

/* An odd constant without a pattern; its low 16 bits are 1, so that the seal in the top bits of a head passes through the
 * multiplication unchanged: the product's top bits are 0 exactly for a sealed head. */
#define SEAL_MIX 0x9e3779b97f4b0001u

/* ---- Every page of the heap has a record in one flat array, out of the reach of overflows. */
struct page {
    uint8_t class; /* of its blocks; 0: no slab, the page belongs to chunks */
    uint8_t arena;
    uint16_t used, capacity;  /* blocks handed out, and at most */
    uint32_t magic;           /* 2^32 / size of a block, rounded up */
    struct page *next, *prev; /* slabs of the class that have room */
    uint64_t
        taken[4]; /* a bit for each block that was handed out, to caches too, and for all that do not fit */
};
_Static_assert(sizeof(struct page) == 64, "a page's record is a cache line");

#define SLAB_BYTES (PAGE - OVERHEAD) /* the last word of the page is the head of the next chunk */

/* ---- Classes: one scheme for slabs, caches and the sizes of chunks. 1 to 8: slabs' blocks of 16 to 128 bytes. From 9 on:
 * chunks with room for 136 bytes and then eight to a doubling, for requests up to CACHED_REQUEST. Larger ones have none. */
#define SLAB_CLASSES 8
#define SLAB_REQUEST ((size_t)128)
#define CLASSES 82
#define FAST_REQUEST ((size_t)1024) /* so far a table knows the class */
#define FAST_CHUNK (FAST_REQUEST + ALIGN)
#define FAST_CLASS 33
#define CACHED_REQUEST ((size_t)64 * 1024)
#define CACHED_CHUNK (CACHED_REQUEST + 2 * ALIGN)

extern const uint8_t class_of_words[FAST_REQUEST / 8 + 1];   /* of a request in words of 8 bytes */
extern const uint8_t class_of_small[FAST_CHUNK / ALIGN + 1]; /* of a chunk in units of 16 bytes */

static inline unsigned class_scale(size_t value)
{
    unsigned doubling = 63 - (unsigned)__builtin_clzl(value);

    return 8 * (doubling - 1) + (unsigned)(value >> (doubling - 3));
}

/* The class that serves a request; the one that a chunk of this size serves. */
static inline unsigned class_of_request(size_t bytes)
{
    return bytes <= FAST_REQUEST ? class_of_words[(bytes + 7) / 8] : class_scale(bytes - 9) - 46;
}

static inline unsigned class_of_chunk(size_t size)
{
    return size <= FAST_CHUNK ? class_of_small[size / ALIGN] : class_scale(size - ALIGN) - 47;
}

/* Bytes of a block of the class, header included. */
static inline size_t class_bytes(unsigned class)
{
    unsigned scale = class + 47;

    return class <= SLAB_CLASSES ? class * ALIGN : ALIGN + ((size_t)(8 + scale % 8) << (scale / 8 - 3));
}

/* ---- Where the heap lies: [0] the break's memory, [1] reserved addresses, for when the break cannot move. */
struct region {
    uintptr_t base;
    size_t span; /* bytes from base on that were ever the heap's */
    struct page *pages;
    size_t room;         /* bytes that `pages` can describe */
    size_t ready, limit; /* [1]: bytes with access, and reserved */
};

struct pool {
    size_t
        fast; /* regions[0].span, or 0 to send every free through free_slow: for checking mode and for tracing */
    size_t exact; /* FAST_REQUEST + 1, or 0 to send every malloc through malloc_slow; so resize: LIMIT - 1 */
    size_t resize;
    size_t key; /* 48 secret bits: seals, links */
    struct region regions[2];
    size_t mmap_threshold, mmap_max, trim_threshold, top_pad; /* mallopt's parameters */
    unsigned arenas, used;                                    /* how many there may be, and are */
    bool checking; /* MALLOC_CHECK_ is set: guard.c has the blocks */
    bool ready;
    int lock; /* the regions; taken last */
};
extern struct pool pool;

/* ---- An arena: a heap with a lock. A thread takes from its own, and gives to any. */
struct segment { /* contiguous chunks; all but an arena's first carry this record in front */
    uintptr_t start, end;
    struct segment *older;
};

#define BINS 256
#define ARENAS 8

struct arena {
    int lock;
    unsigned threads;
    struct chunk *top; /* the free rest of the newest segment, in no bin */
    uintptr_t fresh;   /* bytes of the top from here on read zero and have no frames */
    struct segment *newest, first;
    size_t bytes, free_bytes;               /* got from the pool; of these in bins */
    size_t live, most;                      /* bytes in use, and most since free runs were last discarded */
    struct page *partial[SLAB_CLASSES + 1]; /* slabs with room */
    uint64_t occupied[BINS / 64];           /* bins that are not empty */
    struct chunk *bins[BINS];
};
extern struct arena arenas[ARENAS];

static inline unsigned arena_index(const struct arena *a)
{
    return (unsigned)(a - arenas);
}

/* ---- A freed block in a cache or on its way home. check = next ^ code(address): so a write after free is seen when the
 * block is taken, and a second free when it is freed. */
struct __attribute__((may_alias)) block {
    size_t check;
    struct block *next;
};

struct bin {
    int limit;  /* how many blocks a list of the class may have: grows with use */
    int spared; /* so many has the second list; it was full when it was put aside */
    struct block *spare;
};

struct cache {
    struct block *heads[CLASSES]; /* [0] stays empty: malloc(0) is nobody's fast path */
    int rooms[CLASSES];           /* how many more blocks the list may have */
    struct bin bins[CLASSES];
    struct arena *arena;
    size_t promised;  /* bytes that the limits allow */
    unsigned hand;    /* the bin that pays next when that is too much */
    unsigned refused; /* so often it was */
    unsigned falls;   /* heap_falls when the last sweep began */
    unsigned sweep;   /* classes below this one are still to be emptied */
    bool closed;      /* the thread is ending: nothing is kept */
};
extern _Thread_local struct cache cache __attribute__((tls_model("initial-exec")));

/* ---- Small helpers, used everywhere. */
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
    return (void *)&c->next;
}

/* A word that is read here without the lock under which it is written there: whole, old or new, as every aligned word. Where
 * nobody has to be told so it may be the operand of another instruction. */
#ifdef __SANITIZE_THREAD__
#define PEEK(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#else
#define PEEK(word) (word)
#endif
#define POKE(word, value) __atomic_store_n(&(word), value, __ATOMIC_RELAXED)

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
    size_t secret = head & MAPPED ? pool.key ^ c->before << 4 : pool.key;

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

/* Bytes of the chunk that serves a request: its class's. A program's chunk is never of a slab's class. */
static inline size_t chunk_bytes(size_t request)
{
    if (request > CACHED_REQUEST)
        return align_up(request + OVERHEAD, ALIGN);
    return class_bytes(request <= SLAB_REQUEST ? SLAB_CLASSES + 1 : class_of_request(request));
}

static inline size_t link_code(const struct block *b)
{
    return (uintptr_t)b ^ pool.key;
}

static inline bool block_is_cached(const struct block *b)
{
    return (b->check ^ (uintptr_t)b->next) == link_code(b);
}

static inline void block_push(struct block **list, void *p)
{
    struct block *b = p;

    b->next = *list;
    b->check = link_code(b) ^ (uintptr_t)*list;
    *list = b;
}

struct page *page_elsewhere(const void *address); /* pool.c: in the second region */

static inline bool is_at_break(const void *address)
{
    return LIKELY((uintptr_t)address - PEEK(pool.regions[0].base) < PEEK(pool.regions[0].span));
}

/* The record of the page that holds `address`, NULL: not the heap's. */
static inline struct page *page_find(const void *address)
{
    if (is_at_break(address))
        return PEEK(pool.regions[0].pages) + ((uintptr_t)address - PEEK(pool.regions[0].base)) / PAGE;
    return page_elsewhere(address);
}

static inline size_t class_size(const struct page *page)
{
    return page->class * ALIGN;
}

static inline void *page_address(const struct page *page)
{
    const struct region *r = pool.regions;

    if ((uintptr_t)page - (uintptr_t)r->pages >= PEEK(r->span) / PAGE * sizeof(*page))
        r++;
    return (void *)(r->base + (uintptr_t)(page - r->pages) * PAGE);
}

/* ---- The last GONE blocks that went home, by arena and, last, the rows: nothing in memory tells any more how long such a block
 * was. => that arena's lock is held, or large_lock */
#define GONE 16
extern struct gone {
    const void *p;
    size_t bytes;
    uintptr_t made, freed; /* call sites, in checking mode */
} gone[ARENAS + 1][GONE];
extern size_t gone_count[ARENAS + 1];

static inline struct gone *gone_note(unsigned from, const void *p, size_t bytes)
{
    struct gone *entry = &gone[from][gone_count[from]++ % GONE];

    entry->p = p;
    entry->bytes = bytes;
    return entry;
}

/* What p is, for the program that hands it over. */
enum kind { IS_SLAB, IS_CHUNK, IS_LARGE, IS_NOTHING };

/* report.c: last words */
_Noreturn void report_pointer(const char *caller, const void *p);
_Noreturn void report_broken(const char *words, const void *p, const char *what);
_Noreturn void report_cached(const void *p); /* a cached block was written to */
struct text;
void report_sites(struct text *t, const char *what, const void *p, size_t bytes, uintptr_t made,
                  uintptr_t freed);

/* pool.c */
void pool_start(void);
bool pool_set(int parameter, int value);
/* More memory behind `end` if that is possible, else anywhere: [*start, *last), `bytes` or more, zero from *clean on. */
bool pool_grow(uintptr_t end, size_t bytes, unsigned arena, uintptr_t *start, uintptr_t *last,
               uintptr_t *clean);
/* Gives [end - bytes, end) back if it is the last; false: it is not, nothing happened. */
bool pool_shrink(uintptr_t end, size_t bytes);
/* Before a second arena is used: the page records move no more. => the first arena's lock is held */
bool pool_settle(void);

/* heap.c: => the arena's lock is held. User's bytes from *clean on are known to be zero. */
struct chunk *heap_new(struct arena *a, size_t bytes, size_t alignment, uintptr_t *clean);
struct chunk *heap_new_page(struct arena *a);
/* `count` chunks or fewer, at least one, as blocks of a list. */
int heap_fill(struct arena *a, size_t bytes, int count, struct block **list);
void heap_put(struct arena *a, struct chunk *c, size_t size); /* c and what follows, `size` bytes in all */
bool heap_fit(struct arena *a, struct chunk *c, size_t bytes);
bool heap_shrink(struct arena *a, size_t pad);
bool heap_discard(struct arena *a); /* every free run, whole pages */
extern unsigned heap_falls;         /* so often has some arena's use fallen by a quarter */
const char *heap_broken(const struct arena *a);

/* slab.c: => the arena's lock is held */
int slab_fill(struct arena *a, unsigned class, struct block **list,
              int count);                             /* => how many blocks were pushed */
void slab_turned(struct arena *a, struct page *page); /* a block came back to a full page, or the last one */
void slabs_trim(struct arena *a);                     /* gives the empty ones back */
void slabs_moved(struct page *from, struct page *to); /* the records of arenas[0] */
const char *slab_broken(const struct arena *a, const struct page *page);

/* Index of the block that starts at p; 256: none does. A fraction of 0 says that a block begins here: the magic number
 * divides without a division. */
static inline unsigned slab_index(const struct page *page, const void *p)
{
    uint64_t product = (uint64_t)((uintptr_t)p % PAGE) * page->magic;

    return (uint32_t)product < page->magic ? (unsigned)(product >> 32) : 256;
}

/* Was a block handed out that starts at p? */
static inline bool slab_holds(const struct page *page, const void *p)
{
    unsigned index = slab_index(page, p);

    return index < page->capacity && PEEK(page->taken[index / 64]) >> index % 64 & 1;
}

static inline void slab_put(struct arena *a, struct page *page, const void *p)
{
    unsigned index = slab_index(page, p);
    uint64_t *word = &page->taken[index / 64];
    uint64_t bit = (uint64_t)1 << index % 64;

    if (!LIKELY(index < page->capacity && *word & bit))
        report_pointer("free", p);
    POKE(*word, *word - bit);
    page->used--;
    if (!LIKELY(page->used && page->used + 1 != page->capacity))
        slab_turned(a, page);
}

/* cache.c */
struct arena *cache_arena(void);
void *cache_refill(unsigned class); /* NULL: no memory */
struct block *cache_pop(unsigned class);
void cache_put(void *p, unsigned class);
void cache_put_chunk(void *p);                /* the same, a chunk of any size */
void cache_overflow(void *p, unsigned class); /* => room went below 0 */
void block_release(void *p);                  /* past the cache, to the arena that it came from */
void cache_flush(void);
void cache_leave(void);
extern int cache_lock, depot_lock; /* which thread has which arena; the depot */
const char *cache_broken(void);

/* large.c: blocks with a mapping of their own, and those of no bytes at all */
extern int large_lock;
void *large_new_guarded(size_t bytes, size_t alignment, size_t gap);
void *large_new(size_t bytes, size_t alignment, bool *clean);
void large_put(struct chunk *c);
struct chunk *large_fit(struct chunk *c, size_t bytes);
bool large_contains(const struct chunk *c);
size_t large_count(void);
int large_each(int (*visit)(const struct chunk *c, void *context), void *context);
void large_trim(void);
void *nothing_new(void);
bool nothing_contains(const void *p);
void nothing_put(const void *p);

/* guard.c: all blocks in checking mode. `site`: the caller's address */
void *guard_new(size_t bytes, size_t alignment, bool zero, uintptr_t site);
void guard_put(void *p, uintptr_t site);
void *guard_fit(void *p, size_t bytes, uintptr_t site);
size_t guard_room(const char *caller, const void *p);
void guard_drain(void);
extern int guard_lock;
void *block_new(size_t bytes); /* api.c: a block without a guard, from the heap */
const char *guard_damage(void);

/* check.c: which block p is (the program ends unless it has that block), and what it may use of it */
enum kind block_verify(const char *caller, const void *p);
size_t block_room(enum kind kind, const void *p);
void malloc_lock_all(void); /* around fork */
void malloc_unlock_all(void);

#pragma GCC visibility pop
