/* SPDX-License-Identifier: MIT */
/* fault.c - from a trapped address to a mapped page, or to a refusal.
 *
 *   trap.c      #PF: CR2, error code -> fault(aspace, va, access)
 *   here        is there a region? may it be touched like that? (the stack may grow first)
 *   anon.c      anonymous memory: zero page, fresh frame, copy on write
 *   filemap.c   files: the file's own frame, or a copy of it
 *   swapin.c    what is on the swap disk: a frame with its bytes
 *   pmap.c      the page-table entry is written
 *
 *                        nowhere yet         on the disk   present, read-only
 *   anon, read           zero page, r/o      read it       -
 *   anon, write          fresh zeroed frame  read it       shared: copy   sole owner: make writable
 *   file private, read   the file's, r/o     read it       -
 *   file private, write  copy                read it       copy
 *   file shared, write   the file's          -             make writable
 *
 * The kind of region picks the row (vma->ops); this file only decides yes or no. It knows no signals: it returns a verdict.
 * Nothing here waits for memory: on -ENOMEM everything is let go of. Then trap.c reclaims, and the instruction runs again.
 * Locks: address space, then whatever the kind needs. */
#include <asm-generic/errno.h>
#include <mm/fault.h>
#include <mm/reclaim.h>
#include <mm/stack.h>
#include <mm/tellfault.h>
#include <trace/trace.h>

/* x86 cannot map a page that can be written or executed but not read. */
static bool access_allowed(const struct vma *vma, enum access access)
{
    return vma->flags & (access == ACCESS_READ ? VMA_PROT : access);
}

static ALWAYS_INLINE int fault_locked(struct aspace *aspace, vaddr_t va, enum access access, bool tell)
{
    struct vma *vma = vma_find(&aspace->vmas, va);

    if (unlikely(!vma))
        vma = stack_grow(aspace, va);
    if (unlikely(!vma))
        return -EFAULT;
    if (unlikely(!access_allowed(vma, access)))
        return -EACCES;
    if (tell)
        return fault_told(aspace, vma, page_floor(va), access);
    return aspace_fault(aspace, vma, page_floor(va), access, pmap_lookup(&aspace->pmap, va));
}

int fault(struct aspace *aspace, vaddr_t va, enum access access)
{
    MUTEX_GUARD(&aspace->lock);
    return fault_locked(aspace, va, access, false);
}

static int fault_aloud(struct aspace *aspace, vaddr_t va, enum access access)
{
    MUTEX_GUARD(&aspace->lock);
    return fault_locked(aspace, va, access, true);
}

TRACE_WAYS(fault_way, fault, fault_aloud, &trace_level, TRACE_LEVEL_fault_end);

/* Under one lock, until something is refused or frames become few. => where it stopped */
static vaddr_t range_once(struct aspace *aspace, vaddr_t va, vaddr_t end, enum access access, int *result)
{
    MUTEX_GUARD(&aspace->lock);
    trace_populate(true);
    for (*result = 0; va < end; va += PAGE_SIZE) {
        pte_t pte = pmap_lookup(&aspace->pmap, va);
        if (!(pte & PTE_PRESENT) || (access == ACCESS_WRITE && !(pte & PTE_WRITE)))
            *result = fault_locked(aspace, va, access, TRACE_ON(fault_end));
        if (*result < 0 || page_scarce)
            break;
    }
    trace_populate(false);
    return va;
}

int fault_range(struct aspace *aspace, vaddr_t start, vaddr_t end, enum access access)
{
    bool again;
    int result;

    start = page_floor(start);
    do {
        start = range_once(aspace, start, end, access, &result);
        bool freed = page_scarce && reclaim();
        again = result < 0 ? result == -ENOMEM && freed : start < end;
    } while (again);
    return MIN(result, 0);
}
