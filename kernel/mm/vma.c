/* SPDX-License-Identifier: MIT */
/* vma.c - the ordered set of regions.
 *
 * A red-black tree by address (find, insert, remove), the same regions as a list (neighbours), and in each tree node the
 * largest gap below any region of its subtree (the search for room). All in O(log n): 65 530 regions cost a few times
 * what ten cost.
 *
 *        gap        gap                      gap of a region = the free bytes between its predecessor and itself
 *   0 ......[ A ].........[ B ][ C ]......   max_gap(node)   = max(gap, max_gap(left), max_gap(right))
 *
 * libbsd's tree calls RB_AUGMENT for the nodes that it touches only; the way up to the root is walked here.
 * Guards: the address space's lock. */
#include <types.h>

struct vma;
static void vma_augment(struct vma *vma);
#define RB_AUGMENT(node) vma_augment(node)
#include <asm-generic/errno.h>
#include <mm/kmem.h>
#include <mm/vma.h>
#include <pagesrc.h>

static struct kmem_cache vma_cache = KMEM_CACHE("vma", struct vma);

static void vma_augment(struct vma *vma)
{
    struct vma *left = RB_LEFT(vma, node), *right = RB_RIGHT(vma, node);
    uint64_t max = vma->gap;

    if (left && left->max_gap > max)
        max = left->max_gap;
    if (right && right->max_gap > max)
        max = right->max_gap;
    vma->max_gap = max;
}

static int vma_compare(const struct vma *a, const struct vma *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}

RB_GENERATE_INTERNAL(vma_tree, vma, node, vma_compare, static __attribute__((unused)))

static void augment_up(struct vma *vma)
{
    for (; vma; vma = RB_PARENT(vma, node))
        vma_augment(vma);
}

/* The same when the tree was right before: once a node's value stays, those above it stay. */
static void augment_changed(struct vma *vma)
{
    for (; vma; vma = RB_PARENT(vma, node)) {
        uint64_t before = vma->max_gap;
        vma_augment(vma);
        if (vma->max_gap == before)
            return;
    }
}

/* The region's predecessor or its own start has changed. */
static void gap_update(struct vma *vma)
{
    const struct vma *before = vma_prev(vma);

    vma->gap = vma->start - (before ? before->end : 0);
    augment_changed(vma);
}

void vma_set_init(struct vma_set *set)
{
    RB_INIT(&set->tree);
    TAILQ_INIT(&set->list);
    set->last_hit = NULL;
    set->count = 0;
}

struct vma *vma_alloc(void)
{
    return kmem_alloc(&vma_cache);
}

void vma_free(struct vma *vma)
{
    if (vma->source)
        pagesrc_put(vma->source);
    kmem_free(&vma_cache, vma);
}

struct vma *vma_find_from(struct vma_set *set, vaddr_t va)
{
    struct vma *at = RB_ROOT(&set->tree), *found = NULL;

    while (at) {
        if (va < at->end) {
            found = at;
            if (va >= at->start)
                return at;
            at = RB_LEFT(at, node);
        } else {
            at = RB_RIGHT(at, node);
        }
    }
    return found;
}

struct vma *vma_find_by_tree(struct vma_set *set, vaddr_t va)
{
    struct vma *found = vma_find_from(set, va);

    if (!found || va < found->start)
        return NULL;
    set->last_hit = found;
    return found;
}

bool vma_range_free(struct vma_set *set, vaddr_t start, vaddr_t end)
{
    const struct vma *vma = vma_find_from(set, start);

    return !vma || vma->start >= end;
}

void vma_insert(struct vma_set *set, struct vma *vma)
{
    struct vma *after = vma_find_from(set, vma->start);

    assert(vma->start < vma->end && page_aligned(vma->start | vma->end));
    assert(!after || vma->end <= after->start);
    if (after)
        TAILQ_INSERT_BEFORE(after, vma, link);
    else
        TAILQ_INSERT_TAIL(&set->list, vma, link);
    vma_tree_RB_INSERT(&set->tree, vma);
    set->count++;
    const struct vma *before = vma_prev(vma);
    vma->gap = vma->start - (before ? before->end : 0);
    augment_up(vma); /* the tree's own code has touched some nodes on the way, but not all */
    if (after)
        gap_update(after);
}

