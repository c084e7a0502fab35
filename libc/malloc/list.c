/* SPDX-License-Identifier: MIT */
/* list.c - the allocator of the textbooks: blocks in a row, a boundary tag at both ends, a list of the free ones.
 *
 *      b ->  | before: size of the block before b |   0: the first of its segment
 *   b + 8 -> | tag: size of b, in bit 0 "used"    |
 *  b + 16 -> | the user's bytes  <- p              |   while free: its place in the list
 *            | ...                                |
 *  b + size  | before of the next block           |
 *
 * Both neighbours can be found from b at any time: that is what the 16 bytes are for. classic/ shows how 8 do.
 * A segment (from brk; from mmap where brk refuses) ends with a used block of size 0, which knows where the next
 * segment begins.
 *
 * Three ways to look for a free block, as three allocators: `implicit` walks over all blocks, used ones too;
 * `first` takes the first of a list of the free ones (the last freed comes first); `list` takes the best of them.
 * The search is linear in all three: with many free blocks that is slow. Bins (classic/heap.c) are the answer.
 *
 * Nothing is given back to the kernel. Only the mistakes that the tags themselves show are noticed.
 */
#include <string.h>

#include <bsd/sys/queue.h>

#include "allocator.h"
#include "words.h"

#define HEADER ((size_t)16)
#define MIN ((size_t)32) /* header and links; the end of a segment takes as much */
#define USED ((size_t)1)

struct __attribute__((may_alias)) block {
    size_t before;
    size_t tag;
    union {
        char user[MIN - HEADER];
        LIST_ENTRY(block) link;     /* of a free block */
        struct block *next_segment; /* of a segment's end */
    };
};

LIST_HEAD(block_list, block);

static struct block_list free_blocks;
static struct block *segments; /* the first block of the first segment */
static struct block *end;      /* the end of the last one */

static size_t size_of(const struct block *b)
{
    return b->tag & ~USED;
}

static bool is_used(const struct block *b)
{
    return b->tag & USED;
}

static struct block *next_of(const struct block *b)
{
    return (struct block *)((uintptr_t)b + size_of(b));
}

static struct block *prev_of(const struct block *b)
{
    return (struct block *)((uintptr_t)b - b->before);
}

/* The one that a walk over all blocks comes to after b. */
static struct block *walk_on(const struct block *b)
{
    return size_of(b) ? next_of(b) : b->next_segment;
}

static void set(struct block *b, size_t size, size_t used)
{
    b->tag = size | used;
    next_of(b)->before = size;
}

/* Makes b free and one with its free neighbours. */
static struct block *release(struct block *b)
{
    struct block *next = next_of(b);
    size_t size = size_of(b);

    b->tag = size; /* whatever becomes of it, no "used" stands here any more */
    if (!is_used(next)) {
        LIST_REMOVE(next, link);
        size += size_of(next);
    }
    if (b->before != 0 && !is_used(prev_of(b))) {
        size += b->before;
        b = prev_of(b);
        LIST_REMOVE(b, link);
    }
    set(b, size, 0);
    LIST_INSERT_HEAD(&free_blocks, b, link);
    return b;
}

/* Divides the used block b in two used ones: the first has `bytes`. => the second */
static struct block *split(struct block *b, size_t bytes)
{
    size_t rest = size_of(b) - bytes;

    set(b, bytes, USED);
    set(next_of(b), rest, USED);
    return next_of(b);
}

/* Splits off what the used block b has beyond `bytes`, if it makes a block. */
static void cut(struct block *b, size_t bytes)
{
    if (size_of(b) - bytes >= MIN)
        release(split(b, bytes));
}

/* Gives back what lies before the first place in b that is aligned. => what begins there */
static struct block *align(struct block *b, size_t alignment)
{
    uintptr_t user = (uintptr_t)b->user;

    if (round_up(user, alignment) == user)
        return b;

    struct block *aligned = split(b, round_up(user + MIN, alignment) - user);

    release(b);
    return aligned;
}

/* A free block of `bytes`, at least, from the kernel. */
static struct block *grow(size_t bytes)
{
    size_t room = bytes + MIN;
    uintptr_t start = allocator_grow(&room);
    struct block *b = (struct block *)start;

    if (start == 0)
        return NULL;
    if (start == (uintptr_t)end + MIN)
        b = end; /* the old end becomes the new memory's first bytes */
    else
        *(end ? &end->next_segment : &segments) = b;
    end = (struct block *)(start + room - MIN);
    end->tag = USED; /* there is no next segment: fresh memory reads zero */
    set(b, (uintptr_t)end - (uintptr_t)b, USED);
    return release(b);
}

static struct block *find_implicit(size_t bytes)
{
    struct block *b = segments;

    while (b && (is_used(b) || size_of(b) < bytes))
        b = walk_on(b);
    return b;
}

static struct block *find_first(size_t bytes)
{
    struct block *b;

    LIST_FOREACH (b, &free_blocks, link)
        if (size_of(b) >= bytes)
            break;
    return b;
}

