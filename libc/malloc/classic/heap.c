/* SPDX-License-Identifier: MIT */
/* heap.c - an arena's chunks: boundary tags, bins, best fit, the top, and memory that goes back.
 *
 *     segment start                                             end
 *     | used | free | used | slab page |        top              |
 *                                         ^ from `fresh` on: never written, or discarded; it reads zero
 *
 * new:  the best of the first SEARCH chunks in the request's bin, else of the next bin that is not empty; the rest is split
 *       off. Else a piece of the top; else the top grows by what is missing plus top_pad: first by 0x21000 = 132 KiB.
 * put:  merges at once with free neighbours, so that two never touch; what touches the top becomes part of it. Whatever
 *       ceases to be a chunk was sealed as free first: a header that says "used" stands only where a used chunk begins.
 * back: a top of trim_threshold bytes and a STEP of what is in use lowers the break to top_pad. When what is in use has fallen by a
 *       quarter from its highest, and again at each further quarter, caches send home what they keep (cache.c), and then all free
 *       runs of DISCARD_MIN bytes or more give their pages back. A part of the heap instead would not do: freed in a random order
 *       blocks leave no free runs before nearly all of them are free.
 *
 * If the arena's memory does not continue where it ended, a new segment begins. The old top becomes an ordinary free chunk
 * with a fence behind it.
 *
 * The arena's lock is held by all callers.
 */
#include "malloc/words.h"
#include "heap.h"

#define EXACT_BINS 62 /* 32, 48, ... 1008 bytes; then eight bins to a doubling */
#define SEARCH 16
#define STEP 16 /* such a part more a large heap grows at once, and may have as its top */
#define DISCARD_MIN ((size_t)16 * 1024)
#define FALL_MIN ((size_t)512 * 1024)
#define SHARED_FALL_MIN ((size_t)8 << 20) /* what threads keep is little beside it */
#define SHARED_STEP ((size_t)1 << 20)     /* arenas beside each other take turns at the break in such steps */

struct arena arenas[ARENAS] __attribute__((aligned(PAGE))); /* most processes touch one page of it */
unsigned heap_falls;

unsigned bin_index(size_t size)
{
    if (size < 1024)
        return (unsigned)(size / ALIGN) - 2;

    unsigned doubling = 63 - (unsigned)__builtin_clzl(size);
    unsigned index = EXACT_BINS + (doubling - 10) * 8 + ((size >> (doubling - 3)) & 7);

    return index < BINS ? index : BINS - 1;
}

bool chunk_is_free(const struct chunk *c)
{
    return (is_at_break(c) || page_elsewhere(c)) && (uintptr_t)c % ALIGN == 0 && chunk_sealed(c) &&
           !(c->head & USED);
}

static void bin_insert(struct arena *a, struct chunk *c)
{
    unsigned index = bin_index(chunk_size(c));

    c->prev = NULL;
    c->next = a->bins[index];
    if (c->next) {
        if (!chunk_is_free(c->next))
            report_broken("malloc(): unsorted double linked list corrupted", chunk_user(c->next),
                          TEXT(links));
        c->next->prev = c;
    }
    a->bins[index] = c;
    a->occupied[index / 64] |= (uint64_t)1 << index % 64;
    a->free_bytes += chunk_size(c);
}

static void bin_remove(struct arena *a, struct chunk *c)
{
    unsigned index = bin_index(chunk_size(c));
    struct chunk *next = c->next, *prev = c->prev;

    if ((next && (!chunk_is_free(next) || next->prev != c)) ||
        (prev ? !chunk_is_free(prev) || prev->next != c : a->bins[index] != c))
        report_broken("corrupted double-linked list", chunk_user(c), TEXT(links));
    if (chunk_next(c)->before != chunk_size(c))
        report_broken("corrupted size vs. prev_size", chunk_user(c), TEXT(last_word));
    if (next)
        next->prev = prev;
    if (prev)
        prev->next = next;
    else
        a->bins[index] = next;
    if (!a->bins[index])
        a->occupied[index / 64] &= ~((uint64_t)1 << index % 64);
    a->free_bytes -= chunk_size(c);
}

/* The first bin from `index` on that is not empty; BINS if there is none. */
static unsigned bin_next(const struct arena *a, unsigned index)
{
    for (; index < BINS; index = (index | 63) + 1) {
        uint64_t bits = a->occupied[index / 64] >> index % 64;

        if (bits)
            return index + (unsigned)__builtin_ctzl(bits);
    }
    return BINS;
}

