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
#include "product.h"

#define EXACT_BINS 62 /* 32, 48, ... 1008 bytes; then eight bins to a doubling */
#define SEARCH 16
#define STEP 16 /* such a part more a large heap grows at once, and may have as its top */
#define FALL_MIN ((size_t)512 * 1024)
#define SHARED_FALL_MIN ((size_t)8 << 20) /* what threads keep is little beside it */
#define SHARED_STEP ((size_t)1 << 20)     /* arenas beside each other take turns at the break in such steps */

struct arena arenas[ARENAS];
unsigned heap_falls;

static unsigned bin_index(size_t size)
{
    if (size < 1024)
        return (unsigned)(size / ALIGN) - 2;

    unsigned doubling = 63 - (unsigned)__builtin_clzl(size);
    unsigned index = EXACT_BINS + (doubling - 10) * 8 + ((size >> (doubling - 3)) & 7);

    return index < BINS ? index : BINS - 1;
}

static bool is_free(const struct chunk *c)
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
        if (!is_free(c->next))
            report_broken("malloc(): unsorted double linked list corrupted", c->next, TEXT(links));
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

    if ((next && (!is_free(next) || next->prev != c)) ||
        (prev ? !is_free(prev) || prev->next != c : a->bins[index] != c))
        report_broken("corrupted double-linked list", c, TEXT(links));
    if (chunk_next(c)->before != chunk_size(c))
        report_broken("corrupted size vs. prev_size", c, TEXT(last_word));
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
    if (index >= BINS)
        return BINS;

    uint64_t bits = a->occupied[index / 64] >> index % 64 << index % 64;

    for (unsigned word = index / 64;;) {
        if (bits)
            return word * 64 + (unsigned)__builtin_ctzl(bits);
        if (++word == BINS / 64)
            return BINS;
        bits = a->occupied[word];
    }
}

static struct chunk *bin_best(const struct arena *a, unsigned index, size_t size)
{
    struct chunk *best = NULL;
    size_t best_size = SIZE_MAX;
    unsigned steps = SEARCH;

    for (struct chunk *c = a->bins[index]; c && steps; c = c->next, steps--) {
        if (!is_free(c))
            report_broken("malloc(): unsorted double linked list corrupted", c, TEXT(links));

        size_t found = chunk_size(c);

        if (found >= size && found < best_size) {
            best = c;
            best_size = found;
            if (found == size)
                break;
        }
    }
    glue_note.searched += SEARCH - steps + (best_size == size);
    return best;
}

static struct chunk *bin_find(const struct arena *a, size_t size)
{
    unsigned index = bin_index(size);
    struct chunk *best = a->bins[index] ? bin_best(a, index, size) : NULL;

    if (best)
        return best;
    index = bin_next(a, index + 1);
    return index < BINS ? bin_best(a, index, size) : NULL;
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
        return chunk_size(a->top) >= bytes + CHUNK_MIN || top_grow(a, bytes);
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
    return chunk_size(a->top) >= bytes + CHUNK_MIN || top_grow(a, bytes);
}

static struct chunk *top_take(struct arena *a, size_t bytes, uintptr_t *clean)
{
    struct chunk *c = a->top;

    *clean = a->fresh;
    top_set(a, (uintptr_t)c + bytes, a->newest->end);
    chunk_set(c, bytes, USED);
    return c;
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

/* `bytes` from c, which is in a bin and large enough; what is left goes back. */
static void take_from(struct arena *a, struct chunk *c, size_t bytes)
{
    size_t size = chunk_size(c);
    size_t clean = c->head & CLEAN;
    struct chunk *next = chunk_next(c);

    bin_remove(a, c);
    if (size - bytes >= CHUNK_MIN) {
        chunk_set(c, bytes, USED);
        put_free(a, chunk_at((uintptr_t)c + bytes), size - bytes, clean);
    } else {
        chunk_set(c, size, USED);
        chunk_set(next, chunk_size(next), next->head & FLAGS & ~PREV_FREE);
    }
}

/* Has the top so many bytes, perhaps after it grew? */
static bool top_ready(struct arena *a, size_t bytes)
{
    if (a->top && !chunk_sealed(a->top))
        report_broken("malloc(): corrupted top size", a->top, TEXT(top_header));
    glue_note_path(TRACE_malloc_path_top); /* unless the break has to move for it */
    return (a->top && chunk_size(a->top) >= bytes + CHUNK_MIN) || top_grow(a, bytes);
}

static struct chunk *take(struct arena *a, size_t bytes, uintptr_t *clean)
{
    struct chunk *c = bin_find(a, bytes);

