/* SPDX-License-Identifier: MIT */
/* api.c - malloc, free and their relatives.
 *
 * The two fast paths are here, whole: no lock, no call. Everything that is not a block coming out of, or going into, one
 * of the thread's lists goes to malloc_more, free_slow and realloc_slow. When somebody watches, every call does: pool.fast, pool.exact and
 * pool.resize are 0 then, so that nobody else pays for the question. The calls are told there (told.h), the lists used as ever.
 */
#include "malloc/interface.h"

#include <errno.h>
#include <string.h>

#include "malloc/told.h"
#include "product.h"

#define SITE ((uintptr_t)__builtin_return_address(0))

static void told_look(const void *p, struct heap_block *block)
{
    if (pool.checking) {
        block->size = guard_room("malloc", p);
        return;
    }

    enum kind kind = block_verify("malloc", p);

    if (kind == IS_NOTHING)
        return;
    block->chunk = kind == IS_SLAB ? p : chunk_of(p);
    block->size = kind == IS_SLAB ? class_size(page_find(p)) : chunk_size(chunk_of(p));
}

static void *out_of_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* From slabs or the heap. *clean: it reads zero, all of it. */
static void *take_small(size_t bytes, size_t alignment, bool *clean)
{
    uintptr_t clean_from;

    *clean = false;
    if (bytes <= SLAB_REQUEST && alignment <= SLAB_REQUEST) /* every block of 64 lies at a multiple */
        return cache_refill(class_of_request(align_up(bytes ? bytes : 1, alignment)));
    if (alignment <= ALIGN && bytes <= CACHED_REQUEST)
        return cache_refill(class_of_request(bytes));

    struct arena *a = cache_arena();

    glue_take(&a->lock);

    struct chunk *c = heap_new(a, chunk_bytes(bytes), alignment, &clean_from);

    glue_drop(&a->lock);
    if (!c)
        return NULL;
    *clean = clean_from <= (uintptr_t)chunk_user(c);
    ((struct block *)chunk_user(c))->check = 0; /* a block that was cached here once may have left its own */
    return chunk_user(c);
}

void *block_new(size_t bytes)
{
    bool clean;

    return take_small(bytes, ALIGN, &clean);
}

static void *take(size_t bytes, size_t alignment, bool *clean)
{
    void *p = NULL;

    if (bytes >= LIMIT || alignment >= LIMIT)
        return NULL;
    if (bytes >= pool.mmap_threshold && large_count() < pool.mmap_max)
        p = large_new(bytes, alignment, clean);
    else if (bytes == 0 && alignment <= ALIGN)
        p = nothing_new();
    return p ? p : take_small(bytes, alignment, clean);
}

static __attribute__((noinline)) void *malloc_slow(size_t bytes, size_t alignment, uintptr_t site)
{
    bool clean;

    cache_arena();

    void *p = pool.checking ? guard_new(bytes, alignment, false, site) : take(bytes, alignment, &clean);

    return p ? p : out_of_memory();
}

static __attribute__((noinline)) void *malloc_told(size_t bytes, size_t alignment, bool zero, uintptr_t site);

static __attribute__((noinline)) void *malloc_more(size_t bytes, uintptr_t site)
{
    if (UNLIKELY(glue_watched) && !told_open)
        return malloc_told(bytes, ALIGN, false, site);

    if (bytes - FAST_REQUEST - 1 < CACHED_REQUEST - FAST_REQUEST && !pool.checking) {
        unsigned class = class_of_request(bytes);

        if (cache.heads[class])
            return cache_pop(class);
    }
    return malloc_slow(bytes, ALIGN, site);
}

void *malloc(size_t bytes)
{
    if (LIKELY(bytes < pool.exact)) {
        size_t class = class_of_words[(bytes + 7) / 8];
        struct block *b = cache.heads[class];

        if (LIKELY(b != NULL)) {
            struct block *next = b->next;

            if (LIKELY((b->check ^ (uintptr_t)next) == link_code(b))) { /* else the slow path says so */
                cache.heads[class] = next;
                cache.rooms[class]++;
                b->check = 0; /* no longer cached */
                return b;
            }
        }
    }
    return malloc_more(bytes, SITE);
}

static __attribute__((noinline)) void free_told(void *p, uintptr_t site);

/* A chunk of the second region, which free itself does not look at: as it would there. */
static bool free_elsewhere(void *p)
{
    const struct page *page = (uintptr_t)p % ALIGN == 0 ? page_elsewhere(p) : NULL;
    const struct chunk *c = chunk_of(p);

    if (!PEEK(pool.fast) || !page || PEEK(page->class) || !page_elsewhere(c) || !chunk_sealed(c) ||
        (chunk_head(c) & (USED | SLAB | MAPPED)) != USED || is_fence(c) || block_is_cached(p))
        return false;
    cache_put_chunk(p);
    return true;
}

