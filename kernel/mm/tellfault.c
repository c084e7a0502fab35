/* SPDX-License-Identifier: MIT */
/* tellfault.c - a fault that is told to the event stream: the same work that fault.c does, with its events around.
 *
 * What the fault did is read from the entry before and after it: those who serve it need not say.
 * Guards: aspace->lock. */
#include <arch/x86/tlb.h>
#include <mm/tellfault.h>

#include <mm/aspace.h>
#include <mm/tell.h>

#include <asm-generic/errno.h>

/* What a fault did, from the entry before and after it. */
static enum trace_fault_kind kind_of(int result, const struct vma *vma, pte_t before, pte_t after)
{
    if (result == -ENOMEM)
        return TRACE_fault_kind_oom;
    if (result < 0)
        return TRACE_fault_kind_bus;
    if (result == FAULT_MAJOR)
        return TRACE_fault_kind_swapin;
    if (before == after)
        return TRACE_fault_kind_spurious;
    if (pmap_is_zero_page(after))
        return TRACE_fault_kind_zero_page;
    uint8_t owner = pfn_to_page(pte_pfn(after))->owner;
    if (owner == PAGE_IMAGE)
        return TRACE_fault_kind_vdso;
    if (before && pte_pfn(before) == pte_pfn(after))
        return TRACE_fault_kind_reuse;
    if (owner != PAGE_ANON)
        return TRACE_fault_kind_file;
    return vma->source || (before && !pmap_is_zero_page(before)) ? TRACE_fault_kind_cow
                                                                 : TRACE_fault_kind_zero;
}

int fault_told(struct aspace *aspace, struct vma *vma, vaddr_t va, enum access access)
{
    pte_t pte = pmap_lookup(&aspace->pmap, va);
    uint32_t error = (pte & PTE_PRESENT ? FAULT_ERROR_PRESENT : 0) |
                     (access == ACCESS_WRITE ? FAULT_ERROR_WRITE : 0);
    uint64_t tables = aspace->pmap.tables;

    if (!tell_wanted(aspace))
        return aspace_fault(aspace, vma, va, access, pte);
    trace_fault_begin(va, error, vma->cause);
    int result = aspace_fault(aspace, vma, va, access, pte);
    pte_t after = pmap_lookup(&aspace->pmap, va);
    if (pte && pte != after)
        TRACE(tlb, .kind = TRACE_flush_kind_page, .va = va, .pages = 1,
              .asked = tlb_sharers(aspace->pmap.cr3));
    if (pte != after)
        TRACE(pte, .table_level = 1, .va = va, .old_entry = pte, .new_entry = after);
    struct trace_fault_end end = {.va = va,
                                  .kind = (uint8_t)kind_of(result, vma, pte, after),
                                  .pfn = after & PTE_HAS_FRAME ? pte_pfn(after) : 0,
                                  .tables = (uint32_t)(aspace->pmap.tables - tables)};
    trace_fault_end(&end, vma->cause);
    return result;
}
