/* SPDX-License-Identifier: MIT */
/* mremap.c - mremap(2): a mapping shrinks, grows where it is, or moves with its pages.
 *
 *   shrink            the tail is unmapped
 *   grow              in place if the region ends there and the room behind it is free; else a move, if MAYMOVE
 *   FIXED             what is at the new place goes; then a shrink if need be, then a move
 *   DONTUNMAP         a move whose pages go, but whose old region stays, empty
 *   old length 0      a second mapping of shared memory
 *
 * A move is a second region and the entries of the first: no page is copied or touched, and what can fail (a region, page
 * tables) comes before anything changes. The order of the checks is Linux's (mm/mremap.c). What Linux does since 6.17 only, to
 * move several regions by one call, is EFAULT here as before.
 * Guards: takes aspace->lock. */
#include <asm-generic/errno.h>
#include <mm/mmap.h>
#include <mm/tell.h>

#include <linux/mman.h>

struct remap {
    struct aspace *aspace;
    vaddr_t from, to;
    uint64_t old_length, new_length, flags;
    bool populates; /* a locked mapping grows */
};

/* What can be said without a look at the regions. */
static int remap_check(const struct remap *remap)
{
    if (remap->flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) ||
        !page_aligned(remap->from))
        return -EINVAL;
    if (remap->new_length == 0 || remap->new_length > STACK_TOP)
        return -EINVAL;
    if (!(remap->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)))
        return 0;
    if (remap->to > STACK_TOP - remap->new_length || !page_aligned(remap->to) ||
        !(remap->flags & MREMAP_MAYMOVE))
        return -EINVAL;
    if (remap->flags & MREMAP_DONTUNMAP && remap->old_length != remap->new_length)
        return -EINVAL;
    if (remap->from + remap->old_length > remap->to && remap->to + remap->new_length > remap->from)
        return -EINVAL;
    return remap->aspace->vmas.count + 2 >= VMA_MAX_COUNT - 3 ? -ENOMEM : 0;
}

/* May what is kept of [from, from + old_length) grow, or move? It must lie in one region; a tail that is cut off need not. */
static int region_check(const struct remap *remap, const struct vma *vma)
{
    if (remap->old_length == 0 && !(vma->flags & VMA_SHARED))
        return -EINVAL;
    if (MIN(remap->old_length, remap->new_length) > vma->end - remap->from)
        return -EFAULT;
    if (remap->new_length <= remap->old_length)
        return 0;
    return aspace_may_grow(remap->aspace, remap->new_length - remap->old_length, vma->flags) ? 0 : -ENOMEM;
}

/* Anonymous memory that was never written is new wherever it is: it may merge with its neighbours there. */
static uint64_t offset_after_move(const struct remap *remap, const struct vma *vma)
{
    if (!vma->source && !pmap_has_frames(&remap->aspace->pmap, vma->start, vma->end))
        return remap->to >> PAGE_SHIFT;
    return vma_index(vma, remap->from);
}

/* What is left behind: nothing, or with DONTUNMAP an empty region that is not locked any more. */
static void leave(const struct remap *remap, struct vma *vma)
{
    if (remap->flags & MREMAP_DONTUNMAP)
        aspace_reflag(remap->aspace, vma, vma->start, vma->end, vma->flags & ~VMA_LOCK);
    else if (remap->old_length)
        aspace_unmap(remap->aspace, remap->from, remap->from + remap->old_length);
}

