/* SPDX-License-Identifier: MIT */
/* check.c - what a pointer is; the walk over everything, which shows it (heap_walk) and proves it (heap_check).
 *
 * It trusts nothing: before it follows a size or a link it has seen that the target is inside.
 */
#include "heap.h"
#include "malloc/inspect.h"

enum kind block_verify(const char *caller, const void *p)
{
    const struct page *page = page_find(p);
    const struct chunk *c = chunk_of(p);
    bool good;

    if (page && page->class)
        good = slab_holds(page, p);
    else if (page)
        good = page_find(c) && chunk_is_block(c);
    else
        good = large_below(c) == c && chunk_sealed(c) && (chunk_head(c) & FLAGS) == (USED | MAPPED);
    if ((uintptr_t)p % ALIGN != 0 || !good || (page && block_is_cached(p)))
        report_pointer(caller, p);
    return !page ? IS_LARGE : page->class ? IS_SLAB : IS_CHUNK;
}

size_t block_room(enum kind kind, const void *p)
{
    return kind == IS_SLAB ? class_size(page_find(p)) : chunk_capacity(chunk_of(p));
}

/* => the walk ends here */
static bool show(struct walk *walk, const struct chunk *c, bool top)
{
    bool fence = is_fence(c), used = c->head & USED && !fence;
    struct heap_block block = {c, chunk_user(c), chunk_size(c), used ? chunk_capacity(c) : 0,
                               top                ? HEAP_TOP
                               : c->head & MAPPED ? HEAP_MAPPED
                               : used             ? HEAP_USED
                               : fence            ? HEAP_FENCE
                                                  : HEAP_FREE};

    walk->answer = walk->visit ? walk->visit(&block, walk->context) : 0;
    return walk->answer != 0;
}

static const char *chunk_broken(const struct segment *s, const struct arena *a, const struct chunk *c,
                                const struct chunk *prev)
{
    if (!chunk_sealed(c) || c->head & MAPPED)
        return "I1: every header carries its seal";
    if (chunk_size(c) < (c->head & USED ? HEADER : CHUNK_MIN) || chunk_size(c) > s->end - (uintptr_t)c)
        return "I1: a chunk has at least 32 bytes and ends inside its segment";
    if (((c->head & PREV_FREE) != 0) != (prev && !(prev->head & USED)) ||
        (c->head & PREV_FREE && c->before != chunk_size(prev)))
        return "I2: a header says whether the chunk before is free, and then its size stands before the header";
    if (c->head & PREV_FREE && !(c->head & USED))
        return "I3: two free chunks never touch";
    if ((uintptr_t)chunk_next(c) == s->end && (s == a->newest ? c != a->top : !is_fence(c)))
        return "I4: the newest segment ends with the top, every other one with a fence";
    return NULL;
}

static const char *bins_broken(const struct arena *a, size_t chunks)
{
    for (unsigned index = 0; index < BINS; index++)
        for (struct chunk *const *link = &LIST_FIRST(&a->bins[index]), *c; (c = *link);
             link = &LIST_NEXT(c, bin), chunks--)
            if (!chunk_is_free(c) || c->bin.le_prev != link || bin_index(chunk_size(c)) != index ||
                !(a->occupied[index / 64] >> index % 64 & 1))
                return "I5: a bin is a doubly linked list of the free chunks of its size, and has its bit";
    return chunks ? "I5: every free chunk except the top is in exactly one bin" : NULL;
}

static const char *walk_arena(const struct arena *a, struct walk *walk)
{
    const char *broken;
    size_t chunks = 0;

    for (const struct segment *s = a->newest; s; s = s->older)
        for (const struct chunk *c = chunk_at(s->start), *prev = NULL; (uintptr_t)c < s->end;
             prev = c, c = chunk_next(c)) {
            if ((broken = chunk_broken(s, a, c, prev)) || show(walk, c, c == a->top))
                return broken;
            chunks += !(c->head & USED) && c != a->top;
        }
    if (a->newest && (a->fresh < (uintptr_t)a->top + CHUNK_MIN || a->fresh > a->newest->end))
        return "I6: the fresh mark lies inside the top, behind its header";
    return bins_broken(a, chunks);
}

static const char *walk_large(struct walk *walk)
{
    GLUE_HOLD(large_lock);
    for (size_t i = 0; large_rows[i]; i++) {
        const struct chunk *c = large_rows[i];

        if (i == large_hole)
            continue;
        if (!chunk_sealed(c) || (chunk_head(c) & FLAGS) != (USED | MAPPED) ||
            ((uintptr_t)c - c->before) % PAGE != 0 || (c->before + chunk_size(c)) % PAGE != 0)
            return "I7: a mapped chunk is sealed as such and fills its pages";
        if (show(walk, c, false))
            break;
    }
    return NULL;
}

const char *walk_chunks(struct walk *walk)
{
    const char *broken = NULL;

    for (struct arena *a = arenas; a < arenas + pool.used && !broken && !walk->answer; a++) {
        GLUE_HOLD(a->lock);
        broken = walk_arena(a, walk);
    }
    return broken || walk->answer ? broken : walk_large(walk);
}
