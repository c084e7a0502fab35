/* SPDX-License-Identifier: MIT */
/* heap.h - chunks, where they lie, and what is known of them. How the parts play together: ../README.md.
 *
 *     heap.c    chunks with a header in arenas: bins, best fit, the top
 *     pool.c    addresses for them: the break, or reserved ones; a record for each page
 *     large.c   128 KiB and more: a mapping each
 *     check.c   what a pointer is; walks that show or prove everything
 *     report.c  last words              guard.c  checking mode
 *
 * classic.c makes the allocator `classic` of it, with one arena; product/ puts slabs and the caches of threads in front.
 */
#pragma once

#include "chunk.h"
#include "malloc/glue.h"

#pragma GCC visibility push(hidden)

#define PAGE GLUE_PAGE

/* Every page of the heap has a record in a flat array, out of the reach of overflows. */
struct page {
    uint8_t class; /* of its blocks, in units of 16 bytes; 0: no slab, the page belongs to chunks */
    uint8_t arena;
    uint16_t used, capacity; /* blocks handed out, and at most */
    char *start;             /* the page itself */
    LIST_ENTRY(page) room;   /* slabs of the class that have room */
    uint64_t taken[4];       /* a bit for each block handed out, to caches too, and for all that do not fit */
};
LIST_HEAD(slabs, page);
_Static_assert(sizeof(struct page) == 64, "a page's record is a cache line");

#define SLAB_BYTES (PAGE - OVERHEAD) /* the last word of the page is the head of the next chunk */
#define SLAB_CLASSES 8               /* of blocks of 16 to 128 bytes */

/* Where the heap lies: [0] the break's memory, [1] reserved addresses, for when the break cannot move. */
struct region {
    uintptr_t base;
    size_t span;            /* bytes from base to the end of the heap's last page */
    struct page *pages;     /* reserved; not used for the break's first pages, see first_pages */
    size_t room, described; /* bytes that `pages` can describe; for which it has access */
    size_t limit;           /* [1]: bytes that are reserved */
};

#define DEFAULT_LIMIT ((size_t)128 * 1024) /* glibc's, of three of the pool's parameters */
#define FIRST_PAGES ((size_t)512)
extern struct page first_pages[FIRST_PAGES];

#define FAST_PAGES ((size_t)1 << 18) /* of the break's: 1 GiB; product/slab.c has their classes once more */

/* `lock` guards the regions, and is taken last. */
extern struct pool {
    size_t fast, most; /* free so far into regions[0], and malloc up to this request, are fast; 0: never */
    struct region regions[2];
    size_t mmap_threshold, mmap_max, trim_threshold, top_pad; /* mallopt's parameters */
    unsigned arenas, used;                                    /* how many there may be, and are */
    bool checking; /* MALLOC_CHECK_ is set: guard.c has the blocks */
    bool adapts;   /* large.c may raise two of them: nobody has set any */
    bool ready;
    int lock;
} pool;

/* The last blocks that went home: nothing in memory tells any more how long such a block was. */
#define GONE 16
struct gone {
    struct gone_block {
        const void *p;
        size_t bytes;
        uintptr_t made, freed; /* call sites, in checking mode */
    } blocks[GONE];
    size_t count;
};

static inline void gone_note(struct gone *gone, const void *p, size_t bytes, uintptr_t made, uintptr_t freed)
{
    gone->blocks[gone->count++ % GONE] = (struct gone_block){p, bytes, made, freed};
}

struct segment { /* contiguous chunks; all but an arena's first carry this record in front */
    uintptr_t start, end;
    struct segment *older;
};

#define BINS 256
#define ARENAS 8

/* A heap with a lock. A thread takes from its own, and gives to any. */
extern struct arena {
    int lock;
    unsigned threads;
    struct chunk *top; /* the free rest of the newest segment, in no bin */
    uintptr_t fresh;   /* bytes of the top from here on read zero and have no frames */
    struct segment *newest, first;
    size_t live, most;                      /* bytes in use, and most since free runs were last discarded */
    size_t low, slack;                      /* in use when memory last went back; so much does not */
    unsigned swings;                        /* so often had use risen by then */
    struct slabs partial[SLAB_CLASSES + 1]; /* slabs with room */
    struct gone gone;
    uint64_t occupied[BINS / 64]; /* bins that are not empty */
    struct bin bins[BINS];
} arenas[ARENAS];

/* The record of the page that holds `address`, NULL: not the heap's. */
static inline struct page *page_find(const void *address)
{
    const struct region *r = pool.regions;
    size_t offset = (uintptr_t)address - PEEK(r[0].base), index = offset / PAGE;

    if (LIKELY(offset < PEEK(r[0].span)))
        return index < FIRST_PAGES ? &first_pages[index] : PEEK(r[0].pages) + index;
    offset = (uintptr_t)address - PEEK(r[1].base);
    return offset < PEEK(r[1].span) ? PEEK(r[1].pages) + offset / PAGE : NULL;
}

static inline size_t class_size(const struct page *page)
{
    return page->class * ALIGN;
}

