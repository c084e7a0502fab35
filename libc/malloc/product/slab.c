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
#include "malloc/inspect.h"
#include "product.h"

uint8_t class_of_page[FAST_PAGES];

static void class_set(struct page *page, unsigned class)
{
    size_t index = ((uintptr_t)page->start - pool.regions[0].base) / PAGE;

    page->class = (uint8_t) class;
    if (index < FAST_PAGES)
        POKE(class_of_page[index], (uint8_t) class);
}

static struct page *page_new(struct arena *a, unsigned class)
{
    struct chunk *c = heap_new(a, PAGE, 1, PAGE, true, NULL);

    if (!c)
        return NULL;
    chunk_set(c, chunk_size(c), USED | SLAB | (c->head & PREV_FREE));

    struct page *page = page_find(chunk_user(c));
    size_t size = class * ALIGN;

    *page = (struct page){
        .arena = page->arena, .capacity = (uint16_t)(SLAB_BYTES / size), .start = chunk_user(c)};
    class_set(page, class);
    for (unsigned word = page->capacity / 64; word < 4; word++)
        page->taken[word] = word > page->capacity / 64u ? UINT64_MAX : UINT64_MAX << page->capacity % 64;
    LIST_INSERT_HEAD(&a->partial[class], page, room);
    return page;
}

/* The lowest blocks of the page, `most` or fewer. */
static int page_take(struct page *page, struct block **list, int most)
{
    char *start = page->start;
    size_t size = class_size(page);
    int left = most;

    for (unsigned word = 0; word < 4 && left; word++, start += 64 * size) {
        uint64_t bits = ~page->taken[word];

        for (; bits && left; bits &= bits - 1, left--)
            block_push(list, start + (size_t)__builtin_ctzl(bits) * size);
        POKE(page->taken[word], ~bits);
    }
    page->used += (uint16_t)(most - left);
    return most - left;
}

int slab_fill(struct arena *a, unsigned class, struct block **list, int count)
{
    int left = count;

    while (left > 0) {
        struct page *page = LIST_FIRST(&a->partial[class]);

        if (!page && !(page = page_new(a, class)))
            break;
        left -= page_take(page, list, left);
        if (page->used == page->capacity)
            LIST_REMOVE(page, room);
    }
    return count - left;
}

static void page_put(struct arena *a, struct page *page)
{
    struct chunk *c = chunk_of(page->start);

    LIST_REMOVE(page, room);
    class_set(page, 0);
    heap_put(a, c, chunk_size(c));
}

void slab_turned(struct arena *a, struct page *page, bool full)
{
    if (full)
        LIST_INSERT_HEAD(&a->partial[page->class], page, room);
    if (page->used == 0 && (LIST_NEXT(page, room) || LIST_FIRST(&a->partial[page->class]) != page))
        page_put(a, page);
}

void slabs_trim(struct arena *a)
{
    struct page *page, *next;

    for (unsigned class = 1; class <= SLAB_CLASSES; class ++)
        LIST_FOREACH_SAFE (page, &a->partial[class], room, next)
            if (page->used == 0)
                page_put(a, page);
}

/* One block of walk_chunks: a slab is many. */
int slab_show(const struct heap_block *block, void *context)
{
    const struct walk *walk = context;
    int answer = 0;

    if (block->state != HEAP_USED || !is_slab(block->chunk))
        return walk->visit(block, walk->context);

    const struct page *page = page_find(block->user);
    const char *at = block->user;
    size_t size = class_size(page);

    for (unsigned i = 0; i <= page->capacity && !answer; i++, at += size) {
        bool whole = i < page->capacity, used = whole && page->taken[i / 64] >> i % 64 & 1;
        struct heap_block one = {at, at, whole ? size : PAGE - i * size, used ? size : 0,
                                 used ? HEAP_USED : HEAP_FREE};

        answer = walk->visit(&one, walk->context);
    }
    return answer;
}

int slab_broken(const struct heap_block *block, void *context)
{
    const struct page *page = page_find(block->user), *at;
    const char **broken = context;
    unsigned used = 0;
    bool listed = false;

    if (block->state != HEAP_USED || !is_slab(block->chunk))
        return 0;
    for (unsigned word = 0; word < 4; word++)
        for (uint64_t bits = page->taken[word]; bits; bits &= bits - 1)
            used++;
    LIST_FOREACH (at, &arenas[page->arena].partial[page->class], room)
        listed |= at == page;
    if (page->class == 0 || page->class > SLAB_CLASSES || page->capacity != SLAB_BYTES / class_size(page))
        *broken = "I9: a slab's record tells its class";
    else if (used != page->used + 256u - page->capacity)
        *broken = "I10: a slab has as many bits as blocks in use";
    else if (listed != (page->used < page->capacity))
        *broken = "I11: a slab is in the list of its class and arena exactly when it has room";
    return *broken != NULL;
}