/* A pointer that the fast path does not know, or that is wrong. */
static __attribute__((noinline)) void free_slow(void *p, uintptr_t site)
{
    int saved = errno; /* free never changes errno: it stands on error paths */

    if (!p || free_elsewhere(p))
        return;
    if (UNLIKELY(glue_watched) && !told_open) {
        free_told(p, site);
        return;
    }
    cache_arena();
    if (pool.checking) {
        guard_put(p, site);
        errno = saved;
        return;
    }

    enum kind kind = block_verify("free", p);

    if (kind == IS_NOTHING)
        nothing_put(p);
    else if (kind == IS_LARGE)
        large_put(chunk_of(p));
    else if (kind == IS_SLAB)
        cache_put(p, page_find(p)->class);
    else
        cache_put_chunk(p);
    errno = saved;
}

void free(void *p)
{
    size_t offset = (uintptr_t)p - PEEK(pool.regions[0].base);
    size_t class;

    if (!LIKELY(offset < PEEK(pool.fast))) {
        free_slow(p, SITE);
        return;
    }

    const struct page *page = PEEK(pool.regions[0].pages) + offset / PAGE;
    struct block *b = p;

    class = PEEK(page->class);
    if (LIKELY(class != 0)) {
        if (!LIKELY((uint32_t)((uint32_t)((uintptr_t)p % PAGE) * page->magic) < page->magic)) {
            free_slow(p, SITE);
            return;
        }
    } else {
        size_t head = chunk_head(chunk_of(p));

        if (!LIKELY(((head ^ (uintptr_t)p ^ pool.key) * SEAL_MIX) >> 48 == 0 && head & USED)) {
            free_slow(p, SITE);
            return;
        }
        class = head << 16 >> 20;
        if (!LIKELY(class <= FAST_CHUNK / ALIGN)) {
            cache_put_chunk(p);
            return;
        }
        class = class_of_small[class];
    }

    size_t code = link_code(b);

    if (!LIKELY((b->check ^ (uintptr_t)b->next) != code)) { /* it is cached already */
        free_slow(p, SITE);
        return;
    }
    if (!LIKELY(--cache.rooms[class] >= 0)) {
        cache_overflow(b, (unsigned)class);
        return;
    }
    b->next = cache.heads[class];
    b->check = code ^ (uintptr_t)b->next;
    cache.heads[class] = b;
}

static void *new_cleared(size_t total, uintptr_t site)
{
    bool clean = false;
    void *p;

    if (total <= FAST_REQUEST && !pool.checking) {
        p = malloc(total);
    } else {
        cache_arena();
        p = pool.checking ? guard_new(total, ALIGN, true, site) : take(total, ALIGN, &clean);
        if (!p)
            return out_of_memory();
        clean |= pool.checking;
    }
    if (p && !clean)
        memset(p, 0, total);
    return p;
}

void *calloc(size_t number, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(number, bytes, &total))
        return out_of_memory();
    return UNLIKELY(glue_watched) ? malloc_told(total, ALIGN, true, SITE) : new_cleared(total, SITE);
}

/* The block at its new size without copying, NULL if that is not possible or not wise. */
static void *resize_in_place(enum kind kind, void *p, size_t bytes)
{
    size_t room = block_room(kind, p);
    struct chunk *c = chunk_of(p);

    if (kind == IS_LARGE) {
        c = bytes >= pool.mmap_threshold || bytes > room / 2 ? large_fit(c, bytes) : NULL;
        return c ? chunk_user(c) : NULL;
    }
    if (kind != IS_CHUNK)
        return bytes <= room && bytes > room / 2 ? p : NULL;
    if (bytes >= pool.mmap_threshold && bytes > room)
        return NULL; /* it grows into a mapping of its own */
    if (bytes <= room && chunk_bytes(bytes) + ALIGN >= chunk_size(c))
        return p;

    struct arena *a = &arenas[page_find(p)->arena];

    glue_take(&a->lock);

    bool fits = heap_fit(a, c, chunk_bytes(bytes));

    glue_drop(&a->lock);
    return fits ? p : NULL;
}

static void *move(void *p, size_t room, size_t bytes)
{
    void *moved = malloc(bytes);

    if (!moved)
        return NULL;
    memcpy(moved, p, room < bytes ? room : bytes);
    free(p);
    return moved;
}

static __attribute__((noinline)) void *realloc_told(void *p, size_t bytes, uintptr_t site);

static __attribute__((noinline)) void *realloc_slow(void *p, size_t bytes, uintptr_t site)
{
    if (!p)
        return UNLIKELY(glue_watched) ? malloc_told(bytes, ALIGN, false, site) : malloc(bytes);
    if (bytes == 0) {
        if (UNLIKELY(glue_watched))
            free_slow(p, site);
        else
            free(p);
        return NULL;
    }
    if (UNLIKELY(glue_watched) && !told_open)
        return realloc_told(p, bytes, site);
    if (bytes >= LIMIT)
        return out_of_memory();
    if (pool.checking) {
        void *moved = guard_fit(p, bytes, site);

        return moved ? moved : out_of_memory();
    }

    enum kind kind = block_verify("realloc", p);
    void *same = resize_in_place(kind, p, bytes);

    return same ? same : move(p, block_room(kind, p), bytes);
}