void vma_remove(struct vma_set *set, struct vma *vma)
{
    struct vma *after = vma_next(vma);
    struct vma *parent = RB_PARENT(vma, node);

    if (set->last_hit == vma)
        set->last_hit = NULL;
    vma_tree_RB_REMOVE(&set->tree, vma);
    TAILQ_REMOVE(&set->list, vma, link);
    set->count--;
    augment_up(parent);
    if (after)
        gap_update(after);
}

void vma_resize(struct vma_set *set, struct vma *vma, vaddr_t start, vaddr_t end)
{
    struct vma *before = vma_prev(vma), *after = vma_next(vma);

    assert(start < end && page_aligned(start | end));
    assert((!before || before->end <= start) && (!after || end <= after->start));
    (void)before;
    (void)set;
    vma->start = start;
    vma->end = end;
    gap_update(vma);
    if (after)
        gap_update(after);
}

static bool has_room(const struct vma *subtree, uint64_t size)
{
    return subtree && subtree->max_gap >= size;
}

/* The highest room for `size` bytes in the gaps of the tree, clipped to [low, high): from right to left, passing over subtrees without
 * a large enough gap and those beyond `high` or below `low`. So only the two edges can disappoint. */
static vaddr_t gap_search(const struct vma *at, uint64_t size, vaddr_t low, vaddr_t high)
{
    if (!has_room(at, size))
        return 0;
    for (;;) {
        while (at->end + size <= high && has_room(RB_RIGHT(at, node), size))
            at = RB_RIGHT(at, node);
        for (;;) {
            vaddr_t room_start = MAX(at->start - at->gap, low), room_end = MIN(at->start, high);
            if (room_end >= room_start + size)
                return room_end - size;
            if (at->start - at->gap >= low + size && has_room(RB_LEFT(at, node), size))
                break;
            const struct vma *child;
            do { /* up, to the first node whose right side this was */
                child = at;
                at = RB_PARENT(at, node);
                if (!at)
                    return 0;
            } while (child == RB_LEFT(at, node));
        }
        at = RB_LEFT(at, node);
    }
}

vaddr_t vma_gap_below(struct vma_set *set, uint64_t size, vaddr_t low, vaddr_t high)
{
    const struct vma *last = TAILQ_LAST(&set->list, vma_list);
    vaddr_t top_start = MAX(last ? last->end : 0, low);

    if (top_start < high && high - top_start >= size)
        return high - size;
    return gap_search(RB_ROOT(&set->tree), size, low, high);
}

/* => the subtree's largest gap; *broken is set if a node says otherwise. */
static uint64_t tree_check(const struct vma *vma, unsigned *nodes, const char **broken)
{
    if (!vma)
        return 0;
    uint64_t left = tree_check(RB_LEFT(vma, node), nodes, broken);
    uint64_t right = tree_check(RB_RIGHT(vma, node), nodes, broken);
    uint64_t max = MAX(vma->gap, MAX(left, right));

    ++*nodes;
    if (vma->max_gap != max)
        *broken = "a subtree's largest gap is wrong";
    return max;
}

const char *vma_set_check(struct vma_set *set)
{
    const char *broken = NULL;
    vaddr_t end = 0;
    unsigned listed = 0, nodes = 0;
    struct vma *vma;

    TAILQ_FOREACH (vma, &set->list, link) {
        listed++;
        if (vma->start >= vma->end || !page_aligned(vma->start | vma->end))
            return "a region's bounds are no pages";
        if (vma->start < end)
            return "regions overlap or are out of order";
        if (vma->gap != vma->start - end)
            return "a region's gap is wrong";
        if (vma_find_from(set, vma->start) != vma)
            return "the tree does not find a region";
        end = vma->end;
    }
    tree_check(RB_ROOT(&set->tree), &nodes, &broken);
    if (nodes != listed || listed != set->count)
        return "tree, list and count disagree";
    return broken;
}
