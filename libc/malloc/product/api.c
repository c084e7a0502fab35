/* SPDX-License-Identifier: MIT */
/* api.c - malloc and free: the fast paths, and which part of the allocator has a block.
 *
 * The two fast paths are here, whole: no lock, no call. Everything that is not a block coming out of, or going into, one of the
 * thread's lists goes through malloc.c to block_new and block_put. When somebody watches, or in checking mode, every call does:
 * pool.fast and pool.most are 0 then, so that nobody else pays for the question.
 */
#include <limits.h>
#include <string.h>

#include "malloc/blocks.h"
#include "malloc/interface.h"
#include "product.h"

/* What has an alignment, or is larger than lists take: the first of its list if that happens to be aligned, which it is if it was so before;
 * else a chunk from the arena. *clean: it reads zero, all of it. */
static void *chunk_new(struct arena *a, size_t bytes, size_t alignment, bool *clean)
{
    size_t class = bytes <= CACHED_REQUEST ? class_of_request(bytes) : 0;
    struct block *b = cache.heads[class];
    uintptr_t clean_from;
    struct chunk *c;

    if (b && (uintptr_t)b % alignment == 0 && block_is_cached(b)) {
        glue_note_path(TRACE_malloc_path_cache);
        return cache_pop(class);
    }

    GLUE_HOLD(a->lock);
    c = heap_new(a, chunk_for(bytes), 1, alignment, true, &clean_from);
    if (!c)
        return NULL;
    *clean = clean_from <= (uintptr_t)chunk_user(c);
    ((struct block *)chunk_user(c))->check = 0; /* a block that was cached here once may have left its own */
    return chunk_user(c);
}

void *block_new(size_t bytes, size_t alignment, bool zero, uintptr_t site)
{
    struct arena *a = cache_arena();
    size_t whole = align_up(bytes ? bytes : 1, alignment); /* every block of 64 lies at a multiple */
    bool clean = false;
    void *p = bytes == 0 && alignment <= ALIGN ? nothing_new() : NULL;

    if (p)
        return p;
    if (pool.checking)
        return guard_new(bytes, alignment, zero, site);
    if (large_wants(bytes))
        p = large_new(bytes, alignment, 0);
    if (p)
        return p;
    p = whole <= SLAB_REQUEST                           ? cache_refill(class_of_request(whole))
        : alignment <= ALIGN && bytes <= CACHED_REQUEST ? cache_refill(class_of_request(bytes))
                                                        : chunk_new(a, bytes, alignment, &clean);
    return p && zero && !clean ? memset(p, 0, bytes) : p;
}

void *malloc(size_t bytes)
{
    size_t class;
    void *p = cache_take(bytes, &class);

    if (LIKELY(p))
        return p;
    if (class && !cache.heads[class] &&
        bytes < PEEK(pool.mmap_threshold)) /* it gets no address that faults, and no mapping */
        return cache_refill(class);
    return malloc_call(bytes, ALIGN, false, SITE);
}

void *calloc(size_t number, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(number, bytes, &total))
        return no_memory();
    if (total - 1 >= pool.most)
        return malloc_call(total, ALIGN, true, SITE);

    void *p = malloc(total);

    return p ? memset(p, 0, total) : NULL;
}

/* A pointer that the fast path does not know, or that is wrong. */
void block_put(void *p, uintptr_t site)
{
    cache_arena();
    glue_note.act = TRACE_free_act_cache; /* unless the seam says that pages went */
    if (nothing_contains(p)) {
        nothing_put(p);
        return;
    }
    if (pool.checking) {
        guard_put(p, site);
        return;
    }

    enum kind kind = block_verify("free", p);

    if (kind == IS_LARGE)
        large_put(chunk_of(p));
    else if (kind == IS_SLAB)
        cache_put(p, page_find(p)->class);
    else
        cache_put(p, class_of_chunk(chunk_size(chunk_of(p))));
}

/* The class whose list takes p at once; 0: more has to be looked at. */
static inline size_t quick_class(const void *p)
{
    size_t offset = (uintptr_t)p - PEEK(pool.regions[0].base), class;

    if (LIKELY(offset < PEEK(pool.fast))) {
        class = PEEK(class_of_page[offset / PAGE]);
    } else { /* behind the first GiB, or in the second region */
        const struct page *page = pool.most ? page_find(p) : NULL;

        if (!page)
            return 0;
        class = page->class;
    }
    if (LIKELY(class != 0))
        return LIKELY((uint32_t)((uint32_t)((uintptr_t)p % PAGE) * class_magic[class]) < class_magic[class])
                   ? class
                   : 0;

    size_t head = chunk_head(chunk_of(p));

    if (!LIKELY(((head ^ (uintptr_t)p ^ chunk_key) * SEAL_MIX & SEAL_OR_FREE) == 0))
        return 0;
    return class_of_chunk(head << 16 >> 16 & ~FLAGS);
}

/* => quick_class says so */
static inline size_t quick_room(size_t class, const void *p)
{
    return class <= SLAB_CLASSES ? class * ALIGN : chunk_capacity(chunk_of(p));
}

