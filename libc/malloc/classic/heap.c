/* SPDX-License-Identifier: MIT */
/* heap.c - chunks of the heap: take one, give one back, change one's length.
 *
 * take:     a free chunk from the bins, its rest split off; else a piece of the top; else the top grows.
 * release:  merges at once with a free neighbour on either side, so that two free chunks never touch; a chunk
 *           that touches the top becomes part of it.
 * resize:   shrinks by splitting, grows into a free neighbour or the top. Never moves.
 *
 * Guarded by the allocator's lock. Where pages come from is top.c's business, which pointers are good
 * malloc.c's.
 */
#include "heap.h"

#include "bins.h"
#include "malloc/words.h"
#include "report.h"

#define FAST_MAX ((size_t)128) /* glibc words an overflow from a chunk up to this size differently */

/* Ends the program if the headers around c disagree with its own. => c is sealed and inside the heap */
static void verify_neighbours(const struct chunk *c)
{
    const struct chunk *next = chunk_next(c);

    if (!chunk_sealed(next) || chunk_prev_is_free(next))
        report_damage(chunk_size(c) <= FAST_MAX ? "free(): invalid next size (fast)"
                                                : "free(): invalid next size (normal)",
                      c, TEXT(next_header));
    if (!chunk_prev_is_free(c))
        return;

    const struct chunk *prev = chunk_prev(c);

    if (!heap_contains(prev) || !chunk_sealed(prev) || chunk_size(prev) != c->prev_size)
        report_damage("corrupted size vs. prev_size while consolidating", c, TEXT(disagree));
}

/* Splits what c has beyond `bytes` off and gives it back, if that is enough for a chunk. */
static void cut(struct chunk *c, size_t bytes)
{
    size_t rest_size = chunk_size(c) - bytes;

    if (rest_size < CHUNK_MIN)
        return;

    struct chunk *rest = chunk_at((uintptr_t)c + bytes);

    chunk_set(c, bytes, chunk_flags(c));
    chunk_set(rest, rest_size, CHUNK_USED);
    heap_release(rest);
}

static struct chunk *take(size_t bytes, uintptr_t *clean)
{
    struct chunk *c = bin_find(bytes);

    if (c) {
        bin_remove(c);
        *clean = (uintptr_t)chunk_user(c) + chunk_capacity(c);
        chunk_set(c, chunk_size(c), CHUNK_USED);
        chunk_announce_used(c);
        cut(c, bytes);
        return c;
    }
    if (heap.top && !chunk_sealed(heap.top))
        report_damage("malloc(): corrupted top size", heap.top, TEXT(top_header));
    if (heap.top && chunk_size(heap.top) >= bytes + CHUNK_MIN)
        return top_take(bytes, clean);
    return top_grow(bytes) ? top_take(bytes, clean) : NULL;
}

/* Takes enough to find an aligned place inside, then gives back what lies before and behind. */
static struct chunk *take_aligned(size_t bytes, size_t alignment, uintptr_t *clean)
{
    struct chunk *c = take(bytes + alignment + CHUNK_MIN, clean);

    if (!c)
        return NULL;

    uintptr_t user = align_up((uintptr_t)chunk_user(c), alignment);
    size_t lead = user - (uintptr_t)chunk_user(c);

    if (lead != 0 && lead < CHUNK_MIN)
        lead += alignment;
    if (lead != 0) {
        struct chunk *aligned = chunk_at((uintptr_t)c + lead);
        size_t size = chunk_size(c) - lead;

        chunk_set(aligned, size, CHUNK_USED);
        chunk_set(c, lead, CHUNK_USED);
        heap_release(c);
        c = aligned;
    }
    cut(c, bytes);
    return c;
}

struct chunk *heap_take(size_t bytes, size_t alignment, uintptr_t *clean)
{
    if (alignment <= CHUNK_ALIGN)
        return take(bytes, clean);
    return take_aligned(bytes, alignment, clean);
}

static void merge_into_top(struct chunk *c, size_t size)
{
    chunk_set(c, size + chunk_size(heap.top), 0);
    heap.top = c;
    if (chunk_size(c) >= heap.trim_threshold)
        top_trim(heap.top_pad);
}

void heap_release(struct chunk *c)
{
    verify_neighbours(c);

    struct chunk *next = chunk_next(c);
    size_t size = chunk_size(c);

    bool merges = chunk_prev_is_free(c);

    chunk_set(c, size, 0);
    if (merges) {
        c = chunk_prev(c);
        bin_remove(c);
        size += chunk_size(c);
    }
    if (next == heap.top) {
        merge_into_top(c, size);
        return;
    }
    if (!chunk_is_used(next)) {
        bin_remove(next);
        size += chunk_size(next);
    }
    chunk_set(c, size, 0);
    chunk_announce_free(c);
    if (!segment_release(c))
        bin_insert(c);
}

static bool extend_into_top(struct chunk *c, size_t missing)
{
    struct chunk *next = heap.top;
    uintptr_t unused;

    if (chunk_size(next) < missing + CHUNK_MIN && !top_grow(missing))
        return false;
    if (heap.top != next)
        return false; /* it grew elsewhere, in another segment */
    top_take(missing, &unused);
    chunk_set(next, missing, 0); /* no longer a chunk: must not read as used */
    chunk_set(c, chunk_size(c) + missing, chunk_flags(c));
    return true;
}

bool heap_resize(struct chunk *c, size_t bytes)
{
    struct chunk *next = chunk_next(c);
    size_t size = chunk_size(c);

    verify_neighbours(c);
    if (bytes <= size) {
        cut(c, bytes);
        return true;
    }
    if (next == heap.top)
        return extend_into_top(c, bytes - size);
    if (chunk_is_used(next) || size + chunk_size(next) < bytes)
        return false;
    bin_remove(next);
    chunk_set(c, size + chunk_size(next), chunk_flags(c));
    chunk_announce_used(c);
    cut(c, bytes);
    return true;
}
