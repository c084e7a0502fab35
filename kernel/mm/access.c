/* SPDX-License-Identifier: MIT */
/* access.c - reading and writing an address space page by page through the direct map, whether it is loaded or not.
 *
 * Pages are faulted in like a touch would. A forced write to a read-only private page gives the process a copy of its own
 * first, so that a file or another process never sees it.
 * Guards: takes aspace->lock for each page; the frame is held by a reference while its bytes are moved. */
#include <asm-generic/errno.h>
#include <mm/access.h>
#include <mm/anon.h>
#include <mm/fault.h>
#include <string.h>

/* Read-only for its owner, but not for us: a private region's page becomes the region's own. */
static int force_writable(struct aspace *aspace, vaddr_t va)
{
    struct vma *vma = vma_find(&aspace->vmas, va);

    if (!vma || !(vma->flags & VMA_PROT) || vma->flags & VMA_SHARED)
        return -EFAULT;
    pte_t pte = pmap_lookup(&aspace->pmap, va);
    int result = pte & PTE_HAS_FRAME ? 0 : aspace_fault(aspace, vma, page_floor(va), ACCESS_READ, pte);
    if (result < 0)
        return result;
    pte = pmap_lookup(&aspace->pmap, va);
    const struct page *page = pfn_to_page(pte_pfn(pte));
    if (page->owner == PAGE_ANON && page->refs == 1)
        return 0;
    if (vma->source)
        vma->flags |= VMA_COPIED;
    result = anon_enter(aspace, vma, page_floor(va), pmap_is_zero_page(pte) ? NULL : page);
    if (result == 0 && !(vma->flags & VMA_WRITE))
        pmap_protect(&aspace->pmap, page_floor(va), page_floor(va) + PAGE_SIZE, PMAP_READ_ONLY,
                     vma->flags & VMA_EXEC);
    return result;
}

/* A page on the disk whose region allows no access: no touch would bring it. => its entry; 0: it cannot be had */
static pte_t fetch(struct aspace *aspace, struct vma *vma, vaddr_t va, pte_t pte)
{
    if (swap_in(aspace, vma, va, pte) < 0)
        return 0;
    pmap_protect(&aspace->pmap, vma->start, vma->end, PMAP_NO_ACCESS, false);
    return pmap_lookup(&aspace->pmap, va);
}

/* The frame of va's page with a reference, as a touch would bring it; or NULL. What is there may be read whatever its region says. */
static struct page *page_for(struct aspace *aspace, vaddr_t va, enum access access, bool force)
{
    int result = fault_range(aspace, va, va + 1, access);

    MUTEX_GUARD(&aspace->lock);
    if (result == -EACCES && force)
        result = access == ACCESS_WRITE ? force_writable(aspace, va) : 0;
    pte_t pte = result == 0 ? pmap_lookup(&aspace->pmap, va) : 0;
    if (pte & PTE_SWAPPED)
        pte = fetch(aspace, vma_find(&aspace->vmas, va), page_floor(va), pte);
    if (!(pte & PTE_HAS_FRAME))
        return NULL;
    struct page *page = pfn_to_page(pte_pfn(pte));
    page_get(page);
    return page;
}

/* Between `buffer` and the pages from va on. */
static size_t transfer(struct aspace *aspace, vaddr_t va, void *buffer, size_t size, enum access access,
                       bool force)
{
    size_t done = 0;

    for (size_t count; done < size && va < STACK_TOP; done += count, va += count) {
        struct page *page = page_for(aspace, va, access, force);
        if (!page)
            break;
        char *here = (char *)buffer + done, *there = (char *)page_to_virt(page) + va % PAGE_SIZE;
        count = MIN(size - done, PAGE_SIZE - va % PAGE_SIZE);
        if (access == ACCESS_WRITE)
            memcpy(there, here, count);
        else
            memcpy(here, there, count);
        page_put(page);
    }
    return done;
}

size_t access_read(struct aspace *aspace, vaddr_t from, void *to, size_t size)
{
    return transfer(aspace, from, to, size, ACCESS_READ, true);
}

size_t access_write(struct aspace *aspace, vaddr_t to, const void *from, size_t size, bool force)
{
    return transfer(aspace, to, (void *)from, size, ACCESS_WRITE, force);
}
