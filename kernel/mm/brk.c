/* SPDX-License-Identifier: MIT */
/* brk.c - the break: the end of the heap region, moved byte by byte, promised page by page.
 *
 * brk never fails with an errno: it returns the break that is in force afterwards. It refuses (below the start, over
 * RLIMIT_DATA or RLIMIT_AS, too near the next mapping) by returning the old one; the C library makes ENOMEM of that.
 * Guards: takes aspace->lock. */
#include <asm-generic/errno.h>
#include <mm/mmap.h>

/* The lowest address that the break must stay a page away from: the next region, and below a stack its guard gap. */
static vaddr_t ceiling(struct aspace *aspace, vaddr_t from)
{
    const struct vma *next = vma_find_from(&aspace->vmas, from);

    if (!next)
        return STACK_TOP;
    if (!(next->flags & VMA_STACK))
        return next->start;
    return next->start > STACK_GUARD_GAP ? next->start - STACK_GUARD_GAP : 0;
}

static bool grow(struct aspace *aspace, vaddr_t old_end, vaddr_t new_end)
{
    const uint32_t flags = VMA_READ | VMA_WRITE | VMA_MAY_WRITE | VMA_HEAP | VMA_ACCOUNT |
                           aspace->lock_future;

    if (new_end > STACK_TOP || new_end + PAGE_SIZE > ceiling(aspace, old_end))
        return false;
    if (!aspace_may_grow(aspace, new_end - old_end, flags))
        return false;
    struct vma *heap = old_end > aspace->brk_start ? vma_find(&aspace->vmas, old_end - 1) : NULL;
    if (heap && heap->end == old_end && (heap->flags & VMA_ALIKE) == flags) {
        aspace_resize(aspace, heap, heap->start, new_end);
        return true;
    }
    return aspace->vmas.count < VMA_MAX_COUNT &&
           aspace_map(aspace, old_end, new_end, flags, NULL, old_end >> PAGE_SHIFT);
}

static bool break_move(struct aspace *aspace, vaddr_t new_break)
{
    vaddr_t old_end = page_ceil(aspace->brk), new_end = page_ceil(new_break);

    if (new_break < aspace->brk_start || new_break > STACK_TOP)
        return false;
    /* RLIMIT_DATA covers the program's data segment and the heap (setrlimit(2)). */
    uint64_t data = (new_break - aspace->brk_start) + (aspace->data_end - aspace->data_start);
    if (aspace->limit_data != ~0UL && data > aspace->limit_data)
        return false;
    if (new_end < old_end)
        return aspace_unmap(aspace, new_end, old_end) == 0;
    return new_end == old_end || grow(aspace, old_end, new_end);
}

vaddr_t mm_brk(struct aspace *aspace, vaddr_t new_break)
{
    mutex_lock(&aspace->lock);
    vaddr_t old_break = aspace->brk;
    vaddr_t result = aspace->brk = break_move(aspace, new_break) ? new_break : old_break;
    mutex_unlock(&aspace->lock);
    if (aspace->lock_future && result > old_break)
        mm_populate(aspace, page_ceil(old_break), page_ceil(result));
    return result;
}