/* Where in c the user's bytes would begin at a multiple of `alignment`: bytes from c's own. What lies before is nothing or a
 * chunk. */
static size_t lead_of(const struct chunk *c, size_t alignment)
{
    size_t lead = -(uintptr_t)chunk_user(c) & (alignment - 1);

    return lead != 0 && lead < CHUNK_MIN ? lead + alignment : lead;
}

/* The best of the first SEARCH chunks of the first bin that has any large enough. Where an alignment counts nothing may stay
 * that is too small for a chunk: pages in a row are to become slabs. */
static struct chunk *bin_find(const struct arena *a, size_t size, size_t alignment)
{
    struct chunk *best = NULL;
    size_t least = LIMIT;

    for (unsigned index = bin_next(a, bin_index(size)); !best && index < BINS;
         index = bin_next(a, index + 1)) {
        unsigned left = SEARCH;

        for (struct chunk *c = a->bins[index]; c && least && left--; c = c->next) {
            if (!chunk_is_free(c))
                report_broken("malloc(): unsorted double linked list corrupted", chunk_user(c), TEXT(links));

            size_t spare = chunk_size(c) - lead_of(c, alignment) - size; /* beyond LIMIT: too small */

            if (spare < least && (alignment == ALIGN || spare != ALIGN)) {
                best = c;
                least = spare;
            }
            glue_note.searched++;
        }
    }
    return best;
}

static void top_set(struct arena *a, uintptr_t address, uintptr_t end)
{
    a->top = chunk_at(address);
    chunk_set(a->top, end - address, 0);
    if (a->fresh < address + CHUNK_MIN)
        a->fresh = address + CHUNK_MIN;
}

/* Turns the top into an ordinary free chunk, so that another segment can have the top. */
static void segment_close(struct arena *a)
{
    struct chunk *last = a->top;
    size_t rest = chunk_size(last) - HEADER;
    struct chunk *fence = chunk_at((uintptr_t)last + rest);

    chunk_set(last, rest, USED); /* of HEADER bytes: a fence, too */
    chunk_set(fence, HEADER, USED);
    a->top = NULL;
    if (!is_fence(last))
        heap_put(a, last, rest);
}

static bool top_grow(struct arena *a, size_t bytes)
{
    uintptr_t end = a->newest ? a->newest->end : 0;
    size_t pad = pool.top_pad > a->bytes / STEP ? pool.top_pad : a->bytes / STEP;
    size_t missing = bytes + pad + CHUNK_MIN;
    uintptr_t start, last, clean;

    if (a->top && chunk_size(a->top) < missing && pool.used == 1)
        missing -= chunk_size(a->top);
    if (pool.used > 1 && missing < SHARED_STEP)
        missing = SHARED_STEP;
    if (!pool_grow(end, missing, arena_index(a), &start, &last, &clean))
        return false;
    a->bytes += last - start;
    if (start == end) {
        a->newest->end = last;
        top_set(a, (uintptr_t)a->top, last);
        return true;
    }

    struct segment *s = a->newest ? (struct segment *)start : &a->first;

    if (a->newest) {
        segment_close(a);
        start += sizeof(*s) + sizeof(*s) % ALIGN;
    }
    *s = (struct segment){start, last, a->newest};
    a->newest = s;
    a->fresh = clean;
    top_set(a, start, last);
    return true;
}

/* Makes c, which is free, `size` bytes long and lends what follows to a bin. */
static void put_free(struct arena *a, struct chunk *c, size_t size, size_t clean)
{
    struct chunk *next = chunk_at((uintptr_t)c + size);

    chunk_set(c, size, clean);
    next->before = size;
    if (!(next->head & PREV_FREE))
        chunk_set(next, chunk_size(next), (next->head & FLAGS) | PREV_FREE);
    bin_insert(a, c);
}

/* `bytes` from c + lead, which is in a bin and large enough; what is left goes back. */
static struct chunk *take_from_bin(struct arena *a, struct chunk *c, size_t lead, size_t bytes)
{
    size_t size = chunk_size(c) - lead;
    size_t clean = c->head & CLEAN;
    struct chunk *next = chunk_next(c), *taken = chunk_at((uintptr_t)c + lead);

