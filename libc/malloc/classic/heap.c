/* SPDX-License-Identifier: MIT */
/* heap.c - an arena's chunks: boundary tags, bins, best fit, the top, and memory that goes back.
 *
 *     segment start                                             end
 *     | used | free | used | slab page |        top              |
 *                                         ^ from `fresh` on: never written, or discarded; it reads zero
 *
 * new:  the best of the first SEARCH chunks in the request's bin, else of the next bin that is not empty; the rest is split
 *       off. Else a piece of the top; else the top grows by what is missing plus top_pad: first by 0x21000 = 132 KiB.
 * put:  merges at once with free neighbours, so that two never touch; what touches the top becomes part of it.
 * back: a top of trim_threshold bytes and a STEP of what is in use lowers the break to top_pad. When what is in use has fallen by a
 *       quarter from its highest, and again at each further quarter, caches send home what they keep (cache.c), and then all free
 *       runs of DISCARD_MIN bytes or more give their pages back. A part of the heap instead would not do: freed in a random order
 *       blocks leave no free runs before nearly all of them are free. Where use swings, SLACK_MOST bytes at most stay (swing).
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
#define STEP 16 /* such a part more a large heap grows at once, up to STEP_MOST, and may have as its top */
#define STEP_MOST ((size_t)4 << 20) /* each page of it needs a record */
#define DISCARD_MIN ((size_t)16 * 1024)
#define FALL_MIN ((size_t)512 * 1024)
#define SHARED_FALL_MIN ((size_t)8 << 20) /* what threads keep is little beside it */
#define SWINGS 4
#define SWING_MIN ((size_t)640 * 1024)
#define SLACK_MOST ((size_t)32 << 20)
#define SHARED_STEP ((size_t)1 << 20) /* arenas beside each other take turns at the break in such steps */

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
    return page_find(c) && (uintptr_t)c % ALIGN == 0 && chunk_sealed(c) && !(c->head & USED);
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

        for (struct chunk *c = LIST_FIRST(&a->bins[index]); c && least && left--; c = LIST_NEXT(c, bin)) {
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

/* [start, end) becomes a free chunk: the top where the newest segment ends, else one in a bin. No neighbour is free. */
static void free_put(struct arena *a, uintptr_t start, uintptr_t end, size_t clean)
{
    struct chunk *c = chunk_at(start), *next = chunk_at(end);

    chunk_set(c, end - start, clean);
    POKE(a->live, a->live - (end - start));
    if (end == a->newest->end) {
        a->top = c;
        if (a->fresh < start + CHUNK_MIN)
            a->fresh = start + CHUNK_MIN;
        return;
    }
    next->before = end - start;
    if (!(next->head & PREV_FREE))
        chunk_set(next, chunk_size(next), (next->head & FLAGS) | PREV_FREE);

    unsigned index = bin_index(end - start);

    LIST_INSERT_HEAD(&a->bins[index], c, bin);
    a->occupied[index / 64] |= (uint64_t)1 << index % 64;
}

/* The free chunk c is about to be used, or a part of another. */
static void free_take(struct arena *a, struct chunk *c)
{
    POKE(a->live, a->live + chunk_size(c));
    if (c == a->top)
        return;

    unsigned index = bin_index(chunk_size(c));
    struct bin *bin = &a->bins[index];
    struct chunk *next = LIST_NEXT(c, bin), **link = c->bin.le_prev;

    if ((next && (!chunk_is_free(next) || next->bin.le_prev != &LIST_NEXT(c, bin))) ||
        (link != &LIST_FIRST(bin) && !page_find(link)) || *link != c)
        report_broken("corrupted double-linked list", chunk_user(c), TEXT(links));
    if (chunk_next(c)->before != chunk_size(c))
        report_broken("corrupted size vs. prev_size", chunk_user(c), TEXT(last_word));
    LIST_REMOVE(c, bin);
    if (LIST_EMPTY(bin))
        a->occupied[index / 64] &= ~((uint64_t)1 << index % 64);
}

/* [c, end) becomes a used chunk of `bytes`; what follows is free, or its own where it is too little for a chunk. */
static void used_put(struct arena *a, struct chunk *c, size_t bytes, size_t flags, uintptr_t end,
                     size_t clean)
{
    struct chunk *next = chunk_at(end);
    size_t rest = end - (uintptr_t)c - bytes;

    if (rest >= CHUNK_MIN) {
        free_put(a, end - rest, end, clean);
    } else {
        if (!chunk_sealed(next))
            report_broken("corrupted size vs. prev_size", chunk_user(c), TEXT(last_word));
        chunk_set(next, chunk_size(next), next->head & FLAGS & ~PREV_FREE);
        bytes += rest;
    }
    chunk_set(c, bytes, USED | flags);
}

/* Memory that does not continue the newest segment: the old top becomes an ordinary free chunk before a fence. */
static void segment_new(struct arena *a, const struct space *got)
{
    struct segment *s = a->newest ? (struct segment *)got->start : &a->first;
    uintptr_t start = got->start;

    if (a->newest) {
        struct chunk *last = a->top;

        free_take(a, last);
        chunk_set(chunk_at(a->newest->end - HEADER), HEADER, USED);
        if (chunk_size(last) == CHUNK_MIN)
            chunk_set(last, HEADER, USED); /* a fence, too */
        else
            free_put(a, (uintptr_t)last, a->newest->end - HEADER, 0);
        start += align_up(sizeof(*s), ALIGN);
    }
    *s = (struct segment){start, got->end, a->newest};
    a->newest = s;
    a->fresh = got->clean;
    a->live += got->end - start;
    free_put(a, start, got->end, 0);
}

static bool top_grow(struct arena *a, size_t bytes)
{
    uintptr_t end = a->newest ? a->newest->end : 0;
    size_t share = a->live / STEP < STEP_MOST ? a->live / STEP : STEP_MOST;
    size_t pad = pool.top_pad > share ? pool.top_pad : share;
    size_t missing = bytes + pad + CHUNK_MIN;
    struct space got;

    if (a->top && chunk_size(a->top) < missing && pool.used == 1)
        missing -= chunk_size(a->top);
    if (pool.used > 1 && missing < SHARED_STEP)
        missing = SHARED_STEP;
    if (!pool_grow(end, missing, (unsigned)(a - arenas), &got))
        return false;
    if (got.start == end) {
        a->newest->end = got.end;
        chunk_set(a->top, got.end - (uintptr_t)a->top, 0);
    } else {
        segment_new(a, &got);
    }
    return true;
}

/* The top, with room for a chunk of so many bytes and one more, perhaps after it grew; NULL: it cannot. The first step is the same
 * for every small chunk: the pad has room for what lies before an aligned one. */
static struct chunk *top_ready(struct arena *a, size_t bytes, size_t alignment, bool grow)
{
    size_t wanted = alignment > ALIGN ? bytes + alignment + CHUNK_MIN : bytes;

    if (a->top && !chunk_sealed(a->top))
        report_broken("malloc(): corrupted top size", chunk_user(a->top), TEXT(top_header));
    glue_note_path(TRACE_malloc_path_top); /* unless the break has to move for it */
    while (!a->top || chunk_size(a->top) < lead_of(a->top, alignment) + bytes + CHUNK_MIN)
        if (!grow || !top_grow(a, a->top || bytes > PAGE ? wanted : CHUNK_MIN))
            return NULL;
    return a->top;
}

struct chunk *heap_new(struct arena *a, size_t bytes, size_t count, size_t alignment, bool grow,
                       uintptr_t *clean)
{
    struct chunk *c = bin_find(a, bytes, alignment);

    if (!c && !(c = top_ready(a, bytes, alignment, grow)))
        return NULL;

    bool top = c == a->top;
    size_t lead = lead_of(c, alignment), old = c->head & CLEAN;
    size_t room = chunk_size(c) - lead - (top ? CHUNK_MIN : 0);
    struct chunk *taken = chunk_at((uintptr_t)c + lead), *end = chunk_next(c);

    if (clean)
        *clean = top ? a->fresh : UINTPTR_MAX;
    bytes *= count * bytes <= room ? count : room / bytes;
    if (!top)
        glue_note_path(room - bytes >= CHUNK_MIN ? TRACE_malloc_path_split : TRACE_malloc_path_bin);
    free_take(a, c);
    used_put(a, taken, bytes, 0, (uintptr_t)end, old);
    if (lead)
        free_put(a, (uintptr_t)c, (uintptr_t)taken, old);
    return taken;
}

/* Lowers the break, or discards what it cannot lower, until `pad` bytes of the top are left. */
bool heap_shrink(struct arena *a, size_t pad)
{
    uintptr_t end = a->top ? a->newest->end : 0;
    uintptr_t keep = align_up((uintptr_t)a->top + CHUNK_MIN + pad, PAGE);

    if (keep >= end)
        return false;
    if (pool_shrink(end, keep)) {
        a->newest->end = keep;
        chunk_set(a->top, keep - (uintptr_t)a->top, 0);
    } else if (a->fresh <= keep) {
        return false;
    } else {
        glue_pages_discard((void *)keep, end - keep);
    }
    if (a->fresh > keep)
        a->fresh = keep;
    return true;
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

unsigned heap_discard(struct arena *a, unsigned most)
{
    unsigned runs = 0;
    struct chunk *c;

    for (unsigned index = bin_next(a, bin_index(DISCARD_MIN)); index < BINS; index = bin_next(a, index + 1))
        LIST_FOREACH (c, &a->bins[index], bin) {
            uintptr_t start = align_up((uintptr_t)(c + 1), PAGE);
            uintptr_t end = (uintptr_t)chunk_next(c) & ~(PAGE - 1);

            if (c->head & CLEAN || start >= end)
                continue;
            if (runs == most)
                return runs;
            glue_pages_discard((void *)start, end - start);
            chunk_set(c, chunk_size(c), CLEAN);
            runs++;
        }
    a->most = a->live;
    return runs;
}

/* Memory is about to go back, after `peak` bytes were in use. A loop that takes and frees the same each time would only fault it in
 * again: from the fourth time on that use had risen since the last time, so much and a half stays. */
static void swing(struct arena *a, size_t peak)
{
    size_t rise = peak > a->low ? peak - a->low : 0, slack = rise + rise / 2;

    if (rise >= SWING_MIN && ++a->swings >= SWINGS && slack > a->slack)
        a->slack = slack < SLACK_MOST ? slack : SLACK_MOST;
    a->low = a->live;
}

/* `bytes` came back. Is the top too large? Has use fallen by a quarter of what it was at most, or at the last fall? Threads look
 * for that. While others grow the break too it is rarely ours to lower: then only what was written of the top counts. */
static void look_at_use(struct arena *a, size_t bytes, bool top)
{
    size_t share = a->live / STEP;
    size_t idle = pool.used > 1 ? a->fresh - (uintptr_t)a->top : chunk_size(a->top);

    if (top && idle > share + a->slack && idle - share - a->slack >= PEEK(pool.trim_threshold)) {
        swing(a, a->live);
        heap_shrink(a, pool.top_pad + a->slack);
    }
    if (a->most < a->live + bytes)
        a->most = a->live + bytes;
    if (a->live < a->most - a->most / 4 &&
        a->most >= (pool.used > 1 ? SHARED_FALL_MIN : FALL_MIN) + a->slack) {
        swing(a, a->most);
        a->most = a->live;
        __atomic_add_fetch(&heap_falls, 1, __ATOMIC_RELAXED);
    }
}

void heap_put(struct arena *a, struct chunk *c, size_t size)
{
    struct chunk *next = chunk_at((uintptr_t)c + size), *first = c, *end = next;

    verify_neighbours(c, next);
    if (c->head & PREV_FREE) {
        chunk_set(c, size, 0); /* no longer a chunk: must not read as used */
        first = chunk_at((uintptr_t)c - c->before);
        free_take(a, first);
    }
    if (!(next->head & USED)) {
        end = chunk_next(next);
        free_take(a, next);
    }
    free_put(a, (uintptr_t)first, (uintptr_t)end, 0);
    look_at_use(a, size, first == a->top);
}

/* Makes a used chunk `bytes` long without moving it; false: impossible, nothing changed. */
bool heap_fit(struct arena *a, struct chunk *c, size_t bytes)
{
    struct chunk *next = chunk_next(c), *end = next;
    size_t size = chunk_size(c);

    verify_neighbours(c, next);
    if (next == a->top && bytes > size && top_ready(a, bytes - size, ALIGN, true) != next)
        return false; /* or it grew elsewhere, in another segment */
    if (!(next->head & USED))
        end = chunk_next(next);
    if ((uintptr_t)end - (uintptr_t)c < bytes)
        return false;
    if (end != next)
        free_take(a, next);
    used_put(a, c, bytes, c->head & PREV_FREE, (uintptr_t)end, 0);
    if (bytes < size)
        look_at_use(a, size - bytes, chunk_next(c) == a->top);
    return true;
}
