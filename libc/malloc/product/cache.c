/* SPDX-License-Identifier: MIT */
/* cache.c - what lies behind the fast path: a thread's lists of free blocks, and the depot where threads leave whole lists.
 *
 *     list    block -> block ...                  taken from and given to: never a lock
 *     depot   a list of each class                a full one, from and for any thread: one atomic exchange
 *     arenas                                      where blocks come from, and go when the depot has enough: a lock for a list
 *
 * A list begins with room for nothing. Each time that it was found empty or full its limit doubles, to CLASS_BLOCKS or to
 * MOST_PART of what the thread may keep: BUDGET and a SHARE of what is in use, counted by limits. When that is spent, a class still gets
 * LEAST_PART of it. Every class to 1 KiB gets its first LIMIT_FIRST; above, a block must have been freed MANY times before one is kept.
 * A kept block holds a page, and keeps free runs apart. Where sizes are mixed lists run dry one by one: a chunk of the next LARGER classes
 * serves, too, before a list may become longer and before the depot or the heap is asked. When use falls, all that is kept goes home, a
 * class with each overflow.
 * A list that goes home is merged before the heap sees it: neighbours in memory that are neighbours in the list are one chunk.
 */
#include <errno.h>

#include "malloc/blocks.h"
#include "malloc/words.h"
#include "product.h"

#define CLASS_BLOCKS 128
#define BUDGET ((size_t)96 * 1024)
#define SHARE 16                           /* of what its arena has in use, beside BUDGET */
#define SHARED_BUDGET ((size_t)512 * 1024) /* while there are threads: a lock costs more than memory */
#define MOST_PART 10
#define LEAST_PART 64
#define DEPOT_PART 8 /* of what a thread may keep */
#define LIMIT_FIRST 4
#define MANY 8
#define OWN 64
#define LARGER 2      /* classes whose blocks serve too: a quarter larger at most */
#define SWEEP_RUNS 64 /* free runs that one call gives back */

_Thread_local struct cache cache __attribute__((tls_model("initial-exec")));

int cache_lock;

/* A list in one word, so that it comes and goes as a whole: the address of its first block, above it how many there are. */
#define COUNT_SHIFT 48
static uintptr_t depot[CLASSES]; /* 0: no list */
static size_t depot_bytes;

uint8_t class_of_words[FAST_REQUEST / 8 + 1];
uint8_t class_of_small[FAST_CHUNK / ALIGN + 1];

/* The process's first call. => cache_lock is held */
static void start(void)
{
    for (size_t words = 1; words <= FAST_REQUEST / 8; words++)
        class_of_words[words] = (uint8_t)(words <= 16 ? (words + 1) / 2 : class_scale(8 * words - 9) - 46);
    for (size_t units = 1; units <= FAST_CHUNK / ALIGN; units++)
        class_of_small[units] =
            (uint8_t)(units <= SLAB_CLASSES ? units : class_scale(ALIGN * (units - 1)) - 47);
    pool_start();
    pool.arenas = glue_processors() < ARENAS ? glue_processors() : ARENAS;
    if (!glue_watched && !pool.checking)
        pool.most = CACHED_REQUEST;
}

/* The thread's first call: the arena with the fewest threads is its. */
struct arena *cache_arena(void)
{
    if (LIKELY(cache.arena != NULL))
        return cache.arena;
    if (!cache.begun) {
        cache.begun = true; /* what is called now may call malloc */
        glue_thread_begins();
        return cache_arena();
    }

    struct arena *a = &arenas[0];

    glue_take(&cache_lock);
    if (!pool.ready)
        start();
    for (struct arena *other = arenas; other < arenas + pool.arenas; other++)
        if (PEEK(other->threads) < PEEK(a->threads))
            a = other;
    if (a >= arenas + pool.used)
        __atomic_add_fetch(&pool.used, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&a->threads, 1, __ATOMIC_RELAXED);
    glue_drop(&cache_lock);
    cache.closed = pool.checking;
    cache.arena = a;
    return a;
}

static struct block *block_next(const struct block *b)
{
    if (!LIKELY(block_is_cached(b)))
        report_broken("malloc(): unaligned tcache chunk detected", b, TEXT(cached_links));
    return b->next;
}

static void *pop(unsigned class)
{
    block_next(cache.heads[class]);
    return cache_pop(class);
}

/* Takes b back, and what follows it in the list as long as it lies in the same page. => the first that does not */
static struct block *slab_put(struct arena *a, struct page *page, struct block *b)
{
    unsigned capacity = page->capacity, used = page->used, left = used;
    uint64_t *taken = page->taken;
    bool stays;

    do {
        struct block *next = block_next(b);
        unsigned index = slab_index(page, b);
        uint64_t *word = &taken[index / 64], bit = (uint64_t)1 << index % 64;

        if (!LIKELY(index < capacity && *word & bit))
            report_pointer("free", b);
        POKE(*word, *word - bit);
        left--;
        stays = ((uintptr_t)next ^ (uintptr_t)b) < PAGE;
        b = next;
    } while (stays);