    bin_remove(a, c);
    if (size - bytes >= CHUNK_MIN) {
        chunk_set(taken, bytes, USED);
        put_free(a, chunk_at((uintptr_t)taken + bytes), size - bytes, clean);
    } else {
        if (!chunk_sealed(next))
            report_broken("corrupted size vs. prev_size", chunk_user(c), TEXT(last_word));
        chunk_set(taken, size, USED);
        chunk_set(next, chunk_size(next), next->head & FLAGS & ~PREV_FREE);
    }
    if (lead)
        put_free(a, c, lead, clean);
    return taken;
}

static struct chunk *take_from_top(struct arena *a, size_t lead, size_t bytes)
{
    struct chunk *c = a->top, *taken = chunk_at((uintptr_t)c + lead);

    top_set(a, (uintptr_t)taken + bytes, a->newest->end);
    chunk_set(taken, bytes, USED);
    if (lead)
        put_free(a, c, lead, 0);
    return taken;
}

/* Has the top a chunk of so many bytes, perhaps after it grew? The first step is the same for every small chunk: the pad has room
 * for what lies before an aligned one. */
static bool top_ready(struct arena *a, size_t bytes, size_t alignment, bool grow)
{
    size_t wanted = alignment > ALIGN ? bytes + alignment + CHUNK_MIN : bytes;

    if (a->top && !chunk_sealed(a->top))
        report_broken("malloc(): corrupted top size", chunk_user(a->top), TEXT(top_header));
    glue_note_path(TRACE_malloc_path_top); /* unless the break has to move for it */
    while (!a->top || chunk_size(a->top) < lead_of(a->top, alignment) + bytes + CHUNK_MIN)
        if (!grow || !top_grow(a, a->top || bytes > PAGE ? wanted : CHUNK_MIN))
            return false;
    return true;
}

/* Makes chunks of `bytes` of one, the last of which keeps what is too small for another. */
static void split(struct chunk *c, size_t bytes, int pieces)
{
    size_t rest = chunk_size(c);

    for (; pieces > 1; pieces--, rest -= bytes, c = chunk_at((uintptr_t)c + bytes))
        chunk_set(c, bytes, USED);
    chunk_set(c, rest, USED);
}

struct chunk *heap_new(struct arena *a, size_t bytes, size_t alignment, bool grow, int *count,
                       uintptr_t *clean)
{
    struct chunk *c = bin_find(a, bytes, alignment);
    bool binned = c != NULL;

    if (!binned && !top_ready(a, bytes, alignment, grow))
        return NULL;
    *clean = binned ? UINTPTR_MAX : a->fresh;
    if (!binned)
        c = a->top;

    size_t lead = lead_of(c, alignment);
    size_t room = chunk_size(c) - lead - (binned ? 0 : CHUNK_MIN);

    if ((size_t)*count * bytes > room)
        *count = (int)(room / bytes);

    size_t all = (size_t)*count * bytes;

    if (binned)
        glue_note_path(room - all >= CHUNK_MIN ? TRACE_malloc_path_split : TRACE_malloc_path_bin);
    c = binned ? take_from_bin(a, c, lead, all) : take_from_top(a, lead, all);
    if (*count > 1) /* then there is no lead */
        split(c, bytes, *count);
    return c;
}

/* Splits what a used chunk has beyond `bytes` off and gives it back, if that is enough for a chunk. */
static void cut(struct arena *a, struct chunk *c, size_t bytes)
{
    size_t rest = chunk_size(c) - bytes;

    if (rest < CHUNK_MIN)
        return;
    chunk_set(c, bytes, c->head & FLAGS);
    c = chunk_at((uintptr_t)c + bytes);
    chunk_set(c, rest, USED);
    heap_put(a, c, rest);
}

/* Lowers the break, or discards what it cannot lower, until `pad` bytes of the top are left. */
bool heap_shrink(struct arena *a, size_t pad)
{
    if (!a->top || chunk_size(a->top) <= CHUNK_MIN + pad)
        return false;

    uintptr_t end = a->newest->end;
    uintptr_t keep = align_up((uintptr_t)a->top + CHUNK_MIN + pad, PAGE);

    if (keep >= end)
        return false;
    if (pool_shrink(end, end - keep)) {
        a->bytes -= end - keep;
        a->newest->end = keep;
        top_set(a, (uintptr_t)a->top, keep);
    } else if (a->fresh <= keep) {
        return false;
    } else {
        glue_pages_discard((void *)keep, end - keep);
    }
    if (a->fresh > keep)
        a->fresh = keep;
    return true;
}

