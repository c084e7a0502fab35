/* SPDX-License-Identifier: MIT */
/* large.c - blocks with a mapping of their own, and blocks of no bytes.
 *
 *     row (page-aligned)                                         row + length
 *     | [gap for an alignment] | header | the user's bytes ...      | [guard page, in checking mode] |
 *     <------- before ------->
 *
 * 128 KiB need 131 072 + 16 bytes, so the row is 132 KiB and the pointer row + 0x10. A table of all mapped chunks tells a
 * good pointer from a wild one without touching it. It is a hash table with linear probing; the first FEW need no memory.
 *
 * free gives the row back at once, unless the program does so again and again: who takes and frees rows of one length for
 * the fourth time gets it kept, up to KEEP_BYTES and for KEEP_CALLS further calls. So a loop over 200 KB makes no system
 * calls, and one look at free in /proc/self/maps shows the row go.
 *
 * malloc(0) gives addresses in pages that nobody may touch: each another one, and a use of it faults.
 */
#include "product.h"

#define FEW 128
#define KEEP 4
#define KEEP_BYTES ((size_t)1 << 20)
#define KEEP_CALLS 64
#define NOTHINGS 4096

int large_lock;
static struct chunk *few[FEW];
static struct chunk **slots = few;
static size_t capacity = FEW; /* a power of two */
static size_t count;

static struct {
    uintptr_t row;
    size_t length, since;
} kept[KEEP];
static size_t kept_bytes, calls, last_length, repeated;

static char *nothings; /* NOTHINGS addresses, ALIGN apart */
static uint64_t nothing_taken[NOTHINGS / 64];
static unsigned nothing_next;

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

static void kept_drop(unsigned i)
{
    if (!kept[i].row)
        return;
    glue_pages_unmap((void *)kept[i].row, kept[i].length);
    kept_bytes -= kept[i].length;
    kept[i].row = 0;
}

static void kept_age(void)
{
    calls++;
    for (unsigned i = 0; kept_bytes && i < KEEP; i++)
        if (calls - kept[i].since > KEEP_CALLS)
            kept_drop(i);
}

static bool keep(uintptr_t row, size_t length)
{
    repeated = length == last_length ? repeated + 1 : 1;
    last_length = length;
    if (repeated < 4 || kept_bytes + length > KEEP_BYTES)
        return false;
    for (unsigned i = 0; i < KEEP; i++)
        if (!kept[i].row) {
            kept[i].row = row;
            kept[i].length = length;
            kept[i].since = calls;
            kept_bytes += length;
            return true;
        }
    return false;
}

/* A row of this length: one that was kept, or (then *clean) a fresh one. */
static uintptr_t row_new(size_t length, bool *clean)
{
    kept_age();
    for (unsigned i = 0; kept_bytes && i < KEEP; i++)
        if (kept[i].row && kept[i].length == length) {
            uintptr_t row = kept[i].row;

            kept[i].row = 0;
            kept_bytes -= length;
            *clean = false;
            return row;
        }
    *clean = true;
    return (uintptr_t)glue_pages_map(length);
}

static size_t length_of(const struct chunk *c)
{
    return c->before + chunk_size(c);
}

void *large_new(size_t bytes, size_t alignment, bool *clean)
{
    size_t length = align_up(HEADER + bytes + (alignment > ALIGN ? alignment : 0), PAGE);
    struct chunk *c = NULL;

    glue_take(&large_lock);

    uintptr_t row = table_reserve() ? row_new(length, clean) : 0;

    if (row) {
        c = chunk_at(align_up(row + HEADER, alignment) - HEADER);
        c->before = (uintptr_t)c - row;
        chunk_set(c, length - c->before, USED | MAPPED);
        table_add(c);
    }
    glue_drop(&large_lock);
    return c ? chunk_user(c) : NULL;
}

/* The same with `gap` bytes between header and block, which ends where a page without access begins. => bytes behind the header */
void *large_new_guarded(size_t bytes, size_t alignment, size_t gap)
{
    size_t length = align_up(HEADER + gap + bytes + alignment, PAGE) + PAGE;
    struct chunk *c = NULL;

    glue_take(&large_lock);

    uintptr_t row = table_reserve() ? (uintptr_t)glue_pages_map(length) : 0;

    if (row) {
        c = chunk_at(((row + length - PAGE - bytes) & ~(alignment - 1)) - gap - HEADER);
        c->before = (uintptr_t)c - row;
        chunk_set(c, length - c->before, USED | MAPPED);
        table_add(c);
        glue_pages_protect((void *)(row + length - PAGE), PAGE, false);
    }
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
        gone_note(ARENAS, chunk_user(c), chunk_capacity(c));
    kept_age();
    if (pool.checking || !keep(row, length))
        glue_pages_unmap((void *)row, length);
    glue_drop(&large_lock);
}

/* The chunk made large enough for `bytes`, perhaps elsewhere; NULL: refused, c is as it was. */
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
            gone_note(ARENAS, chunk_user(c), old_length - gap - HEADER);
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

size_t large_count(void)
{
    return PEEK(count);
}

int large_each(int (*visit)(const struct chunk *c, void *context), void *context)
{
    for (size_t i = 0; i < capacity; i++) {
        int answer = slots[i] ? visit(slots[i], context) : 0;

        if (answer)
            return answer;
    }
    return 0;
}

void large_trim(void)
{
    glue_take(&large_lock);
    for (unsigned i = 0; i < KEEP; i++)
        kept_drop(i);
    glue_drop(&large_lock);
}

/* NULL: there are none left, or no addresses. */
void *nothing_new(void)
{
    char *p = NULL;

    glue_take(&large_lock);
    if (!nothings)
        POKE(nothings, (char *)glue_pages_reserve(NOTHINGS * ALIGN));
    for (unsigned tries = 0; nothings && !p && tries < NOTHINGS / 64; tries++) {
        uint64_t *word = &nothing_taken[nothing_next / 64];

        if (~*word) {
            unsigned bit = (unsigned)__builtin_ctzl(~*word);

            POKE(*word, *word | (uint64_t)1 << bit);
            p = nothings + (nothing_next / 64 * 64 + bit) * ALIGN;
        } else {
            nothing_next = (nothing_next + 64) % NOTHINGS;
        }
    }
    glue_drop(&large_lock);
    return p;
}

bool nothing_contains(const void *p)
{
    size_t index = ((uintptr_t)p - (uintptr_t)PEEK(nothings)) / ALIGN;

    return PEEK(nothings) && index < NOTHINGS && (uintptr_t)p % ALIGN == 0 &&
           PEEK(nothing_taken[index / 64]) >> index % 64 & 1;
}

void nothing_put(const void *p)
{
    size_t index = ((uintptr_t)p - (uintptr_t)PEEK(nothings)) / ALIGN;

    glue_take(&large_lock);
    POKE(nothing_taken[index / 64], nothing_taken[index / 64] & ~((uint64_t)1 << index % 64));
    nothing_next = (nothing_next + 64) % NOTHINGS;
    glue_drop(&large_lock);
}
