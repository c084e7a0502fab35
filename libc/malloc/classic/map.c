/* SPDX-License-Identifier: MIT */
/* map.c - chunks with a mapping of their own.
 *
 *     row (page-aligned)                                         row + length
 *     | [gap for an alignment] | header | the user's bytes ...      |
 *     <------ prev_size ------>
 *
 * A request of 128 KiB needs 131 072 + 16 bytes, so its row is 132 KiB, and the pointer is row + 0x10. The
 * whole row goes back to the kernel at free: such memory is never kept.
 *
 * A table of all mapped chunks tells a good pointer from a wild one without touching it (the row of a wild
 * one may be gone). It is a hash table with linear probing; the first FEW chunks need no memory for it, so
 * that a program sees exactly one new row for one large malloc.
 *
 * Guarded by the allocator's lock.
 */
#include "map.h"

#include "malloc/glue.h"

#define FEW 128

static struct chunk *few[FEW];
static struct chunk **slots = few;
static size_t capacity = FEW; /* a power of two */
static size_t count;

static size_t slot_home(const struct chunk *c)
{
    return ((uintptr_t)c / GLUE_PAGE * 0x9e3779b97f4a7c15u) >> 32 & (capacity - 1);
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

    size_t new_capacity = capacity == FEW ? GLUE_PAGE / sizeof(*slots) : 2 * capacity;
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
    count++;
}

/* Linear probing stops at an empty slot, so the chunks that follow may have to move up into the one that
 * falls free. */
static void table_remove(struct chunk *c)
{
    size_t hole = slot_of(c);

    for (size_t i = hole;;) {
        i = (i + 1) & (capacity - 1);
        if (!slots[i])
            break;

        size_t from_home = (i - slot_home(slots[i])) & (capacity - 1);
        size_t from_hole = (i - hole) & (capacity - 1);

        if (from_home >= from_hole) {
            slots[hole] = slots[i];
            hole = i;
        }
    }
    slots[hole] = NULL;
    count--;
}

static uintptr_t row_of(const struct chunk *c)
{
    return (uintptr_t)c - c->prev_size;
}

struct chunk *map_take(size_t request, size_t alignment)
{
    size_t slack = alignment > CHUNK_ALIGN ? alignment : 0;
    size_t length = align_up(CHUNK_HEADER + request + slack, GLUE_PAGE);

    if (!table_reserve())
        return NULL;

    uintptr_t row = (uintptr_t)glue_pages_map(length);

    if (!row)
        return NULL;

    struct chunk *c = chunk_at(align_up(row + CHUNK_HEADER, alignment) - CHUNK_HEADER);

    c->prev_size = (uintptr_t)c - row;
    chunk_set(c, length - c->prev_size, CHUNK_USED | CHUNK_MAPPED);
    table_add(c);
    return c;
}

void map_release(struct chunk *c)
{
    table_remove(c);
    glue_pages_unmap((void *)row_of(c), c->prev_size + chunk_size(c));
}

struct chunk *map_resize(struct chunk *c, size_t request)
{
    size_t gap = c->prev_size;
    size_t old_length = gap + chunk_size(c);
    size_t new_length = align_up(gap + CHUNK_HEADER + request, GLUE_PAGE);

    if (new_length == old_length)
        return c;

    uintptr_t row = (uintptr_t)glue_pages_remap((void *)row_of(c), old_length, new_length);

    if (!row)
        return NULL;
    table_remove(c);
    c = chunk_at(row + gap);
    chunk_set(c, new_length - gap, CHUNK_USED | CHUNK_MAPPED);
    table_add(c);
    return c;
}

bool map_contains(const struct chunk *c)
{
    return slots[slot_of(c)] == c;
}

size_t map_count(void)
{
    return count;
}

int map_each(int (*visit)(const struct chunk *c, void *context), void *context)
{
    for (size_t i = 0; i < capacity; i++) {
        int answer = slots[i] ? visit(slots[i], context) : 0;

        if (answer)
            return answer;
    }
    return 0;
}
