/* SPDX-License-Identifier: MIT */
/* slab.c - blocks of up to 128 bytes: pages of equal blocks without headers.
 *
 *     page        | block | block | block | ...                  | head of the next chunk |
 *     its record  class 3, used 2, carved 3, taken 0b101           (in the array, not here)
 *
 * Eight bytes of header for 16 of payload would be the largest cost of a program with small blocks; here a page costs 8 and
 * its record 64. Blocks are carved as they are needed, so the rest of a fresh page costs no frame; later the lowest free
 * one is taken. A bit says of each block whether it was handed out: that a block comes back that was not, or a pointer into
 * the middle of one, is always noticed. An empty page becomes a chunk of the heap again, unless it is its class's last one.
 *
 * The arena's lock is held by all callers but those of slab_holds, who have the block (or are about to die).
 */
#include "product.h"

static void link_in(struct arena *a, struct page *page)
{
    struct page **list = &a->partial[page->class];

    page->prev = NULL;
    page->next = *list;
    if (*list)
        (*list)->prev = page;
    *list = page;
}

static void link_out(struct arena *a, struct page *page)
{
    if (page->next)
        page->next->prev = page->prev;
    if (page->prev)
        page->prev->next = page->next;
    else
        a->partial[page->class] = page->next;
}

static struct page *page_new(struct arena *a, unsigned class)
{
    struct chunk *c = heap_new_page(a);

    if (!c)
        return NULL;
    chunk_set(c, chunk_size(c), USED | SLAB | (c->head & PREV_FREE));

    struct page *page = page_find(chunk_user(c));
    size_t size = class * ALIGN;

    *page =
        (struct page){.class = (uint8_t) class,
                      .arena = page->arena,
                      .capacity = (uint16_t)(SLAB_BYTES / size),
                      .magic = (uint32_t)(((uint64_t)1 << 32) / size + (((uint64_t)1 << 32) % size != 0))};
    link_in(a, page);
    return page;
}

/* The lowest block that came back, else the first that was never handed out. */
static unsigned pick(const struct page *page)
{
    if (page->used == page->carved)
        return page->carved;
    for (unsigned word = 0;; word++)
        if (~page->taken[word])
            return word * 64 + (unsigned)__builtin_ctzl(~page->taken[word]);
}

void *slab_new(struct arena *a, unsigned class)
{
    struct page *page = a->partial[class];

    if (!page && !(page = page_new(a, class)))
        return NULL;

    unsigned index = pick(page);

    page->taken[index / 64] |= (uint64_t)1 << index % 64;
    page->carved += index == page->carved;
    if (++page->used == page->capacity)
        link_out(a, page);
    return (char *)page_address(page) + index * class_size(page);
}

/* Index of the block that starts at p; beyond all others: none does. */
static unsigned index_of(const struct page *page, const void *p)
{
    uint64_t product = (uint64_t)((uintptr_t)p % PAGE) * page->magic;

    return (uint32_t)product < page->magic ? (unsigned)(product >> 32) : 256;
}

bool slab_holds(const struct page *page, const void *p)
{
    unsigned index = index_of(page, p);

    return index < page->carved && page->taken[index / 64] >> index % 64 & 1;
}

void slab_put(struct arena *a, struct page *page, void *p)
{
    if (!slab_holds(page, p))
        report_pointer("free", p);

    unsigned index = index_of(page, p);

    page->taken[index / 64] &= ~((uint64_t)1 << index % 64);
    if (page->used-- == page->capacity)
        link_in(a, page);
    if (page->used == 0 && (page->next || page->prev)) {
        link_out(a, page);
        page->class = 0;
        heap_put(a, chunk_of(page_address(page)));
    }
}

void slabs_moved(struct page *from, struct page *to)
{
    for (unsigned class = 1; class <= SLAB_CLASSES; class ++) {
        struct page **link = &arenas[0].partial[class];

        for (; *link; link = &(*link)->next) {
            *link = to + (*link - from);
            if ((*link)->prev)
                (*link)->prev = to + ((*link)->prev - from);
        }
    }
}

const char *slab_broken(const struct arena *a, const struct page *page)
{
    unsigned used = 0;
    bool listed = false;

    for (unsigned word = 0; word < 4; word++)
        for (uint64_t bits = page->taken[word]; bits; bits &= bits - 1)
            used++;
    for (const struct page *at = a->partial[page->class]; at && !listed; at = at->next)
        listed = at == page;
    if (page->class > SLAB_CLASSES || page->arena != a->index ||
        page->capacity != SLAB_BYTES / class_size(page))
        return "I6: a slab's record tells its class and its arena";
    if (used != page->used || used > page->carved || page->carved > page->capacity)
        return "I7: a slab has as many bits as blocks in use, all of them carved";
    if (listed != (used < page->capacity))
        return "I8: a slab is in the list of its class exactly when it has room";
    return NULL;
}
