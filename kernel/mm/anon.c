/* SPDX-License-Identifier: MIT */
/* anon.c - anonymous memory: nothing until it is touched, zeros when it is read, a frame of its own when it is written.
 *
 *                 nowhere yet          the zero page        a frame, read-only
 *   read          map the zero page    -                    -
 *   write         fresh zeroed frame   fresh zeroed frame   shared: copy it    sole owner: make it writable
 *
 * Frames become read-only when fork shares them. A frame is exclusively ours when its only reference is our entry's; the
 * file kinds use the same copy for their private writes.
 * Guards: the address space's lock. */
#include <asm-generic/errno.h>
#include <mm/anon.h>
#include <mm/aspace.h>
#include <x86/cpu.h>

int anon_enter(struct aspace *aspace, const struct vma *vma, vaddr_t va, const struct page *original)
{
    struct page *page = page_alloc(PAGE_ANON);

    if (!page)
        return -ENOMEM;
    if (original)
        cpu_copy_page(page_to_virt(page), page_to_virt(original));
    else
        cpu_zero_page(page_to_virt(page));
    int result = pmap_enter(&aspace->pmap, va, page, vma_pte_flags(vma) | PTE_WRITE | PTE_DIRTY);
    if (result < 0)
        page_put(page);
    return result;
}

int anon_copy_on_write(struct aspace *aspace, const struct vma *vma, vaddr_t va, pte_t pte)
{
    const struct page *page = pfn_to_page(pte_pfn(pte));

    if (page->owner == PAGE_ANON && page->refs == 1) {
        pmap_make_writable(&aspace->pmap, va);
        return 0;
    }
    return anon_enter(aspace, vma, va, pmap_is_zero_page(pte) ? NULL : page);
}

static int anon_fault(struct aspace *aspace, struct vma *vma, vaddr_t va, enum access access, pte_t pte)
{
    if (access != ACCESS_WRITE)
        return pte ? 0 : pmap_enter(&aspace->pmap, va, zero_page, vma_pte_flags(vma));
    if (pte & PTE_WRITE)
        return 0; /* another thread was first */
    return pte ? anon_copy_on_write(aspace, vma, va, pte) : anon_enter(aspace, vma, va, NULL);
}

const struct vma_ops vma_anon_ops = {.kind = "anon", .fault = anon_fault};
