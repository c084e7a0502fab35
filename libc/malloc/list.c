/* SPDX-License-Identifier: MIT */
/* list.c - the allocator of the textbooks: blocks in a row, a boundary tag at both ends, a list of the free ones.
 *
 *      b ->  | before: size of the block before b |   0: the first of its segment
 *   b + 8 -> | tag: size of b, in bit 0 "used"    |
 *  b + 16 -> | the user's bytes  <- p             |   while free: next, prev
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

#include "allocator.h"
#include "words.h"

#define HEADER ((size_t)16)
#define MIN ((size_t)32) /* header and links; the end of a segment takes as much */
#define USED ((size_t)1)

struct __attribute__((may_alias)) block {
    size_t before;
    size_t tag;
    struct block *next, *prev; /* of a free block; in a segment's end: where the next segment begins */
};

enum policy { IMPLICIT_FIRST, FIRST, BEST };

static struct block *segments; /* the first block of the first segment */
static struct block *last_end; /* the end of the last one */
static struct block *free_list;

static size_t size_of(const struct block *b)
{
    return b->tag & ~USED;
}

static bool is_used(const struct block *b)
{
    return b->tag & USED;
}

static struct block *block_at(uintptr_t address)
{
    return (struct block *)address;
}

static struct block *next_of(const struct block *b)
{
    return block_at((uintptr_t)b + size_of(b));
}

static void *user_of(const struct block *b)
{
    return (void *)((uintptr_t)b + HEADER);
}

static void set(struct block *b, size_t size, size_t used)
{
    b->tag = size | used;
    block_at((uintptr_t)b + size)->before = size;
}

static void enter(struct block *b)
{
    b->prev = NULL;
    b->next = free_list;
    if (free_list)
        free_list->prev = b;
    free_list = b;
}

static void leave(struct block *b)
{
    if (b->next)
        b->next->prev = b->prev;
    if (b->prev)
        b->prev->next = b->next;
    else
        free_list = b->next;
}

/* Makes b free and one with its free neighbours. */
static void release(struct block *b)
{
    struct block *next = next_of(b);
    size_t size = size_of(b);

    b->tag = size; /* whatever becomes of it, no "used" stands here any more */
    if (!is_used(next)) {
        leave(next);
        size += size_of(next);
    }
    if (b->before != 0 && !is_used(block_at((uintptr_t)b - b->before))) {
        size += b->before;
        b = block_at((uintptr_t)b - b->before);
        leave(b);
    }
    set(b, size, 0);
    enter(b);
}

/* Splits off what the used block b has beyond `bytes`, if it makes a block. */
static void cut(struct block *b, size_t bytes)
{
    size_t rest = size_of(b) - bytes;

    if (rest < MIN)
        return;
    set(b, bytes, USED);
    set(next_of(b), rest, USED);
    release(next_of(b));
}

static void end_segment(uintptr_t address)
{
    last_end = block_at(address);
    last_end->tag = USED;
    last_end->next = NULL;
}

/* Memory at `start` becomes a segment of its own. */
static void open_segment(uintptr_t start, size_t bytes)
{
    struct block *b = block_at(start);

    if (last_end)
        last_end->next = b;
    else
        segments = b;
    b->before = 0;
    end_segment(start + bytes - MIN);
    set(b, bytes - MIN, USED);
    release(b);
}

/* A free block of `bytes`, at least, from the kernel. */
static bool grow(size_t bytes)
{
    size_t room = bytes + MIN;
    uintptr_t start = allocator_grow(&room);

    if (start == 0)
        return false;
    if (last_end && start == (uintptr_t)last_end + MIN) {
        struct block *b = last_end; /* the old end becomes the new memory's first bytes */

        end_segment((uintptr_t)b + room);
        set(b, room, USED);
        release(b);
    } else {
        open_segment(start, room);
    }
    return true;
}

static struct block *find_implicit(size_t bytes)
{
    for (struct block *b = segments; b; b = size_of(b) ? next_of(b) : b->next)
        if (!is_used(b) && size_of(b) >= bytes)
            return b;
    return NULL;
}

static struct block *find_listed(size_t bytes, enum policy policy)
{
    struct block *best = NULL;

    for (struct block *b = free_list; b; b = b->next) {
        if (size_of(b) < bytes)
            continue;
        if (policy == FIRST || size_of(b) == bytes)
            return b;
        if (!best || size_of(b) < size_of(best))
            best = b;
    }
    return best;
}

static struct block *find(size_t bytes, enum policy policy)
{
    return policy == IMPLICIT_FIRST ? find_implicit(bytes) : find_listed(bytes, policy);
}