static struct block *find_list(size_t bytes)
{
    struct block *b, *best = NULL;

    LIST_FOREACH (b, &free_blocks, link) {
        if (size_of(b) < bytes || (best && size_of(b) >= size_of(best)))
            continue;
        best = b;
        if (size_of(b) == bytes)
            break;
    }
    return best;
}

static void *take(size_t request, size_t alignment, bool zero, struct block *(*find)(size_t bytes))
{
    size_t bytes = round_up(HEADER + (request ? request : 1), BLOCK_ALIGN); /* so MIN, at least */
    size_t slack = alignment > BLOCK_ALIGN ? alignment + MIN : 0;
    struct block *b = find(bytes + slack);

    if (!b)
        b = grow(bytes + slack);
    if (!b)
        return NULL;
    LIST_REMOVE(b, link);
    b->tag |= USED;
    if (slack)
        b = align(b, alignment);
    cut(b, bytes);
    if (zero)
        memset(b->user, 0, request);
    return b->user;
}

static _Noreturn void refuse(const char *words, const void *p, const char *format)
{
    struct text t = {.length = 0};

    text_say(&t, "%s", words);
    text_say(&t, format, "free", p);
    text_die(&t);
}

static struct block *block_of(const void *p)
{
    struct block *b = (struct block *)((uintptr_t)p - HEADER);

    if ((uintptr_t)p % BLOCK_ALIGN != 0)
        refuse("free(): invalid pointer", p, TEXT(not_aligned));
    if (!is_used(b))
        refuse("free(): double free detected in tcache 2", p, TEXT(free_already));
    if (size_of(b) % BLOCK_ALIGN != 0 || size_of(b) < MIN || size_of(b) >= REQUEST_LIMIT)
        refuse("free(): invalid size", p, TEXT(header_gone));
    if (next_of(b)->before != size_of(b))
        refuse("corrupted size vs. prev_size", p, TEXT(past_the_end));
    return b;
}

static void list_give(void *p)
{
    release(block_of(p));
}

static size_t list_usable(void *p)
{
    return size_of(block_of(p)) - HEADER;
}

static void *resize(const struct allocator *a, void *p, size_t request)
{
    struct block *b = block_of(p), *next = next_of(b);
    size_t bytes = round_up(HEADER + request, BLOCK_ALIGN);

    if (bytes > size_of(b) && !is_used(next) && size_of(b) + size_of(next) >= bytes) {
        LIST_REMOVE(next, link);
        set(b, size_of(b) + size_of(next), USED);
    }
    if (bytes > size_of(b))
        return allocator_copy(a, p, request);
    cut(b, bytes);
    return p;
}

static int list_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    int answer = 0;

    for (struct block *b = segments; b && !answer; b = walk_on(b)) {
        enum heap_state state = !is_used(b) ? HEAP_FREE : size_of(b) ? HEAP_USED : HEAP_FENCE;
        size_t size = state == HEAP_FENCE ? MIN : size_of(b);
        struct heap_block shown = {b, b->user, size, state == HEAP_USED ? size - HEADER : 0, state};

        answer = visit(&shown, context);
    }
    return answer;
}

static const char *list_check(void)
{
    const struct block *prev = &(struct block){.tag = USED}; /* like the end of a segment before the first */
    struct block **link = &LIST_FIRST(&free_blocks);
    size_t unlisted = 0;

    for (struct block *b = segments; b; prev = b, b = walk_on(b)) {
        if (size_of(b) % BLOCK_ALIGN != 0 || (size_of(b) == 0 && !is_used(b)))
            return "a tag is a multiple of 16 and the bit \"used\"";
        if (b->before != size_of(prev))
            return "a block knows the size of the one before";
        if (!is_used(prev) && !is_used(b))
            return "two free blocks never touch";
        unlisted += !is_used(b);
    }
    for (struct block *b; (b = *link); link = &LIST_NEXT(b, link), unlisted--)
        if (is_used(b) || b->link.le_prev != link)
            return "the list is doubly linked and holds free blocks";
    return unlisted ? "every free block is in the list" : NULL;
}

#define LIST_ALLOCATOR(symbol)                                                                               \
    static void *symbol##_take(size_t bytes, size_t alignment, bool zero)                                    \
    {                                                                                                        \
        return take(bytes, alignment, zero, find_##symbol);                                                  \
    }                                                                                                        \
    static void *symbol##_resize(void *p, size_t bytes)                                                      \
    {                                                                                                        \
        return resize(&allocator_##symbol, p, bytes);                                                        \
    }                                                                                                        \
    const struct allocator allocator_##symbol = {                                                            \
        .name = #symbol,                                                                                     \
        .take = symbol##_take,                                                                               \
        .give = list_give,                                                                                   \
        .resize = symbol##_resize,                                                                           \
        .usable = list_usable,                                                                               \
        .walk = list_walk,                                                                                   \
        .check = list_check,                                                                                 \
    };

LIST_ALLOCATOR(implicit)
LIST_ALLOCATOR(first)
LIST_ALLOCATOR(list)
