/* SPDX-License-Identifier: MIT */
/* vma.c - the ordered set of regions.
 *
 * A red-black tree by address (find, insert, remove), the same regions as a list (neighbours), and in each tree node the
 * largest gap below any region of its subtree (the search for room). All in O(log n): 65 530 regions cost a few times
 * what ten cost.
 *
 *        gap        gap                      gap of a region = the free bytes between its predecessor and itself
 *   0 ......[ A ].........[ B ][ C ]......   max_gap(node)   = max(gap, max_gap(left), max_gap(right)), at most VAST
 *
 * A gap of VAST bytes or more counts as VAST. There is room for 128 of them at most, so a search for more than that looks at a few in
 * vain; and the gap that every new mapping is cut from, tens of TiB, does not change the tree's values up to the root each time.
 *
 * libbsd's tree calls RB_AUGMENT for the nodes that it touches only; the way up to the root is walked here.
 *
 * Most mappings go directly below the one before. So the set remembers its roof: the region below which the last search found
 * room. Until regions above it go or shrink, nothing above it has room for as much, and the next search may begin there.
 * Guards: the address space's lock. */
#include <types.h>

struct vma;
static void vma_augment(struct vma *vma);
#define RB_AUGMENT(node) vma_augment(node)
#include <mm/kmem.h>
#include <mm/vma.h>
#include <pagesrc.h>

#define VAST (1UL << 40)

static struct kmem_cache vma_cache = KMEM_CACHE("vma", struct vma);