/* To `place`, or not if that is an error. */
static int64_t move(struct remap *remap, struct vma *vma, int64_t place)
{
    struct aspace *aspace = remap->aspace;
    uint64_t moved = MIN(remap->old_length, remap->new_length);
    bool keeps = remap->flags & MREMAP_DONTUNMAP || remap->old_length == 0;
    vaddr_t end = remap->from + remap->old_length;

    if (place < 0)
        return place;
    remap->to = (vaddr_t)place;
    uint64_t offset = offset_after_move(remap, vma);
    if (aspace->vmas.count >= VMA_MAX_COUNT - 3)
        return -ENOMEM;
    if (keeps && !aspace_may_grow(aspace, remap->new_length, vma->flags))
        return -ENOMEM;
    /* Cut out what goes, so that letting it go later cannot fail. */
    if (!keeps && !(vma = aspace_cut_out(aspace, vma, remap->from, end)))
        return -ENOMEM;
    struct vma *moved_to =
        aspace_map(aspace, remap->to, remap->to + remap->new_length, vma->flags, vma->source, offset);
    if (!moved_to)
        goto merge;
    if (pmap_move(&aspace->pmap, remap->from, remap->to, moved) < 0)
        goto unmap;
    TELL(move, aspace, remap->from, remap->from + moved, remap->to);
    leave(remap, vma);
    aspace_merge(aspace, moved_to);
    return place;

unmap:
    aspace_unmap(aspace, remap->to, remap->to + remap->new_length);
merge:
    if (!keeps)
        aspace_merge(aspace, vma);
    return -ENOMEM;
}

/* Whatever lies beyond the new length goes, regions and holes. */
static int shrink(struct remap *remap)
{
    vaddr_t new_end = remap->from + remap->new_length;

    if (remap->old_length <= remap->new_length)
        return 0;
    if (remap->old_length > STACK_TOP - remap->from)
        return -EINVAL;
    int error = aspace_unmap(remap->aspace, new_end, remap->from + remap->old_length);
    remap->old_length = error < 0 ? remap->old_length : remap->new_length;
    return error;
}

/* To a place that the caller names, or with DONTUNMAP may name. */
static int64_t remap_to(struct remap *remap)
{
    struct aspace *aspace = remap->aspace;
    bool fixed = remap->flags & MREMAP_FIXED;

    if (fixed && aspace_unmap(aspace, remap->to, remap->to + remap->new_length) < 0)
        return -ENOMEM;
    int error = shrink(remap);
    if (error < 0)
        return error;
    struct vma *vma = vma_find(&aspace->vmas, remap->from);
    if (!vma)
        return -EFAULT; /* old length 0, and the new place was where the old one is */
    return move(remap, vma, mmap_place(aspace, remap->to, remap->new_length, fixed ? MAP_FIXED : 0));
}

static int64_t grow(struct remap *remap, struct vma *vma)
{
    struct aspace *aspace = remap->aspace;
    vaddr_t new_end = remap->from + remap->new_length;
    bool at_end = remap->old_length == vma->end - remap->from;

    if (at_end && new_end <= STACK_TOP && vma_range_free(&aspace->vmas, vma->end, new_end)) {
        aspace_resize(aspace, vma, vma->start, new_end);
        aspace_merge(aspace, vma);
        return (int64_t)remap->from;
    }
    if (!(remap->flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    return move(remap, vma, mmap_place(aspace, 0, remap->new_length, 0));
}

static int64_t remap_region(struct remap *remap)
{
    bool elsewhere = remap->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
    bool grows = remap->new_length > remap->old_length;

    MUTEX_GUARD(&remap->aspace->lock);
    int error = remap_check(remap);
    if (error < 0)
        return error;
    struct vma *vma = vma_find(&remap->aspace->vmas, remap->from);
    if (!vma)
        return -EFAULT;
    remap->populates = grows && vma->flags & VMA_LOCKED;
    error = elsewhere || grows ? region_check(remap, vma) : shrink(remap);
    if (error < 0)
        return error;
    if (elsewhere)
        return remap_to(remap);
    return grows ? grow(remap, vma) : (int64_t)remap->from;
}

int64_t mm_mremap(struct aspace *aspace, vaddr_t address, uint64_t old_length, uint64_t new_length,
                  uint64_t flags, vaddr_t new_address)
{
    struct remap remap = {.aspace = aspace,
                          .from = address,
                          .to = new_address,
                          .old_length = page_ceil(old_length),
                          .new_length = page_ceil(new_length),
                          .flags = flags};
    int64_t place = remap_region(&remap);

    if (place >= 0 && remap.populates)
        mm_populate(aspace, (vaddr_t)place, (vaddr_t)place + remap.new_length);
    return place;
}
