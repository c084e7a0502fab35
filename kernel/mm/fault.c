/* SPDX-License-Identifier: MIT */
/* fault.c - from a trapped address to a mapped page, or to a refusal.
 *
 *   trap.c      #PF: CR2, error code -> fault(aspace, va, access)
 *   here        is there a region? may it be touched like that? (the stack may grow first)
 *   anon.c      anonymous memory: zero page, fresh frame, copy on write
 *   filemap.c   files: the file's own frame, or a copy of it
 *   pmap.c      the page-table entry is written
 *
 *                        nowhere yet         present, read-only
 *   anon, read           zero page, r/o      -
 *   anon, write          fresh zeroed frame  shared: copy   sole owner: make writable
 *   file private, read   the file's, r/o     -
 *   file private, write  copy                copy
 *   file shared, write   the file's          make writable
 *
 * The kind of region picks the row (vma->ops); this file only decides yes or no. It knows no signals: it returns a verdict.
 * Nothing here waits for memory: on -ENOMEM everything is let go of and the caller decides.
 * Locks: address space, then whatever the kind needs. */
#include <asm-generic/errno.h>
#include <mm/fault.h>
#include <mm/stack.h>
#include <mm/tell.h>

/* x86 cannot map a page that can be written or executed but not read. */
static bool access_allowed(const struct vma *vma, enum access access)
{
    return vma->flags & (access == ACCESS_READ ? VMA_PROT : access);
}

static inline int fault_locked(struct aspace *aspace, vaddr_t va, enum access access, bool tell)
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
    int result = vma->ops->fault(aspace, vma, page_floor(va), access, pmap_lookup(&aspace->pmap, va));
    if (likely(result == 0)) {
        vma->faults++;
        aspace->faults++;
    }
    return result;
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

int fault_range(struct aspace *aspace, vaddr_t start, vaddr_t end, enum access access)
{
    int result = 0;

    MUTEX_GUARD(&aspace->lock);
    trace_populate(true);
    for (vaddr_t va = page_floor(start); va < end && result == 0; va += PAGE_SIZE) {
        pte_t pte = pmap_lookup(&aspace->pmap, va);
        if (!(pte & PTE_PRESENT) || (access == ACCESS_WRITE && !(pte & PTE_WRITE)))
            result = fault_locked(aspace, va, access, TRACE_ON(fault_end));
    }
    trace_populate(false);
    return result;
}