void free(void *p)
{
    size_t class = quick_class(p);

    if (LIKELY(class && !block_is_cached(p)))
        cache_put(p, class);
    else
        free_call(p, SITE);
}

/* C++'s delete calls this one. */
void free_sized(void *p, size_t bytes)
{
    size_t class = quick_class(p);

    if (LIKELY(class && bytes <= quick_room(class, p) && !block_is_cached(p)))
        cache_put(p, class);
    else
        free_said("free_sized", p, 1, bytes, SITE);
}

size_t malloc_usable_size(void *p)
{
    size_t class = quick_class(p);

    if (LIKELY(class && !block_is_cached(p)))
        return quick_room(class, p);
    return p ? block_look("malloc_usable_size", p).usable : 0;
}

/* The block at its new size without copying, NULL if that is not possible or not wise. */
static inline void *resize_in_place(enum kind kind, void *p, size_t bytes, size_t room)
{
    struct chunk *c = chunk_of(p);

    if (kind == IS_LARGE) {
        c = bytes >= PEEK(pool.mmap_threshold) || bytes > room / 2 ? large_fit(c, bytes) : NULL;
        return c ? chunk_user(c) : NULL;
    }
    if (kind == IS_SLAB)
        return bytes <= room && bytes > room / 2 ? p : NULL;
    if (bytes >= PEEK(pool.mmap_threshold) && bytes > room)
        return NULL; /* it grows into a mapping of its own */
    if (bytes <= room && chunk_for(bytes) + ALIGN >= chunk_size(c))
        return p;

    struct arena *a = &arenas[page_find(p)->arena];

    GLUE_HOLD(a->lock);
    return heap_fit(a, c, chunk_for(bytes)) ? p : NULL;
}

/* The block elsewhere, with what it had: `room` bytes at most. */
static void *move(void *p, size_t bytes, size_t room)
{
    void *moved = malloc(bytes);

    if (!moved)
        return NULL;
    memcpy(moved, p, room < bytes ? room : bytes);
    free(p);
    return moved;
}

static inline void *resize(enum kind kind, void *p, size_t bytes, size_t room)
{
    void *same = resize_in_place(kind, p, bytes, room);

    return same ? same : move(p, bytes, room);
}

void *block_fit(void *p, size_t bytes, uintptr_t site)
{
    if (nothing_contains(p))
        return move(p, bytes, 0);
    if (pool.checking)
        return guard_fit(p, bytes, site);

    enum kind kind = block_verify("realloc", p);

    return resize(kind, p, bytes, block_room(kind, p));
}

void *realloc(void *p, size_t bytes)
{
    size_t class = quick_class(p);

    if (LIKELY(class && bytes - 1 < pool.most && !block_is_cached(p))) {
        if (class_of_request(bytes) == class)
            return p;
        return resize(class <= SLAB_CLASSES ? IS_SLAB : IS_CHUNK, p, bytes, quick_room(class, p));
    }
    if (!p && pool.most) /* some programs, lua among them, call nothing else */
        return malloc(bytes);
    return realloc_call(p, bytes, SITE);
}

struct heap_block block_look(const char *caller, const void *p)
{
    struct heap_block block = {.user = p};

    if (nothing_contains(p))
        return block;
    if (pool.checking) {
        block.size = block.usable = guard_room(caller, p);
        return block;
    }

    enum kind kind = block_verify(caller, p);

    block.chunk = kind == IS_SLAB ? p : chunk_of(p);
    block.usable = block_room(kind, p);
    block.size = kind == IS_SLAB ? block.usable : chunk_size(chunk_of(p));
    return block;
}

int malloc_trim(size_t pad)
{
    bool moved = false;

    cache_arena();
    cache_flush();
    guard_drain();
    for (struct arena *a = arenas; a < arenas + pool.used; a++) {
        GLUE_HOLD(a->lock);
        slabs_trim(a);
        moved |= heap_discard(a, UINT_MAX) != 0;
        moved |= heap_shrink(a, pad < LIMIT ? pad : LIMIT);
    }
    return moved;
}

int mallopt(int parameter, int value)
{
    cache_arena();
    return pool_set(parameter, value);
}

/* What this thread keeps is given back first: then "used" means the program's, except for what other threads keep. */
int heap_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    struct walk theirs = {visit, context, 0}, walk = {slab_show, &theirs, 0};

    cache_arena();
    cache_flush();
    guard_drain();
    return walk_chunks(&walk) ? -1 : walk.answer;
}

const char *heap_check(void)
{
    const char *slab = NULL, *broken = cache_broken();
    struct walk walk = {slab_broken, &slab, 0};

    broken = broken ? broken : walk_chunks(&walk);
    broken = broken ? broken : slab;
    return broken ? broken : guard_damage();
}

/* Around fork: the child has one thread, and inherits no lock that another one held. */
static void each_lock(void (*act)(int *word))
{
    act(&cache_lock);
    act(&guard_lock);
    for (struct arena *a = arenas; a < arenas + pool.used; a++)
        act(&a->lock);
    act(&large_lock);
    act(&pool.lock);
}

void malloc_lock_all(void)
{
    cache_arena();
    each_lock(glue_take);
}

void malloc_unlock_all(void)
{
    each_lock(glue_drop);
}
