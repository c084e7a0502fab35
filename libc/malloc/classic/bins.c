/* SPDX-License-Identifier: MIT */
/* bins.c - the free chunks of the heap, sorted by size.
 *
 * One doubly linked list a bin, last in first out, and a bitmap that says which bins are not empty:
 *
 *     bin   0    1    2  ...  61 | 62         63         ...  69         70 ...
 *     size  32   48   64 ... 1008| 1024-1151  1152-1279  ...  1920-2047  2048-2303 ...
 *           exact: the first fits| each doubling in eight: the best of the first SEARCH_LIMIT chunks
 *
 * All chunks of a later bin are larger than all chunks of an earlier one. So: search the request's own bin,
 * else the next bin that is not empty, where every chunk fits. The last bin has no upper end.
 *
 * The links lie in memory that the user had and may still write to (use after free): every link is checked to
 * point at a sealed free chunk inside the heap before it is followed.
 *
 * Guarded by the allocator's lock.
 */
#include "bins.h"

#include "heap.h"
#include "malloc/words.h"
#include "report.h"

#define BINS 256
#define EXACT_BINS 62
#define EXACT_END ((size_t)1024)
#define SEARCH_LIMIT 64

static struct chunk *bins[BINS];
static uint64_t occupied[BINS / 64];

static unsigned bin_index(size_t size)
{
    if (size < EXACT_END)
        return (unsigned)(size / CHUNK_ALIGN - CHUNK_MIN / CHUNK_ALIGN);

    unsigned doubling = 63 - (unsigned)__builtin_clzl(size);
    unsigned eighth = (size >> (doubling - 3)) & 7;
    unsigned index = EXACT_BINS + (doubling - 10) * 8 + eighth;

    return index < BINS ? index : BINS - 1;
}

static bool is_free_chunk(const struct chunk *c)
{
    return heap_contains(c) && chunk_sealed(c) && !chunk_is_used(c) && c != heap.top;
}

/* Follows c->next_free (or the bin's first link, c NULL), NULL at the end of the list. */
static struct chunk *bin_step(unsigned index, const struct chunk *c)
{
    struct chunk *next = c ? c->next_free : bins[index];

    if (next && (!is_free_chunk(next) || next->prev_free != c))
        report_damage("malloc(): unsorted double linked list corrupted", c ? c : next, TEXT(links));
    return next;
}

void bin_insert(struct chunk *c)
{
    unsigned index = bin_index(chunk_size(c));

    c->prev_free = NULL;
    c->next_free = bins[index];
    if (c->next_free) {
        bin_step(index, NULL);
        c->next_free->prev_free = c;
    }
    bins[index] = c;
    occupied[index / 64] |= (uint64_t)1 << index % 64;
}

void bin_remove(struct chunk *c)
{
    unsigned index = bin_index(chunk_size(c));
    struct chunk *next = c->next_free;
    struct chunk *prev = c->prev_free;
    bool next_agrees = !next || (is_free_chunk(next) && next->prev_free == c);
    bool prev_agrees = prev ? is_free_chunk(prev) && prev->next_free == c : bins[index] == c;

    if (!next_agrees || !prev_agrees)
        report_damage("corrupted double-linked list", c, TEXT(links));
    if (!chunk_sealed(chunk_next(c)) || chunk_next(c)->prev_size != chunk_size(c))
        report_damage("corrupted size vs. prev_size", c, TEXT(last_word));
    if (next)
        next->prev_free = prev;
    if (prev)
        prev->next_free = next;
    else
        bins[index] = next;
    if (!bins[index])
        occupied[index / 64] &= ~((uint64_t)1 << index % 64);
}

/* The first bin from `index` on that is not empty; BINS if there is none. */
static unsigned bin_next_occupied(unsigned index)
{
    for (unsigned word = index / 64; word < BINS / 64; word++) {
        uint64_t bits = occupied[word];

        if (word == index / 64)
            bits &= ~(uint64_t)0 << index % 64;
        if (bits)
            return word * 64 + (unsigned)__builtin_ctzl(bits);
    }
    return BINS;
}

static struct chunk *bin_best(unsigned index, size_t size)
{
    struct chunk *best = NULL;
    struct chunk *c = bin_step(index, NULL);

    for (unsigned seen = 0; c && seen < SEARCH_LIMIT; seen++) {
        if (chunk_size(c) >= size && (!best || chunk_size(c) < chunk_size(best)))
            best = c;
        if (best && chunk_size(best) == size)
            break;
        c = bin_step(index, c);
    }
    return best;
}

struct chunk *bin_find(size_t size)
{
    unsigned index = bin_index(size);
    struct chunk *best = bin_best(index, size);

    if (best || index + 1 >= BINS)
        return best;
    index = bin_next_occupied(index + 1);
    return index < BINS ? bin_best(index, size) : NULL;
}

const char *bins_check(size_t *count)
{
    *count = 0;
    for (unsigned index = 0; index < BINS; index++) {
        const struct chunk *prev = NULL;
        bool marked = occupied[index / 64] >> index % 64 & 1;

        if (marked != (bins[index] != NULL))
            return "I6: a bin's bit in the bitmap is set exactly when the bin is not empty";
        for (const struct chunk *c = bins[index]; c; prev = c, c = c->next_free, ++*count) {
            if (!is_free_chunk(c) || c->prev_free != prev)
                return "I5: a bin is a doubly linked list of free chunks";
            if (bin_index(chunk_size(c)) != index)
                return "I5: a free chunk is in the bin of its size";
        }
    }
    return NULL;
}
