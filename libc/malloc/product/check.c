/* SPDX-License-Identifier: MIT */
/* check.c - what a pointer is; walks over everything, which show it (heap_walk) or prove it (heap_check). */
#include "malloc/inspect.h"

#include "product.h"

enum kind block_verify(const char *caller, const void *p)
{
    const struct page *page = page_find(p);
    const struct chunk *c = chunk_of(p);

    if ((uintptr_t)p % ALIGN != 0)
        report_pointer(caller, p);
    if (page && page->class) {
        if (!slab_holds(page, p) || block_is_cached(p))
            report_pointer(caller, p);
        return IS_SLAB;
    }
    if (page) {
        if (!page_find(c) || !chunk_sealed(c) || (chunk_head(c) & (USED | MAPPED | SLAB)) != USED ||
            is_fence(c) || block_is_cached(p))
            report_pointer(caller, p);
        return IS_CHUNK;
    }
    if (nothing_contains(p))
        return IS_NOTHING;
    if (!large_contains(c) || !chunk_sealed(c) || (chunk_head(c) & FLAGS) != (USED | MAPPED))
        report_pointer(caller, p);
    return IS_LARGE;
}

size_t block_room(enum kind kind, const void *p)
{
    if (kind == IS_NOTHING)
        return 0;
    return kind == IS_SLAB ? class_size(page_find(p)) : chunk_capacity(chunk_of(p));
}

struct walk {
    int (*visit)(const struct heap_block *block, void *context);
    void *context;
};

static int show_slab(const struct page *page, const struct walk *walk)
{
    const char *start = page_address(page);
    size_t size = class_size(page);

    for (unsigned i = 0; i <= page->capacity; i++) {
        bool used = i < page->capacity && page->taken[i / 64] >> i % 64 & 1;
        struct heap_block block = {start + i * size, start + i * size,
                                   i < page->capacity ? size : PAGE - i * size, used ? size : 0,
                                   used ? HEAP_USED : HEAP_FREE};
        int answer = walk->visit(&block, walk->context);

        if (answer)
            return answer;
    }
    return 0;
}

static int show(const struct chunk *c, void *context)
{
    const struct walk *walk = context;
    bool used = c->head & USED && !is_fence(c);
    struct heap_block block = {c, chunk_user(c), chunk_size(c), used ? chunk_capacity(c) : 0,
                               c->head & MAPPED ? HEAP_MAPPED
                               : used           ? HEAP_USED
                               : is_fence(c)    ? HEAP_FENCE
                                                : HEAP_FREE};

    return is_slab(c) ? show_slab(page_find(chunk_user(c)), walk) : walk->visit(&block, walk->context);
}

static int walk_arena(const struct arena *a, struct walk *walk)
{
    int answer = 0;

    for (const struct segment *s = a->newest; s && !answer; s = s->older)
        for (const struct chunk *c = chunk_at(s->start); (uintptr_t)c < s->end && !answer;
             c = chunk_next(c)) {
            if (!chunk_sealed(c) || chunk_size(c) < HEADER)
                return -1;
            if (c == a->top) {
                struct heap_block top = {c, chunk_user(c), chunk_size(c), 0, HEAP_TOP};

                answer = walk->visit(&top, walk->context);
            } else {
                answer = show(c, walk);
            }
        }
    return answer;
}

/* What this thread keeps, and what waits for its arena, is given back first: then "used" means the program's, except for what
 * other threads keep. */
int heap_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    struct walk walk = {visit, context};
    int answer = 0;

    cache_arena();
    cache_flush();
    guard_drain();
    for (struct arena *a = arenas; a < arenas + pool.used && !answer; a++) {
        glue_take(&a->lock);
        answer = walk_arena(a, &walk);
        glue_drop(&a->lock);
    }
    glue_take(&large_lock);
    answer = answer ? answer : large_each(show, &walk);
    glue_drop(&large_lock);
    return answer;
}

static int large_broken(const struct chunk *c, void *context)
{
    const char **broken = context;

    if (!chunk_sealed(c) || (chunk_head(c) & FLAGS) != (USED | MAPPED) ||
        ((uintptr_t)c - c->before) % PAGE != 0 || (c->before + chunk_size(c)) % PAGE != 0)
        *broken = "I10: a mapped chunk is sealed as such and fills its pages";
    return *broken != NULL;
}

const char *heap_check(void)
{
    const char *broken = cache_broken();

    for (struct arena *a = arenas; a < arenas + pool.used && !broken; a++) {
        glue_take(&a->lock);
        broken = heap_broken(a);
        glue_drop(&a->lock);
    }
    glue_take(&large_lock);
    if (!broken)
        large_each(large_broken, &broken);
    glue_drop(&large_lock);
    return broken ? broken : guard_damage();
}

/* Around fork: the child has one thread, and inherits no lock that another one held. */
void malloc_lock_all(void)
{
    cache_arena();
    glue_take(&cache_lock);
    glue_take(&depot_lock);
    glue_take(&guard_lock);
    for (struct arena *a = arenas; a < arenas + pool.used; a++)
        glue_take(&a->lock);
    glue_take(&large_lock);
    glue_take(&pool.lock);
}

void malloc_unlock_all(void)
{
    glue_drop(&pool.lock);
    glue_drop(&large_lock);
    for (struct arena *a = arenas; a < arenas + pool.used; a++)
        glue_drop(&a->lock);
    glue_drop(&guard_lock);
    glue_drop(&depot_lock);
    glue_drop(&cache_lock);
}
