/* SPDX-License-Identifier: MIT */
/* cache.c - what lies behind the fast path: a thread's lists of free blocks, filled and emptied in batches.
 *
 *     class   1 .. 8            9 .. 65                   66 ..
 *     blocks  of 16 .. 128      chunks of 144 .. 1040     chunks up to 64 KiB, four classes to a doubling
 *             from slabs        of one size each          of different sizes: the first is taken if it fits well
 *
 * A list begins with room for nothing. Each time that it is found empty or full its limit doubles, to 64 blocks or 4 KiB
 * at most, and all limits of a thread together to BUDGET: when that is spent, another list gives up its own. A large class
 * must have been freed MANY times before one block of it is kept.
 * A block of another arena goes home in a batch: one list, pushed with one compare-and-swap on that arena's `remote`, which
 * its own threads collect when they need something.
 */
#include <errno.h>

#include "product.h"

#define CLASS_BYTES ((size_t)4096)
#define CLASS_BLOCKS ((size_t)64)
#define BUDGET ((size_t)160 * 1024)
#define LIMIT_FIRST 4
#define MANY 8           /* so often a large class must have been freed to be cached at all */
#define REMOTE_MANY 1024 /* blocks; then whoever pushes collects, if nobody holds the lock */

_Thread_local struct cache cache __attribute__((tls_model("initial-exec")));

int cache_lock;

/* The thread's first call: the arena with the fewest threads is its. */
struct arena *cache_arena(void)
{
    if (LIKELY(cache.arena != NULL))
        return cache.arena;
    if (!pool.ready)
        pool_start();

    struct arena *a = &arenas[0];

    glue_take(&cache_lock);
    for (struct arena *other = arenas; other < arenas + pool.arenas; other++)
        if (PEEK(other->threads) < PEEK(a->threads))
            a = other;
    if (a->index >= pool.used) {
        glue_take(&arenas[0].lock);
        if (pool.used == 1 && !pool_settle())
            a = &arenas[0];
        else
            __atomic_add_fetch(&pool.used, 1, __ATOMIC_RELAXED);
        glue_drop(&arenas[0].lock);
    }
    __atomic_add_fetch(&a->threads, 1, __ATOMIC_RELAXED);
    glue_drop(&cache_lock);
    cache.budget = BUDGET;
    cache.closed = pool.checking;
    cache.arena = a;
    glue_thread_begins();
    return a;
}

static unsigned class_of_chunk(size_t size)
{
    if (size / ALIGN <= EXACT_CLASSES)
        return (unsigned)(size / ALIGN);

    unsigned doubling = 63 - (unsigned)__builtin_clzl(size);

    return EXACT_CLASSES + 1 + (doubling - 10) * 4 + ((size >> (doubling - 2)) & 3);
}

static size_t bytes_of(unsigned class)
{
    unsigned large = class - EXACT_CLASSES - 1;

    return class <= EXACT_CLASSES ? class * ALIGN : (size_t)(large % 4 + 5) << (large / 4 + 8);
}

/* => the lock of a, p's home, is held */
static inline void put(struct arena *a, struct page *page, void *p)
{
    struct chunk *c = chunk_of(p);

    if (LIKELY(page->class != 0)) {
        slab_put(a, page, p);
        return;
    }
    if (!chunk_sealed(c) || (chunk_head(c) & (USED | SLAB | MAPPED)) != USED)
        report_pointer("free", p);
    heap_put(a, c);
}

void block_release(void *p)
{
    struct page *page = page_find(p);
    struct arena *a = &arenas[page->arena];

    glue_take(&a->lock);
    put(a, page, p);
    glue_drop(&a->lock);
}

static struct block *next_of(const struct block *b)
{
    if (!block_is_cached(b))
        report_cached(b);
    return b->next;
}

static struct block *bin_pop(struct bin *bin)
{
    struct block *b = bin->head;

    bin->head = next_of(b);
    bin->room++;
    b->check = 0;
    return b;
}

