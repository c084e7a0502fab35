/* SPDX-License-Identifier: MIT */
/* madvise.c - madvise, mincore, msync: hints and questions about a range that may have holes.
 *
 *   DONTNEED, DONTNEED_LOCKED     the pages go, the promise stays
 *   POPULATE_READ, POPULATE_WRITE the pages come, or the call says why not
 *   DONTFORK, WIPEONFORK          fork obeys (aspace.c)
 *   PAGEOUT                       private pages leave for the swap disk
 *   FREE, COLD, WILLNEED          checked as on Linux, without effect: all files are in memory
 *   the others                    remembered in the region's flags, where smaps shows them
 *
 * The order of the checks is Linux's. A hole is reported last: what is mapped is still done.
 * Guards: takes aspace->lock. */
#include <asm-generic/errno.h>
#include <mm/fault.h>
#include <mm/mmap.h>
#include <mm/reclaim.h>
#include <mm/tell.h>
#include <pagesrc.h>

#include <linux/mman.h>

/* What an advice does to a region's flags, and to which regions it may not be given. */
struct advice {
    int number;
    uint32_t set, clear, refused; /* VMA_ */
    bool anonymous_only;
};

static const struct advice advices[] = {
    {.number = MADV_NORMAL, .clear = VMA_SEQUENTIAL | VMA_RANDOM},
    {.number = MADV_RANDOM, .set = VMA_RANDOM, .clear = VMA_SEQUENTIAL},
    {.number = MADV_SEQUENTIAL, .set = VMA_SEQUENTIAL, .clear = VMA_RANDOM},
    {.number = MADV_WILLNEED},
    {.number = MADV_DONTNEED, .refused = VMA_LOCKED},
    {.number = MADV_DONTNEED_LOCKED},
    {.number = MADV_FREE, .refused = VMA_LOCKED, .anonymous_only = true},
    {.number = MADV_COLD, .refused = VMA_LOCKED},
    {.number = MADV_PAGEOUT, .refused = VMA_LOCKED},
    {.number = MADV_POPULATE_READ},
    {.number = MADV_POPULATE_WRITE},
    {.number = MADV_DONTFORK, .set = VMA_DONTFORK},
    {.number = MADV_DOFORK, .clear = VMA_DONTFORK},
    {.number = MADV_WIPEONFORK, .set = VMA_WIPEONFORK, .anonymous_only = true},
    {.number = MADV_KEEPONFORK, .clear = VMA_WIPEONFORK},
    {.number = MADV_DONTDUMP, .set = VMA_DONTDUMP},
    {.number = MADV_DODUMP, .clear = VMA_DONTDUMP},
    {.number = MADV_MERGEABLE, .set = VMA_MERGEABLE},
    {.number = MADV_UNMERGEABLE, .clear = VMA_MERGEABLE},
    {.number = MADV_HUGEPAGE, .set = VMA_HUGE, .clear = VMA_NO_HUGE},
    {.number = MADV_NOHUGEPAGE, .set = VMA_NO_HUGE, .clear = VMA_HUGE},
};

static const struct advice *advice_find(int number)
{
    for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
        if (advices[i].number == number)
            return &advices[i];
    return NULL;
}

/* Gives the advice to [start, end) of one region. */
static int advise(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end,
                  const struct advice *advice)
{
    uint32_t flags = (vma->flags & ~advice->clear) | advice->set;

    if (vma->flags & advice->refused || (advice->anonymous_only && vma->source))
        return -EINVAL;
    if (advice->number == MADV_MERGEABLE && vma->flags & VMA_SHARED)
        return 0; /* shared pages are one already */
    if (advice->number == MADV_DONTNEED || advice->number == MADV_DONTNEED_LOCKED) {
        TELL(zap, aspace, start, end);
        pmap_remove(&aspace->pmap, start, end);
    }
    if (advice->number == MADV_PAGEOUT)
        reclaim_range(aspace, vma, start, end);
    return aspace_reflag(aspace, vma, start, end, flags) ? 0 : -ENOMEM;
}

static int advise_range(struct aspace *aspace, vaddr_t start, vaddr_t end, const struct advice *advice)
{
    int result = 0;

    for (vaddr_t at = start; at < end;) {
        struct vma *vma = vma_find_from(&aspace->vmas, at);
        if (!vma || vma->start > at)
            result = -ENOMEM; /* a hole: the rest is still done */
        if (!vma || vma->start >= end)
            break;
        vaddr_t from = MAX(at, vma->start), to = MIN(vma->end, end);
        int error = advise(aspace, vma, from, to, advice);
        if (error < 0)
            return error;
        at = to;
    }
    return result;
}

/* The pages come at once, as a read or a write would bring them; unlike other advice, this ends at the first hole. */
static int populate(struct aspace *aspace, vaddr_t start, vaddr_t end, enum access access)
{
    int error = fault_range(aspace, start, end, access);

    switch (error) {
    case -EFAULT: /* no region */
        return -ENOMEM;
    case -EACCES:
        return -EINVAL;
    case -EIO:
        return -EFAULT;
    default:
        return error;
    }
}

int mm_madvise(struct aspace *aspace, vaddr_t address, uint64_t length, int number)
{
    const struct advice *advice = advice_find(number);
    uint64_t bytes = page_ceil(length);
    vaddr_t end = address + bytes;

    if (!advice || !page_aligned(address) || (length != 0 && bytes == 0) || end < address)
        return -EINVAL;
    if (number == MADV_POPULATE_READ || number == MADV_POPULATE_WRITE)
        return populate(aspace, address, end, number == MADV_POPULATE_WRITE ? ACCESS_WRITE : ACCESS_READ);
    MUTEX_GUARD(&aspace->lock);
    return advise_range(aspace, address, end, advice);
}

int mm_mincore(struct aspace *aspace, vaddr_t address, uint64_t length, uint8_t *vector)
{
    vaddr_t end = address + page_ceil(length);

    MUTEX_GUARD(&aspace->lock);
    for (vaddr_t va = address; va < end; va += PAGE_SIZE) {
        const struct vma *vma = vma_find(&aspace->vmas, va);
        if (!vma)
            return -ENOMEM;
        struct pagesrc *source = vma->source;
        vector[(va - address) >> PAGE_SHIFT] = pmap_lookup(&aspace->pmap, va) & PTE_HAS_FRAME ||
                                               (source && source->ops->resident(source, vma_index(vma, va)));
    }
    return 0;
}

int mm_msync(struct aspace *aspace, vaddr_t address, uint64_t length, int flags)
{
    vaddr_t end = address + page_ceil(length);

    if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || !page_aligned(address) ||
        (flags & MS_ASYNC && flags & MS_SYNC))
        return -EINVAL;
    if (end < address)
        return -ENOMEM;
    /* Shared pages are the file's own pages: there is nothing to write back. What is left is to report holes and locks. */
    const struct advice look = {.refused = flags & MS_INVALIDATE ? VMA_LOCKED : 0};
    MUTEX_GUARD(&aspace->lock);
    int result = advise_range(aspace, address, end, &look);
    return result == -EINVAL ? -EBUSY : result;
}