static void merge_into_top(struct arena *a, struct chunk *c, size_t size)
{
    chunk_set(c, size + chunk_size(a->top), 0);
    a->top = c;
    /* While others grow the break too it is rarely ours to lower: then only what was written counts. */
    size_t idle = pool.used > 1 ? a->fresh - (uintptr_t)c : chunk_size(c);

    if (idle > a->live / STEP && idle - a->live / STEP >= pool.trim_threshold)
        heap_shrink(a, pool.top_pad);
}

/* Ends the program if the headers around c disagree with its own. => c is sealed */
static void verify_neighbours(const struct chunk *c, const struct chunk *next)
{
    if (!page_find(next) || !chunk_sealed(next) || next->head & PREV_FREE)
        report_broken(chunk_size(c) <= 128 ? "free(): invalid next size (fast)"
                                           : "free(): invalid next size (normal)",
                      chunk_user(c), TEXT(next_header));
    if (!(c->head & PREV_FREE))
        return;

    const struct chunk *prev = chunk_at((uintptr_t)c - c->before);

    if (!chunk_is_free(prev) || chunk_size(prev) != c->before)
        report_broken("corrupted size vs. prev_size while consolidating", chunk_user(c), TEXT(disagree));
}

static bool discard(struct chunk *c)
{
    uintptr_t start = align_up((uintptr_t)(c + 1), PAGE);
    uintptr_t end = (uintptr_t)chunk_next(c) & ~(PAGE - 1);

    if (c->head & CLEAN || start >= end)
        return false;
    glue_pages_discard((void *)start, end - start);
    chunk_set(c, chunk_size(c), CLEAN);
    return true;
}

static size_t live(const struct arena *a)
{
    return a->bytes - a->free_bytes - (a->top ? chunk_size(a->top) : 0);
}

bool heap_discard(struct arena *a)
{
    bool any = false;

    for (unsigned index = bin_next(a, bin_index(DISCARD_MIN)); index < BINS; index = bin_next(a, index + 1))
        for (struct chunk *c = a->bins[index]; c; c = c->next)
            any |= discard(c);
    a->most = live(a);
    return any;
}

/* `bytes` are coming back. Has use fallen by a quarter of what it was at most, or at the last fall? Threads look for that. */
static void look_at_use(struct arena *a, size_t bytes)
{
    size_t used = live(a);

    if (used > a->most)
        a->most = used;
    used -= bytes;
    POKE(a->live, used);
    if (used < a->most - a->most / 4 && a->most >= (pool.used > 1 ? SHARED_FALL_MIN : FALL_MIN)) {
        a->most = used;
        __atomic_add_fetch(&heap_falls, 1, __ATOMIC_RELAXED);
    }
}

void heap_put(struct arena *a, struct chunk *c, size_t size)
{
    struct chunk *next = chunk_at((uintptr_t)c + size);

    verify_neighbours(c, next);
    look_at_use(a, size);
    if (c->head & PREV_FREE) {
        chunk_set(c, size, 0); /* no longer a chunk: must not read as used */
        c = chunk_at((uintptr_t)c - c->before);
        bin_remove(a, c);
        size += chunk_size(c);
    }
    if (next == a->top) {
        merge_into_top(a, c, size);
        return;
    }
    if (!(next->head & USED)) {
        bin_remove(a, next);
        size += chunk_size(next);
    }
    put_free(a, c, size, 0);
}

/* Makes a used chunk `bytes` long without moving it; false: impossible, nothing changed. */
bool heap_fit(struct arena *a, struct chunk *c, size_t bytes)
{
    struct chunk *next = chunk_next(c);
    size_t size = chunk_size(c);

    verify_neighbours(c, next);
    if (bytes <= size) {
        cut(a, c, bytes);
        return true;
    }
    if (next == a->top) {
        if (!top_ready(a, bytes - size, ALIGN, true) || a->top != next)
            return false; /* or it grew elsewhere, in another segment */
        top_set(a, (uintptr_t)c + bytes, a->newest->end);
        chunk_set(c, bytes, c->head & FLAGS);
        return true;
    }
    if (next->head & USED || size + chunk_size(next) < bytes)
        return false;
    bin_remove(a, next);
    chunk_set(c, size + chunk_size(next), c->head & FLAGS);
    next = chunk_next(c);
    chunk_set(next, chunk_size(next), next->head & FLAGS & ~PREV_FREE);
    cut(a, c, bytes);
    return true;
}
