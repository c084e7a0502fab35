/* SPDX-License-Identifier: MIT */
/* large.c - blocks with a mapping of their own.
 *
 *     row (page-aligned)                                         row + length
 *     | [gap for an alignment] | header | the user's bytes ...      | [guard page, in checking mode] |
 *     <------- before ------->
 *
 * 128 KiB need 131 072 + 16 bytes, so the row is 132 KiB and the pointer row + 0x10. A table of all mapped chunks tells a
 * good pointer from a wild one without touching it. It is a hash table with linear probing; the first FEW need no memory.
 *
 * free gives the row back at once: one look at /proc/self/maps shows it go. Only where pool.keeps, and the program frees rows of one
 * length for the fourth time in a row, one is kept, up to KEEP_BYTES and for KEEP_CALLS further calls. So a loop over 200 KB
 * makes no system calls.
 */
#include "heap.h"

#define FEW 128
#define KEEP_BYTES ((size_t)1 << 20)
#define KEEP_CALLS 64

int large_lock;
struct gone large_gone;
static struct chunk *few[FEW];
static struct chunk **slots = few;
static size_t capacity = FEW; /* a power of two */
static size_t count;

static struct {
    uintptr_t row; /* 0: none */
    size_t length, since;
} kept;
static size_t calls, last_length, repeated;

static size_t slot_home(const struct chunk *c)
{
    return ((uintptr_t)c / PAGE * SEAL_MIX) >> 32 & (capacity - 1);
}

/* The slot of c, or the empty one where it would go. */
static size_t slot_of(const struct chunk *c)
{
    size_t i = slot_home(c);

    while (slots[i] && slots[i] != c)
        i = (i + 1) & (capacity - 1);
    return i;
}

/* Room for one more: at most three quarters are used, so that probing stays short and ends. */
static bool table_reserve(void)
{
    struct chunk **old = slots;
    size_t old_capacity = capacity;

    if (count + 1 <= capacity / 4 * 3)
        return true;

    size_t new_capacity = capacity == FEW ? PAGE / sizeof(*slots) : 2 * capacity;
    struct chunk **pages = glue_pages_map(new_capacity * sizeof(*slots));

    if (!pages)
        return false;
    slots = pages;
    capacity = new_capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i])
            slots[slot_of(old[i])] = old[i];
    if (old != few)
        glue_pages_unmap(old, old_capacity * sizeof(*old));
    return true;
}

static void table_add(struct chunk *c)
{
    slots[slot_of(c)] = c;
    POKE(count, count + 1);
}

/* Probing stops at an empty slot, so chunks that follow may have to move up into the one that falls free. */
static void table_remove(const struct chunk *c)
{
    size_t hole = slot_of(c);

    for (size_t i = (hole + 1) & (capacity - 1); slots[i]; i = (i + 1) & (capacity - 1))
        if (((i - slot_home(slots[i])) & (capacity - 1)) >= ((i - hole) & (capacity - 1))) {
            slots[hole] = slots[i];
            hole = i;
        }
    slots[hole] = NULL;
    POKE(count, count - 1);
}

static void kept_drop(void)
{
    if (kept.row)
        glue_pages_unmap((void *)kept.row, kept.length);
    kept.row = 0;
}

static void kept_age(void)
{
    if (kept.row && ++calls - kept.since > KEEP_CALLS)
        kept_drop();
}

static bool keep(uintptr_t row, size_t length)
{
    repeated = length == last_length ? repeated + 1 : 1;
    last_length = length;
    if (!pool.keeps || repeated < 4 || length > KEEP_BYTES)
        return false;
    kept_drop();
    kept.row = row;
    kept.length = length;
    kept.since = calls;
    return true;
}

/* A row of this length: the one that was kept, or (then *clean) a fresh one. */
static uintptr_t row_new(size_t length, bool *clean)
{
    uintptr_t row = kept.row;

    kept_age();
    *clean = !kept.row || kept.length != length;
    if (*clean)
        return (uintptr_t)glue_pages_map(length);
    kept.row = 0;
    return row;
}

static size_t length_of(const struct chunk *c)
{
    return c->before + chunk_size(c);
}

void *large_new(size_t bytes, size_t alignment, size_t gap, bool *clean)
{
    size_t guard = gap ? PAGE : 0;
    size_t length = align_up(HEADER + gap + bytes + (gap || alignment > ALIGN ? alignment : 0), PAGE) + guard;
    struct chunk *c = NULL;

    glue_take(&large_lock);

    uintptr_t row = table_reserve() ? row_new(length, clean) : 0;

    if (row) {
        uintptr_t first = align_up(row + HEADER, alignment),
                  last = (row + length - PAGE - bytes) & -alignment;

        c = chunk_of((void *)(gap ? last - gap : first));
        c->before = (uintptr_t)c - row;
        chunk_set(c, length - c->before, USED | MAPPED);
        table_add(c);
    }
    if (row && gap)
        glue_pages_protect((void *)(row + length - PAGE), PAGE, false);
    glue_drop(&large_lock);
    return c ? chunk_user(c) : NULL;
}

void large_put(struct chunk *c)
{
    uintptr_t row = (uintptr_t)c - c->before;
    size_t length = length_of(c);

    glue_take(&large_lock);
    table_remove(c);
    if (!pool.checking)
        gone_note(&large_gone, chunk_user(c), chunk_capacity(c));
    kept_age();
    if (!keep(row, length))
        glue_pages_unmap((void *)row, length);
    glue_drop(&large_lock);
}

struct chunk *large_fit(struct chunk *c, size_t bytes)
{
    size_t gap = c->before;
    size_t old_length = length_of(c);
    size_t new_length = align_up(gap + HEADER + bytes, PAGE);

    if (new_length == old_length)
        return c;
    glue_take(&large_lock);

    uintptr_t row = (uintptr_t)glue_pages_remap((void *)((uintptr_t)c - gap), old_length, new_length);

    if (row) {
        table_remove(c);
        if (row + gap != (uintptr_t)c)
            gone_note(&large_gone, chunk_user(c), old_length - gap - HEADER);
        c = chunk_at(row + gap);
        chunk_set(c, new_length - gap, USED | MAPPED);
        table_add(c);
    }
    glue_drop(&large_lock);
    return row ? c : NULL;
}

bool large_contains(const struct chunk *c)
{
    glue_take(&large_lock);

    bool contains = slots[slot_of(c)] == c;

    glue_drop(&large_lock);
    return contains;
}

bool large_wants(size_t bytes)
{
    return bytes >= pool.mmap_threshold && PEEK(count) < pool.mmap_max;
}

struct chunk *large_next(size_t *at)
{
    while (*at < capacity)
        if (slots[(*at)++])
            return slots[*at - 1];
    return NULL;
}

void large_trim(void)
{
    glue_take(&large_lock);
    kept_drop();
    glue_drop(&large_lock);
}
