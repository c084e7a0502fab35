/* SPDX-License-Identifier: MIT */
/* swapin.c - a page comes back from the swap disk.
 *
 * Whatever kind of region it is in, the page is private: only anonymous frames are ever evicted. So it becomes writable at once if the
 * region is, whoever else has a share of the slot: after fork each gets a copy of its own, as a write would have given it.
 * The pages behind it come with it as far as their slots follow: they left together, and will mostly be wanted together.
 * Guards: the address space's lock. */
#include <mm/anon.h>
#include <mm/aspace.h>
#include <mm/swap.h>
#include <mm/swapin.h>
#include <mm/tell.h>

int swap_in(struct aspace *aspace, struct vma *vma, vaddr_t va, pte_t pte)
{
    pte_t flags = vma_pte_flags(vma) | PTE_DIRTY | (vma->flags & VMA_WRITE ? PTE_WRITE : 0);
    struct swap_row row;
    int error = swap_row_read(&row, &aspace->pmap, va, vma->end, pte);

    if (error)
        return error;
    for (unsigned i = 0; i < row.count; i++, va += PAGE_SIZE) {
        TELL(swap_in, aspace, va, row.pfns[i], row.slots[i]);
        assert(pmap_enter(&aspace->pmap, va, pfn_to_page(row.pfns[i]), flags) == 0); /* its table is there */
    }
    vma->faults++;
    aspace->major_faults++;
    return FAULT_MAJOR;
}
