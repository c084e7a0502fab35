/* SPDX-License-Identifier: MIT */
/* slab.c - blocks of up to 128 bytes: pages of equal blocks without headers.
 *
 *     page        | block | block | block | ...                  | head of the next chunk |
 *     its record  class 3, used 2, taken 0b101           (in the array, not here)
 *
 * Eight bytes of header for 16 of payload would be the largest cost of a program with small blocks; here a page costs 8 and
 * its record 64. The lowest free blocks of a page are taken first, so the untouched rest of a fresh one costs no frame. A
 * bit says of each block whether it was handed out: that a block comes back that was not, or a pointer into the middle of
 * one, is always noticed. An empty page becomes a chunk of the heap again, unless it is its class's last one.
 *
 * The arena's lock is held by all callers.
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

    *page = (struct page){.class = (uint8_t) class, .arena = page->arena};
    page->capacity = (uint16_t)(SLAB_BYTES / size);
    page->magic = (uint32_t)((((uint64_t)1 << 32) + size - 1) / size);
    for (unsigned word = page->capacity / 64; word < 4; word++)
        page->taken[word] = word > page->capacity / 64u ? UINT64_MAX : UINT64_MAX << page->capacity % 64;
    link_in(a, page);
    return page;
}

/* The lowest blocks of the page, `most` or fewer. */
static int page_take(struct page *page, struct block **list, int most)
{
    char *start = page_address(page);
    size_t size = class_size(page), key = pool.key;
    struct block *head = *list;
    int left = most;

    for (unsigned word = 0; word < 4 && left; word++, start += 64 * size) {
        uint64_t bits = ~page->taken[word];

        for (; bits && left; bits &= bits - 1, left--) {
            struct block *b = (struct block *)(start + (size_t)__builtin_ctzl(bits) * size);

            b->next = head;
            b->check = (uintptr_t)head ^ (uintptr_t)b ^ key;
            head = b;
        }
        POKE(page->taken[word], ~bits);
    }
    *list = head;
    page->used = (uint16_t)(page->used + most - left);
    return most - left;
}

int slab_fill(struct arena *a, unsigned class, struct block **list, int count)
{
    int left = count;

    while (left > 0) {
        struct page *page = a->partial[class];

        if (!page && !(page = page_new(a, class)))
            break;
        left -= page_take(page, list, left);
        if (page->used == page->capacity)
            link_out(a, page);
    }
    return count - left;
}

static void page_put(struct arena *a, struct page *page)
{
    link_out(a, page);
    page->class = 0;

    struct chunk *c = chunk_of(page_address(page));

    heap_put(a, c, chunk_size(c));
}

void slab_turned(struct arena *a, struct page *page)
{
    if (page->used + 1 == page->capacity)
        link_in(a, page);
    if (page->used == 0 && (page->next || page->prev))
        page_put(a, page);
}

void slabs_trim(struct arena *a)
{
    for (unsigned class = 1; class <= SLAB_CLASSES; class ++)
        for (struct page *page = a->partial[class], *next; page; page = next) {
            next = page->next;
            if (page->used == 0)
                page_put(a, page);
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
    if (page->class > SLAB_CLASSES || page->arena != arena_index(a) ||
        page->capacity != SLAB_BYTES / class_size(page))
        return "I6: a slab's record tells its class and its arena";
    if (used != page->used + 256u - page->capacity)
        return "I7: a slab has as many bits as blocks in use";
    if (listed != (page->used < page->capacity))
        return "I8: a slab is in the list of its class exactly when it has room";
    return NULL;
}
