/* SPDX-License-Identifier: MIT */
/* mlock.c - mlock(2) and its family: pages that are resident from now on, and mm_populate, which makes them so.
 *
 * What locking changes is that the pages come at once, that they do not leave for the swap disk (reclaim.c), that MADV_DONTNEED is
 * refused, and the count (VmLck). Who runs here has CAP_IPC_LOCK, so RLIMIT_MEMLOCK refuses nothing, as on Linux.
 * Guards: takes aspace->lock; populating takes it page range by page range. */
#include <asm-generic/errno.h>
#include <mm/fault.h>
#include <mm/mmap.h>

int mm_populate(struct aspace *aspace, vaddr_t start, vaddr_t end)
{
    int result = 0;

    while (start < end) {
        mutex_lock(&aspace->lock); /* fault_range() takes it again */
        const struct vma *vma = vma_find_from(&aspace->vmas, start);
        uint32_t flags = vma ? vma->flags : 0;
        vaddr_t from = vma ? MAX(start, vma->start) : end, to = vma ? MIN(vma->end, end) : end;
        mutex_unlock(&aspace->lock);
        start = to;
        if (from >= to || flags & VMA_LOCK_ON_FAULT)
            continue;
        bool as_written = (flags & (VMA_WRITE | VMA_SHARED)) == VMA_WRITE;
        int error = fault_range(aspace, from, to, as_written ? ACCESS_WRITE : ACCESS_READ);
        result = result == 0 ? error : result;
    }
    return result;
}

/* The part before a hole is changed, then the hole is reported. */
static int lock_range(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t lock)
{
    MUTEX_GUARD(&aspace->lock);
    while (start < end) {
        struct vma *vma = vma_find(&aspace->vmas, start);
        if (!vma)
            return -ENOMEM;
        vaddr_t piece_end = MIN(vma->end, end);
        if (!aspace_reflag(aspace, vma, start, piece_end, (vma->flags & ~VMA_LOCK) | lock))
            return -ENOMEM;
        start = piece_end;
    }
    return 0;
}

int mm_mlock(struct aspace *aspace, vaddr_t address, uint64_t length, uint32_t lock)
{
    vaddr_t start = page_floor(address), end = start + page_ceil(length + (address - start));

    if (end < start)
        return -EINVAL;
    int result = lock_range(aspace, start, end, lock);
    if (result < 0 || !lock)
        return result;
    result = mm_populate(aspace, start, end);
    if (result == -ENOMEM)
        return -EAGAIN; /* POSIX's word for it */
    return result < 0 ? -ENOMEM : 0;
}

void mm_mlockall(struct aspace *aspace, bool change_now, uint32_t now, uint32_t future)
{
    mutex_lock(&aspace->lock);
    aspace->lock_future = future;
    for (struct vma *vma = TAILQ_FIRST(&aspace->vmas.list); change_now && vma; vma = vma_next(vma))
        vma = aspace_reflag(aspace, vma, vma->start, vma->end, (vma->flags & ~VMA_LOCK) | now);
    mutex_unlock(&aspace->lock);
    if (now)
        mm_populate(aspace, 0, STACK_TOP);
}