    page->used = (uint16_t)left;
    if (!LIKELY(left && used != capacity))
        slab_turned(a, page, used == capacity);
    return b;
}

/* Takes the chunk of b back, and those that follow it in the list as long as they touch it in memory, below or above: one run before the
 * heap has them. => the first that does not */
static struct block *run_put(struct arena *a, struct block *b)
{
    struct chunk *c = chunk_of(b), *run = c;
    size_t run_size = 0, size;

    do {
        struct block *next = block_next(b);

        if (!chunk_is_block(c))
            report_pointer("free", b);
        size = chunk_size(c);
        gone_note(&a->gone, b, size - OVERHEAD, 0, 0);
        chunk_set(c, size, c->head & PREV_FREE); /* inside a run it must not read as used */
        run = c < run ? c : run;
        run_size += size;
        b = next;
        c = chunk_of(b);
    } while (b && ((uintptr_t)c == (uintptr_t)run + run_size || chunk_next(c) == run));
    heap_put(a, run, run_size);
    return b;
}

/* Sends a list home. */
static void list_release(struct block *b)
{
    while (b) {
        struct arena *a = &arenas[page_find(b)->arena];
        struct page *page;

        GLUE_HOLD(a->lock);
        while (b && (page = page_find(b))->arena == a - arenas)
            b = page->class ? slab_put(a, page, b) : run_put(a, b);
    }
}

void block_release(void *p)
{
    struct block *list = NULL;

    block_push(&list, p);
    list_release(list);
}

/* What a thread may keep, with part 1; what the depot may, with DEPOT_PART. */
static size_t budget(unsigned part)
{
    return PEEK(pool.used) > 1 ? SHARED_BUDGET : (BUDGET + PEEK(cache.arena->live) / SHARE) / part;
}