/* realloc(p, 0) frees, as glibc does. A slab's block moves here, word by word: it is small, and already verified. */
void *realloc(void *p, size_t bytes)
{
    const struct page *page = page_find(p);

    if (!LIKELY(page && page->class && bytes - 1 < pool.resize && slab_holds(page, p) && !block_is_cached(p)))
        return realloc_slow(p, bytes, SITE);

    size_t room = class_size(page);

    if (bytes <= room && bytes > room / 2)
        return p;

    unsigned class = page->class;
    struct block *from = p, *to = malloc(bytes);

    if (!to)
        return NULL;
    for (size_t left = bytes < room ? align_up(bytes, ALIGN) : room, i = 0; left; left -= ALIGN)
        to[i] = from[i], i++;
    cache_put(p, class);
    return to;
}

void *reallocarray(void *p, size_t number, size_t bytes)
{
    size_t total;

    return __builtin_mul_overflow(number, bytes, &total) ? out_of_memory() : realloc(p, total);
}

static inline void *new_aligned(size_t alignment, size_t bytes, uintptr_t site)
{
    if (alignment & (alignment - 1) || alignment == 0) {
        errno = EINVAL;
        return NULL;
    }
    if (UNLIKELY(glue_watched))
        return malloc_told(bytes, alignment < ALIGN ? ALIGN : alignment, false, site);
    if (alignment <= ALIGN && !pool.checking)
        return malloc(bytes);
    return malloc_slow(bytes, alignment < ALIGN ? ALIGN : alignment, site);
}

void *memalign(size_t alignment, size_t bytes)
{
    return new_aligned(alignment, bytes, SITE);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return new_aligned(alignment, bytes, SITE);
}

int posix_memalign(void **result, size_t alignment, size_t bytes)
{
    int saved = errno;

    if (alignment == 0 || alignment & (alignment - 1) || alignment % sizeof(void *) != 0)
        return EINVAL;

    void *p = new_aligned(alignment, bytes, SITE);

    errno = saved;
    if (!p)
        return ENOMEM;
    *result = p;
    return 0;
}

void *valloc(size_t bytes)
{
    return memalign(PAGE, bytes);
}

void *pvalloc(size_t bytes)
{
    return bytes >= LIMIT ? out_of_memory() : memalign(PAGE, align_up(bytes, PAGE));
}

/* C23: the caller knows what it asked for, so a wrong size is a wrong pointer. */
void free_sized(void *p, size_t bytes)
{
    if (p && bytes > malloc_usable_size(p))
        report_pointer("free_sized", p);
    free(p);
}

void free_aligned_sized(void *p, size_t alignment, size_t bytes)
{
    if (p && (uintptr_t)p & (alignment - 1))
        report_pointer("free_aligned_sized", p);
    free_sized(p, bytes);
}

/* ---- When somebody watches ---- */

static void *malloc_told(size_t bytes, size_t alignment, bool zero, uintptr_t site)
{
    uint32_t op = told_begin(site);
    void *p = zero                 ? new_cleared(bytes, site)
              : alignment <= ALIGN ? malloc_more(bytes, site)
                                   : malloc_slow(bytes, alignment, site);

    if (!bytes && p)
        glue_note.path = TRACE_malloc_path_zero_size;
    told_malloc(op, site, bytes, alignment, p);
    return p;
}

/* A pointer that is not ours ends the program here: then the operation has no end. */
static void free_told(void *p, uintptr_t site)
{
    int saved = errno;
    uint32_t op = told_begin(site);
    struct heap_block block = told_block(p);

    glue_note.act = TRACE_free_act_cache; /* unless the seam says that pages went */
    free_slow(p, site);
    told_free(op, site, p, &block);
    errno = saved;
}

static void *realloc_told(void *p, size_t bytes, uintptr_t site)
{
    uint32_t op = told_begin(site);
    struct heap_block before = told_block(p);
    void *resized = realloc_slow(p, bytes, site);

    told_realloc(op, site, p, &before, resized, bytes);
    return resized;
}

size_t malloc_usable_size(void *p)
{
    if (!p)
        return 0;
    return pool.checking ? guard_room("malloc_usable_size", p)
                         : block_room(block_verify("malloc_usable_size", p), p);
}

int malloc_trim(size_t pad)
{
    bool moved = false;

    cache_arena();
    cache_flush();
    guard_drain();
    large_trim();
    for (struct arena *a = arenas; a < arenas + pool.used; a++) {
        glue_take(&a->lock);
        slabs_trim(a);
        moved |= heap_discard(a);
        moved |= heap_shrink(a, pad < LIMIT ? pad : LIMIT);
        glue_drop(&a->lock);
    }
    return moved;
}

int mallopt(int parameter, int value)
{
    cache_arena();
    return pool_set(parameter, value);
}