    if (!c)
        return top_ready(a, bytes) ? top_take(a, bytes, clean) : NULL;
    glue_note_path(chunk_size(c) - bytes >= CHUNK_MIN ? TRACE_malloc_path_split : TRACE_malloc_path_bin);
    *clean = UINTPTR_MAX;
    take_from(a, c, bytes);
    return c;
}

int heap_fill(struct arena *a, size_t bytes, int count, struct block **list)
{
    int got = 0;

    while (got < count) {
        struct chunk *c = bin_find(a, bytes);
        uintptr_t unused;

        if (!c && got && chunk_size(a->top) < bytes + CHUNK_MIN)
            break; /* the heap does not grow for what only may be wanted */
        if (!c && !top_ready(a, bytes))
            break;

        size_t pieces = (c ? chunk_size(c) : chunk_size(a->top) - CHUNK_MIN) / bytes;

        if (pieces > (size_t)(count - got))
            pieces = (size_t)(count - got);
        if (c) {
            glue_note_path(chunk_size(c) - bytes >= CHUNK_MIN ? TRACE_malloc_path_split
                                                              : TRACE_malloc_path_bin);
            take_from(a, c, pieces * bytes);
        } else {
            c = top_take(a, pieces * bytes, &unused);
        }
        got += (int)pieces;

        /* The last one keeps what was too small to be a chunk. The lowest will be the first of the list. */
        uintptr_t at = (uintptr_t)c + (pieces - 1) * bytes;

        chunk_set(chunk_at(at), chunk_size(c) - (pieces - 1) * bytes, USED);
        for (block_push(list, chunk_user(chunk_at(at))); at > (uintptr_t)c;) {
            at -= bytes;
            chunk_set(chunk_at(at), bytes, USED);
            block_push(list, chunk_user(chunk_at(at)));
        }
    }
    return got;
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

/* Where in c the aligned user's bytes would begin: bytes from c's own; what lies before is nothing or a chunk. */
static size_t lead_of(const struct chunk *c, size_t alignment)
{
    size_t lead = align_up((uintptr_t)chunk_user(c), alignment) - (uintptr_t)chunk_user(c);

    return lead != 0 && lead < CHUNK_MIN ? lead + alignment : lead;
}

static struct chunk *cut_aligned(struct arena *a, struct chunk *c, size_t bytes, size_t alignment)
{
    size_t lead = lead_of(c, alignment);

    if (lead) {
        struct chunk *aligned = chunk_at((uintptr_t)c + lead);

        chunk_set(aligned, chunk_size(c) - lead, USED);
        chunk_set(c, lead, USED | (c->head & PREV_FREE));
        heap_put(a, c, lead);
        c = aligned;
    }
    cut(a, c, bytes);
    return c;
}

struct chunk *heap_new(struct arena *a, size_t bytes, size_t alignment, uintptr_t *clean)
{
    struct chunk *c = take(a, alignment > ALIGN ? bytes + alignment + CHUNK_MIN : bytes, clean);

    return c && alignment > ALIGN ? cut_aligned(a, c, bytes, alignment) : c;
}

/* A chunk whose user's bytes are a page, less the head of the next chunk: pages in a row are chunks in a row. */
struct chunk *heap_new_page(struct arena *a)
{
    unsigned end = bin_index(2 * PAGE + CHUNK_MIN);
    unsigned steps = SEARCH;
    uintptr_t unused;

    for (unsigned index = bin_next(a, bin_index(PAGE)); index <= end; index = bin_next(a, index + 1))
        for (struct chunk *c = a->bins[index]; c && steps; c = c->next, steps--) {
            if (!is_free(c))
                report_broken("malloc(): unsorted double linked list corrupted", c, TEXT(links));
            if (lead_of(c, PAGE) + PAGE <= chunk_size(c) &&
                chunk_size(c) - lead_of(c, PAGE) - PAGE != ALIGN) {
                size_t size = chunk_size(c);
                struct chunk *next = chunk_next(c);

                bin_remove(a, c);
                chunk_set(c, size, USED);
                chunk_set(next, chunk_size(next), next->head & FLAGS & ~PREV_FREE);
                return cut_aligned(a, c, PAGE, PAGE);
            }
        }
    if (!a->top && !top_grow(a, CHUNK_MIN))
        return NULL;
    return heap_new(a, PAGE, PAGE, &unused);
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
                      c, TEXT(next_header));
    if (!(c->head & PREV_FREE))
        return;

    const struct chunk *prev = chunk_at((uintptr_t)c - c->before);

    if (!is_free(prev) || chunk_size(prev) != c->before)
        report_broken("corrupted size vs. prev_size while consolidating", c, TEXT(disagree));
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
    size_t flags = c->head & PREV_FREE;

    verify_neighbours(c, next);
    look_at_use(a, size);
    chunk_set(c, size, 0);
    if (flags) {
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
    uintptr_t unused;

    verify_neighbours(c, next);
    if (bytes <= size) {
        cut(a, c, bytes);
        return true;
    }
    if (next == a->top) {
        if (chunk_size(next) < bytes - size + CHUNK_MIN && !top_grow(a, bytes - size))
            return false;
        if (a->top != next)
            return false; /* it grew elsewhere, in another segment */
        top_take(a, bytes - size, &unused);
        chunk_set(next, bytes - size, 0); /* no longer a chunk: must not read as used */
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

const char *heap_broken(const struct arena *a)
{
    size_t chunks = 0, binned = 0, bytes = 0;
    const char *broken = NULL;

    for (const struct segment *s = a->newest; s && !broken; s = s->older) {
        const struct chunk *prev = NULL;

        for (const struct chunk *c = chunk_at(s->start); (uintptr_t)c < s->end && !broken;
             prev = c, c = chunk_next(c)) {
            broken = chunk_broken(s, a, c, prev);
            if (!broken && is_slab(c))
                broken = slab_broken(a, page_find(chunk_user(c)));
            chunks += !(c->head & USED) && c != a->top;
        }
    }
    for (unsigned index = 0; index < BINS && !broken; index++)
        for (const struct chunk *c = a->bins[index], *prev = NULL; c && !broken;
             prev = c, c = c->next, binned++) {
            if (!is_free(c) || c->prev != prev || bin_index(chunk_size(c)) != index ||
                !(a->occupied[index / 64] >> index % 64 & 1))
                broken = "I5: a bin is a doubly linked list of the free chunks of its size, and has its bit";
            bytes += chunk_size(c);
        }
    if (!broken && (binned != chunks || bytes != a->free_bytes))
        broken = "I5: every free chunk except the top is in exactly one bin";
    return broken;
}