/* false: the depot has one, or enough. */
static bool depot_put(struct block *list, int count, unsigned class)
{
    size_t bytes = (size_t)count * class_bytes(class);
    uintptr_t none = 0, word = (uintptr_t)list | (uintptr_t)count << COUNT_SHIFT;

    if (PEEK(depot[class]) || PEEK(depot_bytes) + bytes > budget(DEPOT_PART) ||
        !__atomic_compare_exchange_n(&depot[class], &none, word, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return false;
    __atomic_add_fetch(&depot_bytes, bytes, __ATOMIC_RELAXED);
    return true;
}

static struct block *depot_take(unsigned class, int *count)
{
    uintptr_t word = PEEK(depot[class]) ? __atomic_exchange_n(&depot[class], 0, __ATOMIC_ACQUIRE) : 0;

    *count = (int)(word >> COUNT_SHIFT);
    if (word)
        __atomic_sub_fetch(&depot_bytes, (size_t)*count * class_bytes(class), __ATOMIC_RELAXED);
    return (struct block *)(word << 16 >> 16);
}

static void limit_set(unsigned class, int limit)
{
    int more = limit - cache.limits[class];

    cache.promised += (size_t)more * class_bytes(class);
    cache.rooms[class] += more;
    cache.limits[class] = limit;
}

/* What the thread keeps of a class goes home, and what the depot does. => had they any? */
static bool class_flush(unsigned class, bool depot_too)
{
    struct block *list = cache.heads[class], *other;
    int count;

    cache.heads[class] = NULL;
    cache.rooms[class] = cache.limits[class];
    list_release(list);
    other = depot_too ? depot_take(class, &count) : NULL;
    list_release(other);
    return list || other;
}

static bool cache_is_sweeping(void)
{
    return cache.sweep || cache.falls != PEEK(heap_falls);
}

/* After a fall of use each call sends the blocks of one class home, the depot's too, and the last ones give pages back, of SWEEP_RUNS
 * free runs each. A fall meanwhile begins another sweep, but does not start this one anew: where use falls fast it would never end. */
static void cache_sweep(void)
{
    if (!cache.sweep) {
        cache.falls = PEEK(heap_falls);
        cache.sweep = CLASSES;
    }
    while (--cache.sweep) {
        if (!class_flush(cache.sweep, true))
            continue;
        if (cache.promised > budget(1))
            limit_set(cache.sweep, 0);
        return;
    }
    for (struct arena *a = arenas; a < arenas + PEEK(pool.used); a++) {
        GLUE_HOLD(a->lock);
        if (heap_discard(a, SWEEP_RUNS) == SWEEP_RUNS) {
            cache.sweep = 1; /* more of them with the next call */
            return;
        }
    }
}

static bool limit_grow(unsigned class)
{
    size_t allowed = budget(1);
    int old = cache.limits[class];
    int limit = old ? 2 * old : class <= FAST_CLASS ? LIMIT_FIRST : 1;
    size_t bytes = (size_t)limit * class_bytes(class);
    bool spent = cache.promised + bytes - (size_t)old * class_bytes(class) > allowed;

    if (class == 0 || limit > CLASS_BLOCKS || cache.closed ||
        (limit > LIMIT_FIRST && bytes > allowed / MOST_PART) ||
        (old && spent && bytes > allowed / LEAST_PART))
        return false;
    limit_set(class, limit);
    return true;
}

static int chunks_fill(struct arena *a, size_t bytes, struct block **list, int wanted)
{
    int got = 0;

    while (got < wanted) { /* the heap does not grow for what only may be wanted */
        struct chunk *run = heap_new(a, bytes, (size_t)(wanted - got), ALIGN, got == 0, NULL);

        if (!run)
            break;

        size_t count = chunk_size(run) / bytes, size = chunk_size(run) - (count - 1) * bytes;

        got += (int)count;
        /* The lowest is pushed last, and taken first; the highest has what is too little for another. */
        for (uintptr_t at = (uintptr_t)run + count * bytes; count; count--, size = bytes) {
            struct chunk *c = chunk_at(at -= bytes);

            chunk_set(c, size, USED);
            block_push(list, chunk_user(c));
        }
    }
    return got;
}

/* The class whose list has a block for a request of this class: its own, when an alignment led here, or damage, or somebody watches;
 * else, of chunks, one of the next LARGER. 0: none has. */
static unsigned class_ready(unsigned class)
{
    unsigned last = class <= SLAB_CLASSES ? class : class + LARGER;

    for (; class <= last && class < CLASSES; class ++)
        if (cache.heads[class])
            return class;
    return 0;
}

void *cache_refill(size_t class)
{
    struct arena *a = cache_arena();
    struct block **list = &cache.heads[class];
    unsigned ready = class_ready(class);
    int count = 0;

    if (ready != class && ++cache.refills % OWN == 0)
        ready = 0; /* else a loop could live from larger classes for ever */
    glue_note_path(ready                   ? TRACE_malloc_path_cache
                   : class <= SLAB_CLASSES ? TRACE_malloc_path_slab
                                           : TRACE_malloc_path_none);
    if (ready)
        return pop(ready);
    if (class <= FAST_CLASS || cache.limits[class])
        limit_grow(class);
    if (cache.limits[class])
        *list = depot_take(class, &count);
    if (!*list) {
        int wanted = cache.limits[class] / 2 + 1;

        GLUE_HOLD(a->lock);
        count = class <= SLAB_CLASSES ? slab_fill(a, class, list, wanted)
                                      : chunks_fill(a, class_bytes(class), list, wanted);
    }
    cache.rooms[class] -= count;
    if (cache.rooms[class] < 0 && cache.limits[class]) /* another thread had a larger limit */
        limit_set(class, count);
    return *list ? pop(class) : no_memory();
}

void cache_overflow(void *p, unsigned class)
{
    struct block *list = cache.heads[class];
    int limit = cache.limits[class], saved = errno;

    cache_arena();
    cache.rooms[0] = 0; /* no list: too large for any */
    if (class - 1 < FAST_CLASS || limit || cache.rooms[class] <= -MANY) {
        cache.rooms[class] = 0;
        if (!limit_grow(class) && limit) {
            cache.heads[class] = NULL;
            cache.rooms[class] = limit;
            if (!depot_put(list, limit, class))
                list_release(list);
        }
    }
    if (cache.rooms[class] > 0)
        cache_put(p, class);
    else
        block_release(p);
    if (UNLIKELY(cache_is_sweeping()))
        cache_sweep();
    errno = saved;
}

/* What this thread keeps goes home, and what all left in the depot. */
void cache_flush(void)
{
    for (unsigned class = 1; class < CLASSES; class ++)
        class_flush(class, true);
}

/* The thread ends. Destructors that run later may still free: then nothing is kept. */
void cache_leave(void)
{
    if (!cache.arena)
        return;
    for (unsigned class = 1; class < CLASSES; class ++) {
        class_flush(class, false);
        limit_set(class, 0);
    }
    cache.closed = true;
    __atomic_sub_fetch(&cache.arena->threads, 1, __ATOMIC_RELAXED);
}

/* At exit what the last thread kept is looked at once more, as at any flush: writes after free, overflows into headers. */
__attribute__((destructor)) static void cache_end(void)
{
    if (cache.arena)
        cache_flush();
}

/* => how many blocks, -1: what is wrong */
static const char *list_broken(const struct block *b, unsigned class, int count)
{
    for (; b; b = b->next, count--) {
        const struct page *page = block_is_cached(b) ? page_find(b) : NULL;

        if (!page)
            return "I12: the links of a cached block are as they were written";
        if (page->class ? page->class != class : class_of_chunk(chunk_size(chunk_of(b))) < class)
            return "I12: a cached block is in the list of its class";
    }
    return count ? "I12: a list has as many blocks as its limit less its room" : NULL;
}

const char *cache_broken(void)
{
    const char *broken = NULL;
    struct block *list;
    int count;

    for (unsigned class = 0; class < CLASSES && !broken; class ++) {
        int limit = cache.limits[class];

        broken = list_broken(cache.heads[class], class, limit ? limit - cache.rooms[class] : 0);
        if (!broken && (list = depot_take(class, &count))) {
            broken = list_broken(list, class, count);
            if (!depot_put(list, count, class))
                list_release(list);
        }
    }
    return broken;
}