/* 2^32 / size of a block, rounded up: what divides without a division. */
extern const uint32_t class_magic[SLAB_CLASSES + 1];

/* Index of the block that starts at p; 256: none does. A fraction of 0 says that a block begins here. */
static inline unsigned slab_index(const struct page *page, const void *p)
{
    uint32_t magic = class_magic[page->class];
    uint64_t product = (uint64_t)((uintptr_t)p % PAGE) * magic;

    return (uint32_t)product < magic ? (unsigned)(product >> 32) : 256;
}

/* Was a block handed out that starts at p? */
static inline bool slab_holds(const struct page *page, const void *p)
{
    unsigned index = slab_index(page, p);

    return index < page->capacity && PEEK(page->taken[index / 64]) >> index % 64 & 1;
}

/* A freed block in a thread's cache, or on its way home. check = next ^ code(address): so a write after free is seen when the
 * block is taken, and a second free when it is freed. */
struct __attribute__((may_alias)) block {
    size_t check;
    struct block *next;
};

static inline size_t link_code(const struct block *b)
{
    return (uintptr_t)b ^ chunk_key;
}

static inline bool block_is_cached(const struct block *b)
{
    return (b->check ^ (uintptr_t)b->next) == link_code(b);
}

/* Bytes of the smallest chunk that serves a request. */
static inline size_t chunk_bytes(size_t request)
{
    return request < CHUNK_MIN - OVERHEAD ? CHUNK_MIN : align_up(request + OVERHEAD, ALIGN);
}

/* heap.c: => the arena's lock is held
 *
 * heap_new: a used chunk of count * bytes, or of fewer times `bytes` if there is no more room; the user's bytes at a multiple of `alignment`.
 * From *clean on they are known to be zero (NULL: who cares). grow: more memory may be asked for. NULL: there is none. */
struct chunk *heap_new(struct arena *a, size_t bytes, size_t count, size_t alignment, bool grow,
                       uintptr_t *clean);
void heap_put(struct arena *a, struct chunk *c, size_t size); /* c and what follows, `size` bytes in all */
bool heap_fit(struct arena *a, struct chunk *c, size_t bytes);
bool heap_shrink(struct arena *a, size_t pad);
unsigned heap_discard(struct arena *a, unsigned most); /* whole pages of free runs => of how many */
extern unsigned heap_falls;                            /* so often has some arena's use fallen by a quarter */
unsigned bin_index(size_t size);
bool chunk_is_free(const struct chunk *c); /* ... and one of the heap's, whatever c is */

/* pool.c */
void pool_start(void);
bool pool_set(int parameter, int value);
struct space {
    uintptr_t start, end, clean; /* zero from `clean` on */
};
bool pool_grow(uintptr_t end, size_t bytes, unsigned arena, struct space *got); /* behind `end` if possible */
bool pool_shrink(uintptr_t end, uintptr_t to); /* gives [to, end) back; false: it is not the last */

/* large.c: `gap` bytes between header and block, which ends where a page without access begins if there is a gap. What one gets
 * begins behind the header. */
extern int large_lock;
extern struct gone large_gone;     /* => the lock is held */
extern struct chunk *large_rows[]; /* likewise: all, from the highest down; NULL behind the last */
extern size_t large_hole;          /* the index of one that is gone */
#define NO_HOLE SIZE_MAX
void *large_new(size_t bytes, size_t alignment, size_t gap); /* it reads zero */
void large_put(struct chunk *c);
struct chunk *large_fit(struct chunk *c, size_t bytes); /* perhaps elsewhere; NULL: refused, c is as it was */
struct chunk *large_below(const void *p); /* the mapped chunk next below p or at it, NULL: there is none */
bool large_wants(size_t bytes);           /* is a request of that size to get a mapping? */

/* guard.c: all blocks in checking mode. `site`: the caller's address */
void *guard_new(size_t bytes, size_t alignment, bool zero, uintptr_t site);
void guard_put(void *p, uintptr_t site);
void *guard_fit(void *p, size_t bytes, uintptr_t site);
size_t guard_room(const char *caller, const void *p);
void guard_drain(void);
extern int guard_lock;
const char *guard_damage(void);

/* check.c */
struct heap_block;
struct walk {
    int (*visit)(const struct heap_block *block, void *context); /* may be NULL */
    void *context;
    int answer; /* the last one's: not 0 ends the walk */
};
enum kind { IS_SLAB, IS_CHUNK, IS_LARGE };
enum kind block_verify(const char *caller, const void *p); /* the program ends unless it has that block */
size_t block_room(enum kind kind, const void *p);
/* Proves all arenas, then what has a mapping, and shows it, a slab as one block. => the invariant that is broken, NULL: none was, so far
 * as it came. */
const char *walk_chunks(struct walk *walk);

/* report.c: last words */
_Noreturn void report_pointer(const char *caller, const void *p);
_Noreturn void report_broken(const char *words, const void *p, const char *what);
struct text;
void report_sites(struct text *t, const char *what, const void *p, size_t bytes, uintptr_t made,
                  uintptr_t freed);

#pragma GCC visibility pop