static struct block *take_block(size_t bytes, enum policy policy)
{
    struct block *b = find(bytes, policy);

    if (!b && grow(bytes))
        b = find(bytes, policy);
    if (!b)
        return NULL;
    leave(b);
    b->tag |= USED;
    return b;
}

/* Gives back what lies before the first place that is aligned. */
static struct block *align(struct block *b, size_t alignment)
{
    uintptr_t user = round_up((uintptr_t)user_of(b), alignment);
    size_t lead = user - (uintptr_t)user_of(b);

    if (lead == 0)
        return b;
    if (lead < MIN)
        lead += alignment;

    struct block *aligned = block_at((uintptr_t)b + lead);

    set(aligned, size_of(b) - lead, USED);
    set(b, lead, USED);
    release(b);
    return aligned;
}

static void *take(size_t request, size_t alignment, bool zero, enum policy policy)
{
    size_t bytes = round_up(request + HEADER, BLOCK_ALIGN);
    size_t slack = alignment > BLOCK_ALIGN ? alignment + MIN : 0;

    if (bytes < MIN)
        bytes = MIN;

    struct block *b = take_block(bytes + slack, policy);

    if (!b)
        return NULL;
    if (slack)
        b = align(b, alignment);
    cut(b, bytes);
    if (zero)
        memset(user_of(b), 0, request);
    return user_of(b);
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
    struct block *b = block_at((uintptr_t)p - HEADER);

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
    struct block *b = block_of(p);
    struct block *next = next_of(b);
    size_t bytes = round_up(request + HEADER, BLOCK_ALIGN);

    if (bytes < MIN)
        bytes = MIN;
    if (bytes > size_of(b) && !is_used(next) && size_of(b) + size_of(next) >= bytes) {
        leave(next);
        set(b, size_of(b) + size_of(next), USED);
    }
    if (bytes > size_of(b))
        return allocator_copy(a, p, request);
    cut(b, bytes);
    return p;
}

static int list_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    for (struct block *b = segments; b; b = size_of(b) ? next_of(b) : b->next) {
        enum heap_state state = !is_used(b) ? HEAP_FREE : size_of(b) ? HEAP_USED : HEAP_FENCE;
        size_t size = size_of(b) ? size_of(b) : MIN;
        struct heap_block shown = {b, user_of(b), size, state == HEAP_USED ? size - HEADER : 0, state};
        int answer = visit(&shown, context);

        if (answer)
            return answer;
    }
    return 0;
}

static const char *check_blocks(size_t *free_blocks)
{
    const struct block *prev = NULL;

    for (const struct block *b = segments; b; b = size_of(b) ? next_of(b) : b->next) {
        if (size_of(b) % BLOCK_ALIGN != 0 || (size_of(b) == 0 && !is_used(b)))
            return "a tag is a multiple of 16 and the bit \"used\"";
        if (b->before != (prev ? size_of(prev) : 0))
            return "a block knows the size of the one before";
        if (prev && !is_used(prev) && !is_used(b))
            return "two free blocks never touch";
        *free_blocks += !is_used(b);
        prev = size_of(b) ? b : NULL;
    }
    return NULL;
}

static const char *list_check(void)
{
    size_t free_blocks = 0;
    size_t listed = 0;
    const char *broken = check_blocks(&free_blocks);

    for (const struct block *b = free_list, *prev = NULL; b && !broken; prev = b, b = b->next, listed++)
        if (is_used(b) || b->prev != prev)
            broken = "the list is doubly linked and holds free blocks";
    if (!broken && listed != free_blocks)
        broken = "every free block is in the list";
    return broken;
}

#define LIST_ALLOCATOR(symbol, text, policy)                                                                 \
    static void *symbol##_take(size_t bytes, size_t alignment, bool zero)                                    \
    {                                                                                                        \
        return take(bytes, alignment, zero, policy);                                                         \
    }                                                                                                        \
    static void *symbol##_resize(void *p, size_t bytes)                                                      \
    {                                                                                                        \
        return resize(&allocator_##symbol, p, bytes);                                                        \
    }                                                                                                        \
    const struct allocator allocator_##symbol = {                                                            \
        .name = text,                                                                                        \
        .take = symbol##_take,                                                                               \
        .give = list_give,                                                                                   \
        .resize = symbol##_resize,                                                                           \
        .usable = list_usable,                                                                               \
        .walk = list_walk,                                                                                   \
        .check = list_check,                                                                                 \
    };

LIST_ALLOCATOR(implicit, "implicit", IMPLICIT_FIRST)
LIST_ALLOCATOR(first, "first", FIRST)
LIST_ALLOCATOR(list, "list", BEST)