void remote_drain(struct arena *a)
{
    struct block *b = __atomic_exchange_n(&a->remote, NULL, __ATOMIC_ACQUIRE);

    POKE(a->remote_count, 0);
    while (b) {
        struct block *next = next_of(b);

        put(a, page_find(b), b);
        b = next;
    }
}

/* The list that begins with `first`, `count` long, all of them a's. */
static void remote_push(struct arena *a, struct block *first, struct block *last, size_t count)
{
    struct block *old = PEEK(a->remote);

    do {
        last->next = old;
        last->check = link_code(last) ^ (uintptr_t)old;
    } while (!__atomic_compare_exchange_n(&a->remote, &old, first, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (__atomic_add_fetch(&a->remote_count, count, __ATOMIC_RELAXED) > REMOTE_MANY && glue_try(&a->lock)) {
        remote_drain(a);
        glue_drop(&a->lock);
    }
}

/* Sends `count` blocks of the bin home. */
static void bin_flush(struct bin *bin, int count)
{
    struct batch {
        struct block *first, *last;
        size_t count;
    } foreign[ARENAS];
    struct arena *own = cache.arena;
    struct block *b = bin->head;
    size_t home = own->index, key = pool.key;
    int left = count;

    unsigned used = PEEK(pool.used); /* it may grow, but not for blocks that are here */

    for (unsigned i = 0; i < used; i++)
        foreign[i] = (struct batch){NULL, NULL, 0};
    glue_take(&own->lock);
    for (; b && left; left--) {
        struct block *next = b->next;
        struct page *page = page_find(b);

        if (!LIKELY((b->check ^ (uintptr_t)next ^ (uintptr_t)b) == key))
            report_cached(b);
        if (LIKELY(page->arena == home)) {
            put(own, page, b);
        } else {
            if (!foreign[page->arena].first)
                foreign[page->arena].last = b;
            foreign[page->arena].count++;
            block_push(&foreign[page->arena].first, b);
        }
        b = next;
    }
    bin->head = b;
    bin->room += count - left;
    glue_drop(&own->lock);
    for (unsigned i = 0; used > 1 && i < used; i++)
        if (foreign[i].first)
            remote_push(&arenas[i], foreign[i].first, foreign[i].last, foreign[i].count);
}

/* Lets another bin pay: it is emptied, and starts anew. */
static void bin_rob(const struct bin *mine)
{
    cache.hand = cache.hand + 1 < CLASSES ? cache.hand + 1 : 1;

    struct bin *bin = &cache.bins[cache.hand];

    if (bin == mine || bin->limit == 0)
        return;
    bin_flush(bin, bin->limit);
    cache.budget += (size_t)bin->limit * bytes_of(cache.hand);
    bin->room -= bin->limit;
    bin->limit = 0;
}

static void limit_grow(struct bin *bin, unsigned class)
{
    size_t size = bytes_of(class);
    size_t most = CLASS_BYTES / size < CLASS_BLOCKS ? CLASS_BYTES / size : CLASS_BLOCKS;
    int limit = bin->limit ? 2 * bin->limit : (int)(most < LIMIT_FIRST ? most : LIMIT_FIRST);

    if (limit == 0)
        limit = 1;
    if (cache.closed || (size_t)limit > (most ? most : 1))
        return;
    for (unsigned tries = 0; (size_t)(limit - bin->limit) * size > cache.budget && tries < 4; tries++)
        bin_rob(bin);
    if ((size_t)(limit - bin->limit) * size > cache.budget)
        return;
    cache.budget -= (size_t)(limit - bin->limit) * size;
    bin->room += limit - bin->limit;
    bin->limit = limit;
}

void *cache_refill(size_t bytes)
{
    unsigned class = bytes <= SLAB_CLASSES * ALIGN ? (unsigned)((bytes + ALIGN - 1) / ALIGN)
                                                   : (unsigned)(chunk_bytes(bytes) / ALIGN);
    struct arena *a = cache_arena();
    struct bin *bin = &cache.bins[class];
    uintptr_t unused;

    glue_note_path(bin->head               ? TRACE_malloc_path_cache
                   : class <= SLAB_CLASSES ? TRACE_malloc_path_slab
                                           : TRACE_malloc_path_none);
    if (bin->head) /* an alignment led here, or damage, or somebody watches */
        return bin_pop(bin);
    limit_grow(bin, class);
    glue_take(&a->lock);
    if (PEEK(a->remote))
        remote_drain(a);

    int wanted = bin->limit / 2 + 1, got = 0;

    if (class <= SLAB_CLASSES)
        got = slab_fill(a, class, &bin->head, wanted);
    for (struct chunk *c; class > SLAB_CLASSES && got < wanted; got++) {
        c = heap_new(a, class * ALIGN, ALIGN, &unused);
        if (!c)
            break;
        block_push(&bin->head, chunk_user(c));
    }
    glue_drop(&a->lock);
    bin->room -= got;
    return got ? bin_pop(bin) : NULL;
}

void *cache_take_chunk(size_t bytes)
{
    size_t size = chunk_bytes(bytes);
    struct bin *bin = &cache.bins[class_of_chunk(size)];

    if (bin->head) {
        size_t found = chunk_size(chunk_of(bin->head));

        if (found >= size && found - size <= size / 8) {
            glue_note_path(TRACE_malloc_path_cache);
            return bin_pop(bin);
        }
    }
    return NULL;
}

void cache_put(void *p, unsigned class)
{
    if (--cache.bins[class].room >= 0)
        block_push(&cache.bins[class].head, p);
    else
        cache_overflow(p, class);
}

void cache_put_chunk(void *p)
{
    size_t size = chunk_size(chunk_of(p));
    int saved = errno;

    if (size <= CACHED_REQUEST + ALIGN) {
        cache_put(p, class_of_chunk(size));
        return;
    }
    block_release(p);
    errno = saved;
}

void cache_overflow(void *p, unsigned class)
{
    struct bin *bin = &cache.bins[class];
    int saved = errno;

    cache_arena();
    if (class <= EXACT_CLASSES || bin->limit || bin->room <= -MANY) {
        bin->room = bin->limit ? bin->room + 1 : 0;
        limit_grow(bin, class);
    }
    if (bin->room <= 0 && bin->limit)
        bin_flush(bin, (bin->limit + 1) / 2);
    if (bin->room > 0) {
        bin->room--;
        block_push(&bin->head, p);
    } else {
        block_release(p);
    }
    errno = saved;
}

void cache_flush(void)
{
    for (unsigned class = 1; class < CLASSES; class ++)
        if (cache.bins[class].head)
            bin_flush(&cache.bins[class], cache.bins[class].limit);
}

/* The thread ends. Destructors that run later may still free: then nothing is kept. */
void cache_leave(void)
{
    if (!cache.arena)
        return;
    cache_flush();
    for (unsigned class = 1; class < CLASSES; class ++)
        cache.bins[class].room = cache.bins[class].limit = 0;
    cache.closed = true;
    __atomic_sub_fetch(&cache.arena->threads, 1, __ATOMIC_RELAXED);
}

/* At exit what the last thread kept is looked at once more, as at any flush: writes after free, overflows into headers. */
__attribute__((destructor)) static void cache_end(void)
{
    if (cache.arena)
        cache_flush();
}

const char *cache_broken(void)
{
    for (unsigned class = 0; class < CLASSES; class ++) {
        const struct bin *bin = &cache.bins[class];
        int blocks = 0;

        for (const struct block *b = bin->head; b; b = b->next, blocks++) {
            const struct page *page = block_is_cached(b) ? page_find(b) : NULL;

            if (!page)
                return "I9: the links of a cached block are as they were written";
            if (page->class ? page->class != class : class_of_chunk(chunk_size(chunk_of(b))) < class)
                return "I9: a cached block is in the list of its class";
        }
        if (bin->limit ? blocks + bin->room != bin->limit || bin->room < 0 : blocks != 0)
            return "I9: a list has as many blocks as its limit less its room";
    }
    return NULL;
}
