/* SPDX-License-Identifier: MIT */
/* mmap.c - the verbs on an address space: mmap, munmap, mprotect.
 *
 * They promise and take back; memory itself comes with the first touch (fault.c). The order of the checks is Linux's, so
 * that a call with two mistakes gets the same errno. The other verbs have files of their own: brk.c, mremap.c, mlock.c, madvise.c.
 * Guards: each verb takes aspace->lock. */
#include <asm-generic/errno.h>
#include <mm/commit.h>
#include <mm/mmap.h>
#include <pagesrc.h>

#include <linux/mman.h>

#define KNOWN_SHARED_VALIDATE                                                                                \
    (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | \
     MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT |        \
     MAP_HUGE_2MB | MAP_HUGE_1GB)
#define LOW_TOP 0x80000000UL /* MAP_32BIT: the first 2 GiB */
#define LOW_BOTTOM 0x40000000UL

/* ---- mmap ---- */

/* MAP_32BIT: the lowest room, as Linux has it. From region to region: few programs ask, and not often. */
static int64_t low_place(struct vma_set *vmas, uint64_t length)
{
    vaddr_t room = LOW_BOTTOM;

    for (struct vma *vma = vma_find_from(vmas, room); vma && vma->start < room + length; vma = vma_next(vma))
        room = MAX(room, vma->end);
    return room + length <= LOW_TOP ? (int64_t)room : -ENOMEM;
}

int64_t mmap_place(struct aspace *aspace, vaddr_t hint, uint64_t length, uint64_t flags)
{
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (!page_aligned(hint))
            return -EINVAL;
        if (length > STACK_TOP || hint > STACK_TOP - length)
            return -ENOMEM;
        if (flags & MAP_FIXED_NOREPLACE && !vma_range_free(&aspace->vmas, hint, hint + length))
            return -EEXIST;
        return (int64_t)hint;
    }
    if (length > STACK_TOP)
        return -ENOMEM;
    vaddr_t top = flags & MAP_32BIT ? LOW_TOP : STACK_TOP;
    hint = page_floor(hint);
    if (hint != 0 && length <= top) {
        hint = MAX(hint, MMAP_MIN);
        if (hint <= top - length && vma_range_free(&aspace->vmas, hint, hint + length))
            return (int64_t)hint;
    }
    if (flags & MAP_32BIT)
        return low_place(&aspace->vmas, length);
    vaddr_t chosen = vma_gap_below(&aspace->vmas, length, MMAP_MIN, MMAP_TOP);
    if (!chosen) /* nothing below: look above, as Linux does */
        chosen = vma_gap_below(&aspace->vmas, length, MMAP_MIN, STACK_TOP);
    return chosen ? (int64_t)chosen : -ENOMEM;
}

/* => VMA_ flags, or -errno. */
static int64_t region_flags(uint64_t prot, uint64_t flags, const struct mmap_file *file)
{
    uint64_t type = flags & MAP_TYPE;
    uint32_t region = (uint32_t)prot & VMA_PROT;

    if (type == MAP_SHARED_VALIDATE && file->source) {
        if (flags & ~(uint64_t)(KNOWN_SHARED_VALIDATE | MAP_FIXED_NOREPLACE))
            return -EOPNOTSUPP;
        type = MAP_SHARED;
    }
    if (type != MAP_SHARED && type != MAP_PRIVATE)
        return -EINVAL;
    if (type == MAP_PRIVATE || file->may_write)
        region |= VMA_MAY_WRITE;
    if (type == MAP_SHARED)
        region |= VMA_SHARED;
    if (region & VMA_WRITE && !(region & VMA_MAY_WRITE))
        return -EACCES;
    if (flags & MAP_GROWSDOWN) {
        if (file->source)
            return -EINVAL;
        region |= VMA_STACK;
    }
    if (flags & MAP_NORESERVE && commit_settings.mode != COMMIT_NEVER)
        region |= VMA_NORESERVE;
    if (flags & MAP_LOCKED)
        region |= VMA_LOCKED;
    return region;
}

static int64_t map_region(struct aspace *aspace, vaddr_t hint, uint64_t length, uint64_t prot, uint64_t flags,
                          const struct mmap_file *file)
{
    MUTEX_GUARD(&aspace->lock);
    if (aspace->vmas.count >= VMA_MAX_COUNT)
        return -ENOMEM;
    int64_t place = mmap_place(aspace, hint, length, flags);
    if (place < 0)
        return place;
    if (file->refusal)
        return file->refusal;
    int64_t region = region_flags(prot, flags, file);
    if (region < 0)
        return region;
    region |= aspace->lock_future;

    vaddr_t start = (vaddr_t)place, end = start + length;
    if (flags & MAP_FIXED ? !aspace_make_room(aspace, start, end, (uint32_t)region)
                          : !aspace_may_grow(aspace, length, (uint32_t)region))
        return -ENOMEM;
    struct vma *vma = aspace_map(aspace, start, end, (uint32_t)region, file->source,
                                 (file->source ? file->offset : start) >> PAGE_SHIFT);
    if (!vma)
        return -ENOMEM;
    aspace_merge(aspace, vma);
    return place;
}