static void vma_augment(struct vma *vma)
{
    struct vma *left = RB_LEFT(vma, node), *right = RB_RIGHT(vma, node);
    uint64_t max = MIN(vma->gap, VAST);

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

/* The tree was right but for this node: once a value stays, those above it stay. */
static void augment_changed(struct vma *vma)
{
    for (; vma; vma = RB_PARENT(vma, node)) {
        uint64_t before = vma->max_gap;
        vma_augment(vma);
        if (vma->max_gap == before)
            return;
    }
}

/* The tree was right, but the gap below this node has grown. */
static void augment_grown(struct vma *vma)
{
    uint64_t size = MIN(vma->gap, VAST);

    for (; vma && vma->max_gap < size; vma = RB_PARENT(vma, node))
        vma->max_gap = size;
}

void vma_set_init(struct vma_set *set)
{
    RB_INIT(&set->tree);
    TAILQ_INIT(&set->list);
    set->last_hit = set->roof = NULL;
    set->count = 0;
}

struct vma *vma_alloc(void)
{
    return kmem_alloc(&vma_cache);
}

void vma_free(struct vma *vma)
{
    pagesrc_put(vma->source);
    kmem_free(&vma_cache, vma);
}

static struct vma *tree_find_from(const struct vma_set *set, vaddr_t va)
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

struct vma *vma_find_from(struct vma_set *set, vaddr_t va)
{
    struct vma *hit = set->last_hit;

    return hit && va >= hit->start && va < hit->end ? hit : tree_find_from(set, va);
}

struct vma *vma_find_by_tree(struct vma_set *set, vaddr_t va)
{
    struct vma *found = tree_find_from(set, va);

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

/* The region above a free place. Mostly it is known: new regions go where the search has just found room, fork's to the end. */
static struct vma *region_above(const struct vma_set *set, vaddr_t va)
{
    const struct vma *last = TAILQ_LAST(&set->list, vma_list);
    struct vma *roof = set->roof;

    if (!last || last->end <= va)
        return NULL;
    if (roof && va < roof->start && va >= roof->start - roof->gap)
        return roof;
    return tree_find_from(set, va);
}

/* No way down from the root: of two neighbours in order, one has a free side that faces the other. So `vma` is below `after`,
 * and where it has all that counts of the gap that `after` had, nothing above changes. */
static void tree_insert(struct vma_set *set, struct vma *vma, struct vma *before, struct vma *after,
                        uint64_t gap_divided)
{
    bool under_after = after && !RB_LEFT(after, node);
    struct vma *parent = under_after ? after : before;

    RB_SET(vma, parent, node);
    if (under_after)
        RB_LEFT(after, node) = vma;
    else if (before)
        RB_RIGHT(before, node) = vma;
    else
        RB_ROOT(&set->tree) = vma;
    augment_grown(vma);
    if (after && vma->gap < MIN(gap_divided, VAST))
        augment_changed(after);
    vma_tree_RB_INSERT_COLOR(&set->tree, vma);
}

void vma_insert(struct vma_set *set, struct vma *vma)
{
    struct vma *after = region_above(set, vma->start);
    struct vma *before = after ? vma_prev(after) : TAILQ_LAST(&set->list, vma_list);
    vaddr_t floor = before ? before->end : 0;
    uint64_t gap_divided = after ? after->gap : 0;

    assert(vma->start < vma->end && page_aligned(vma->start | vma->end));
    assert(floor <= vma->start && (!after || vma->end <= after->start));
    vma->gap = vma->start - floor;
    vma->max_gap = 0;
    if (after) {
        after->gap = after->start - vma->end;
        TAILQ_INSERT_BEFORE(after, vma, link);
        if (after == set->roof && vma->end + set->roof_size > MIN(after->start, set->roof_high))
            set->roof = vma;
    } else {
        TAILQ_INSERT_TAIL(&set->list, vma, link);
    }
    tree_insert(set, vma, before, after, gap_divided);
    set->count++;
    set->last_hit = vma; /* what was just mapped is touched next */
}

/* The gap below `vma` has grown. */
static inline void roof_raise(struct vma_set *set, struct vma *vma)
{
    if (set->roof && vma->start > set->roof->start)
        set->roof = vma;
}

void vma_remove(struct vma_set *set, struct vma *vma)
{
    struct vma *after = vma_next(vma);

    if (set->last_hit == vma)
        set->last_hit = NULL;
    if (set->roof && vma->start >= set->roof->start)
        set->roof = after;
    if (after) {
        after->gap += vma->end - vma->start + vma->gap;
        augment_grown(after);
    }
    vma->gap = 0; /* with it the tree's values are right, whether it is there or not */
    augment_changed(vma);
    vma_tree_RB_REMOVE(&set->tree, vma);
    TAILQ_REMOVE(&set->list, vma, link);
    set->count--;
}

void vma_resize(struct vma_set *set, struct vma *vma, vaddr_t start, vaddr_t end)
{
    struct vma *after = vma_next(vma);

    assert(start < end && page_aligned(start | end));
    assert(start >= vma->start - vma->gap && (!after || end <= after->start));
    if (start > vma->start)
        roof_raise(set, vma);
    if (after && end < vma->end)
        roof_raise(set, after);
    vma->gap += start - vma->start;
    if (after)
        after->gap += vma->end - end;
    vma->start = start;
    vma->end = end;
    augment_changed(vma);
    if (after)
        augment_changed(after);
}

/* The room for `size` bytes in the gap below a region, within [low, high), as high as may be. => its start, or 0. */
static inline vaddr_t room_below(const struct vma *at, uint64_t size, vaddr_t low, vaddr_t high)
{
    vaddr_t room_start = MAX(at->start - at->gap, low), room_end = MIN(at->start, high);

    return room_end >= room_start + size ? room_end - size : 0;
}

static inline bool has_room(const struct vma *subtree, uint64_t size)
{
    return subtree && subtree->max_gap >= MIN(size, VAST);
}

/* The highest region with room for `size` bytes below it, within [low, high): from right to left, passing over subtrees without
 * a large enough gap and those beyond `high` or below `low`. So only the two edges can disappoint. */
static struct vma *gap_search(struct vma *at, uint64_t size, vaddr_t low, vaddr_t high)
{
    if (!has_room(at, size))
        return NULL;
    for (;;) {
        while (has_room(RB_RIGHT(at, node), size) && at->end + size <= high)
            at = RB_RIGHT(at, node);
        for (;;) {
            if (at->gap >= size && room_below(at, size, low, high))
                return at;
            if (has_room(RB_LEFT(at, node), size) && at->start - at->gap >= low + size)
                break;
            const struct vma *child;
            do { /* up, to the first node whose right side this was */
                child = at;
                at = RB_PARENT(at, node);
                if (!at)
                    return NULL;
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
    if (set->roof && set->roof_high == high && set->roof_size <= size && set->roof->gap >= size) {
        vaddr_t room = room_below(set->roof, size, low, high);
        if (room)
            return room;
    }
    struct vma *found = gap_search(RB_ROOT(&set->tree), size, low, high);
    if (!found)
        return 0;
    set->roof = found;
    set->roof_size = size;
    set->roof_high = high;
    return room_below(found, size, low, high);
}

/* => the subtree's largest gap; *broken is set if a node says otherwise. */
static uint64_t tree_check(const struct vma *vma, unsigned *nodes, const char **broken)
{
    if (!vma)
        return 0;
    uint64_t left = tree_check(RB_LEFT(vma, node), nodes, broken);
    uint64_t right = tree_check(RB_RIGHT(vma, node), nodes, broken);
    uint64_t max = MAX(MIN(vma->gap, VAST), MAX(left, right));

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
    for (vma = set->roof ? vma_next(set->roof) : NULL; vma; vma = vma_next(vma))
        if (room_below(vma, set->roof_size, 0, set->roof_high))
            return "there is room above the roof";
    tree_check(RB_ROOT(&set->tree), &nodes, &broken);
    if (nodes != listed || listed != set->count)
        return "tree, list and count disagree";
    return broken;
}
