/* SPDX-License-Identifier: MIT */
/* check.c - walks everything: shows it (classic_walk), or proves the invariants of README.md (classic_check).
 *
 * classic_check trusts nothing: before it follows a size or a link, it has checked that the target is inside.
 */
#include "bins.h"
#include "malloc/glue.h"
#include "guard.h"
#include "heap.h"
#include "malloc/inspect.h"
#include "map.h"

struct walk {
    int (*visit)(const struct heap_block *block, void *context);
    void *context;
};

static enum heap_state state_of(const struct chunk *c)
{
    if (c == heap.top)
        return HEAP_TOP;
    if (!chunk_is_used(c))
        return HEAP_FREE;
    if (chunk_flags(c) & CHUNK_FENCE)
        return HEAP_FENCE;
    return chunk_flags(c) & CHUNK_MAPPED ? HEAP_MAPPED : HEAP_USED;
}

static int show(const struct chunk *c, void *context)
{
    const struct walk *walk = context;
    enum heap_state state = state_of(c);
    bool in_use = state == HEAP_USED || state == HEAP_MAPPED;
    struct heap_block block = {c, chunk_user(c), chunk_size(c), in_use ? guard_usable(c) : 0, state};

    return walk->visit(&block, walk->context);
}

static int walk_segment(const struct segment *s, struct walk *walk)
{
    for (const struct chunk *c = chunk_at(s->start); (uintptr_t)c < s->end; c = chunk_next(c)) {
        if (!chunk_sealed(c) || chunk_size(c) < CHUNK_HEADER)
            return -1;

        int answer = show(c, walk);

        if (answer)
            return answer;
    }
    return 0;
}

int classic_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    struct walk walk = {visit, context};
    int answer = 0;

    for (const struct segment *s = heap.newest; s && !answer; s = s->older)
        answer = walk_segment(s, &walk);
    if (!answer)
        answer = map_each(show, &walk);
    return answer;
}

static const char *check_chunk(const struct segment *s, const struct chunk *c, const struct chunk *prev)
{
    bool is_fence = chunk_flags(c) & CHUNK_FENCE;

    if (!chunk_sealed(c))
        return "I1: every header carries its seal";
    if (chunk_size(c) < (is_fence ? CHUNK_HEADER : CHUNK_MIN) || chunk_size(c) > s->end - (uintptr_t)c)
        return "I1: a chunk has at least 32 bytes and ends inside its segment";
    if (chunk_prev_is_free(c) != (prev && !chunk_is_used(prev)))
        return "I2: a chunk knows whether the one before it is free";
    if (chunk_prev_is_free(c) && c->prev_size != chunk_size(prev))
        return "I2: the last word of a free chunk is its size";
    if (chunk_prev_is_free(c) && !chunk_is_used(c))
        return "I3: two free chunks never touch";
    if (((uintptr_t)chunk_next(c) == s->end) != (s == heap.newest ? c == heap.top : is_fence))
        return "I4: the newest segment ends with the top, every other one with a fence";
    if (chunk_is_used(c) && !is_fence && guard_broken(c))
        return "I9: the canary of a guarded chunk is whole";
    return NULL;
}

static const char *check_segment(const struct segment *s, size_t *free_chunks)
{
    const struct chunk *prev = NULL;

    for (const struct chunk *c = chunk_at(s->start); (uintptr_t)c < s->end; prev = c, c = chunk_next(c)) {
        const char *broken = check_chunk(s, c, prev);

        if (broken)
            return broken;
        if (!chunk_is_used(c) && c != heap.top)
            ++*free_chunks;
    }
    return NULL;
}

static int check_mapped(const struct chunk *c, void *context)
{
    const char **broken = context;
    bool whole_pages = ((uintptr_t)c - c->prev_size) % GLUE_PAGE == 0 &&
                       (c->prev_size + chunk_size(c)) % GLUE_PAGE == 0;

    if (!chunk_sealed(c) || chunk_flags(c) & CHUNK_FENCE || state_of(c) != HEAP_MAPPED || !whole_pages)
        *broken = "I8: a mapped chunk is sealed as such and fills its pages";
    else if (guard_broken(c))
        *broken = "I9: the canary of a guarded chunk is whole";
    return *broken != NULL;
}

const char *classic_check(void)
{
    const char *broken = NULL;
    size_t free_chunks = 0;
    size_t binned;

    for (const struct segment *s = heap.newest; s; s = s->older) {
        broken = check_segment(s, &free_chunks);
        if (broken)
            return broken;
    }
    if (heap.newest && (heap.fresh < (uintptr_t)heap.top + CHUNK_HEADER || heap.fresh > heap.newest->end))
        return "I7: the fresh mark lies inside the top, behind its header";
    broken = bins_check(&binned);
    if (broken)
        return broken;
    if (binned != free_chunks)
        return "I5: every free chunk except the top is in exactly one bin";
    map_each(check_mapped, &broken);
    return broken;
}