const struct mmap_file mmap_no_file;

int64_t mm_mmap(struct aspace *aspace, vaddr_t address, uint64_t length, uint64_t prot, uint64_t flags,
                const struct mmap_file *file)
{
    if (length == 0 || !page_aligned(file->offset))
        return -EINVAL;
    length = page_ceil(length);
    if (length - 1 >= STACK_TOP) /* 0: it was rounded up beyond the last byte */
        return -ENOMEM;
    if (file->source && file->offset > INT64_MAX - length)
        return -EOVERFLOW;

    int64_t place = map_region(aspace, address, length, prot, flags, file);
    /* A promise that is kept at once. Running out of memory here is no error of mmap (man page: "mmap does not fail"). */
    bool locked = flags & MAP_LOCKED || aspace->lock_future;
    if (unlikely(flags & MAP_POPULATE || locked) && (locked || !(flags & MAP_NONBLOCK)) && place >= 0)
        mm_populate(aspace, (vaddr_t)place, (vaddr_t)place + length);
    return place;
}

int mm_munmap(struct aspace *aspace, vaddr_t address, uint64_t length)
{
    if (!page_aligned(address) || address > STACK_TOP || length > STACK_TOP - address || length == 0)
        return -EINVAL;
    MUTEX_GUARD(&aspace->lock);
    return aspace_unmap(aspace, address, address + page_ceil(length));
}

/* ---- mprotect ---- */

static enum pmap_protection protection_of(uint32_t flags)
{
    if (!(flags & VMA_PROT))
        return PMAP_NO_ACCESS;
    if (!(flags & VMA_WRITE))
        return PMAP_READ_ONLY;
    return flags & VMA_SHARED ? PMAP_WRITE_SHARED : PMAP_WRITE_PRIVATE;
}

/* Changes [start, end) of one region. */
static int protect_one(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end, uint32_t prot)
{
    uint32_t flags = (vma->flags & ~VMA_PROT) | prot;

    if (flags == vma->flags)
        return 0;
    if (prot & VMA_WRITE && !(vma->flags & VMA_MAY_WRITE))
        return -EACCES;
    bool becomes_data = prot & VMA_WRITE && !(vma->flags & (VMA_WRITE | VMA_SHARED | VMA_STACK));
    if (becomes_data && (aspace->data << PAGE_SHIFT) + (end - start) > aspace->limit_data)
        return -ENOMEM;
    if (!(flags & VMA_ACCOUNT) && aspace_commits(flags)) {
        if (!commit_allows((end - start) >> PAGE_SHIFT, aspace->total))
            return -ENOMEM;
        flags |= VMA_ACCOUNT;
    }
    if (!aspace_reflag(aspace, vma, start, end, flags))
        return -ENOMEM;
    pmap_protect(&aspace->pmap, start, end, protection_of(flags), prot & VMA_EXEC);
    return 0;
}

static int protect_locked(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t prot, bool grows_down)
{
    struct vma *vma = unlikely(grows_down) ? vma_find_from(&aspace->vmas, start)
                                           : vma_find(&aspace->vmas, start);

    if (!vma)
        return -ENOMEM;
    if (grows_down) {
        if (vma->start >= end)
            return -ENOMEM;
        if (!(vma->flags & VMA_STACK))
            return -EINVAL;
        start = vma->start;
    }
    if (vma->start > start)
        return -ENOMEM;
    /* The part before a hole is changed, then the hole is reported: so does Linux. */
    while (start < end) {
        vaddr_t piece_end = MIN(vma->end, end);
        int result = protect_one(aspace, vma, start, piece_end, prot);
        if (result < 0)
            return result;
        start = piece_end;
        if (start < end && !(vma = vma_find(&aspace->vmas, start)))
            return -ENOMEM;
    }
    return 0;
}

int mm_mprotect(struct aspace *aspace, vaddr_t address, uint64_t length, uint64_t prot)
{
    const uint64_t grows = PROT_GROWSDOWN | PROT_GROWSUP;
    bool special = prot & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM);

    if (unlikely(special && (prot & grows) == grows) || !page_aligned(address))
        return -EINVAL;
    if (length == 0)
        return 0;
    length = page_ceil(length);
    if (address + length <= address)
        return -ENOMEM;
    if (unlikely(special &&
                 prot & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN)))
        return -EINVAL;
    MUTEX_GUARD(&aspace->lock);
    return protect_locked(aspace, address, address + length, (uint32_t)prot & VMA_PROT, special);
}
