/* SPDX-License-Identifier: MIT */
/* large.c - blocks with a mapping of their own.
 *
 *     row (page-aligned)                                         row + length
 *     | [gap for an alignment] | header | the user's bytes ...      | [guard page, in checking mode] |
 *     <------- before ------->
 *
 * 128 KiB need 131 072 + 16 bytes, so the row is 132 KiB and the pointer row + 0x10. All mapped chunks stand in an array, sorted by
 * address: it tells a good pointer from a wild one without touching it. It goes down because Linux places rows so, each new
 * one mostly behind all others. Where one went stays a hole until the next one goes: mostly a new one comes to lie there. It has
 * place for as many as M_MMAP_MAX begins with and as Linux lets a process have; who asks for more gets them from the heap.
 *
 * free gives the row back at once: one look at /proc/self/maps shows it go. Who frees row after row gets blocks of such lengths from the
 * heap then, which faults in nothing anew: from the FREES-th on, and up to ADAPT_MOST bytes, mmap_threshold grows to the row's length
 * and trim_threshold to a little more. glibc does that from the first on, to 32 MiB (mallopt(3), M_MMAP_THRESHOLD); as there, not once
 * somebody has set a parameter.
 */
#include <string.h>

#include "heap.h"

#define ROWS ((size_t)65536)
#define FREES 8
#define ADAPT_MOST ((size_t)32 << 20)

int large_lock;
struct gone large_gone;
struct chunk *large_rows[ROWS + 1];
size_t large_hole = NO_HOLE;
static size_t count;
static unsigned frees;

/* The first chunk that begins at p or below. */
static size_t index_of(const void *p)
{
    size_t low = 0, high = count + (large_hole != NO_HOLE);

    while (low < high) {
        size_t middle = (low + high) / 2;

        if ((uintptr_t)large_rows[middle] > (uintptr_t)p)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void row_add(uintptr_t row, size_t gap, size_t length)
{
    struct chunk *c = chunk_at(row + gap);
    size_t index = index_of(c), hole = large_hole == NO_HOLE ? count : large_hole;

    c->before = gap;
    chunk_set(c, length - gap, USED | MAPPED);
    if (hole < index) { /* what stands between moves into it */
        index--;
        memmove(&large_rows[hole], &large_rows[hole + 1], (index - hole) * sizeof(*large_rows));
    } else {
        memmove(&large_rows[index + 1], &large_rows[index], (hole - index) * sizeof(*large_rows));
    }
    large_rows[index] = c;
    large_hole = NO_HOLE;
    POKE(count, count + 1);
}

static void row_remove(const struct chunk *c)
{
    size_t hole = large_hole;

    if (hole != NO_HOLE)
        memmove(&large_rows[hole], &large_rows[hole + 1], (count + 1 - hole) * sizeof(*large_rows));
    large_hole = NO_HOLE; /* index_of looks at one entry more while there is one */
    large_hole = index_of(c);
    POKE(count, count - 1);
}

static size_t length_of(const struct chunk *c)
{
    return c->before + chunk_size(c);
}

void *large_new(size_t bytes, size_t alignment, size_t gap)
{
    size_t guard = gap ? PAGE : 0;
    size_t length = align_up(HEADER + gap + bytes + (gap || alignment > ALIGN ? alignment : 0), PAGE) + guard;

    GLUE_HOLD(large_lock);

    uintptr_t row = count < ROWS ? (uintptr_t)glue_pages_map(length) : 0;
    uintptr_t first = align_up(row + HEADER, alignment), last = (row + length - PAGE - bytes) & -alignment;
    uintptr_t p = gap ? last - gap : first;

    if (!row)
        return NULL;
    row_add(row, p - HEADER - row, length);
    if (gap)
        glue_pages_protect((void *)(row + length - PAGE), PAGE, false);
    return (void *)p;
}

void large_put(struct chunk *c)
{
    size_t length = length_of(c);

    GLUE_HOLD(large_lock);
    row_remove(c);
    if (!pool.checking)
        gone_note(&large_gone, chunk_user(c), chunk_capacity(c), 0, 0);
    glue_pages_unmap((void *)((uintptr_t)c - c->before), length);
    if (pool.adapts && ++frees >= FREES && length <= ADAPT_MOST && length > pool.mmap_threshold) {
        POKE(pool.trim_threshold, length + 2 * DEFAULT_LIMIT);
        POKE(pool.mmap_threshold, length);
    }
}

struct chunk *large_fit(struct chunk *c, size_t bytes)
{
    size_t gap = c->before;
    size_t old_length = length_of(c);
    size_t new_length = align_up(gap + HEADER + bytes, PAGE);

    if (new_length == old_length)
        return c;

    GLUE_HOLD(large_lock);
    uintptr_t row = (uintptr_t)glue_pages_remap((void *)((uintptr_t)c - gap), old_length, new_length);

    if (!row)
        return NULL;
    row_remove(c);
    if (row + gap != (uintptr_t)c)
        gone_note(&large_gone, chunk_user(c), old_length - gap - HEADER, 0, 0);
    row_add(row, gap, new_length);
    return chunk_at(row + gap);
}

struct chunk *large_below(const void *p)
{
    size_t index;

    GLUE_HOLD(large_lock);
    index = index_of(p);
    return large_rows[index == large_hole ? index + 1 : index];
}

bool large_wants(size_t bytes)
{
    return bytes >= PEEK(pool.mmap_threshold) && PEEK(count) < pool.mmap_max;
}
