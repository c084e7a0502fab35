/* SPDX-License-Identifier: MIT */
/* mmstat.c - counting for /proc, page by page and exactly.
 *
 * A page that several entries map counts for each of them by its share (PSS). What a file's frame holds in the ramfs has no
 * other copy, so Linux calls it dirty there; the same here. Nothing is changed.
 * Guards: the caller holds aspace->lock. */
#include <mm/mmstat.h>
#include <mm/pt.h>
#include <mm/slot.h>
#include <pagesrc.h>
#include <string.h>

#define PSS_SHIFT 12

static void slot_count(uint32_t slot, struct vma_usage *usage)
{
    usage->swap += PAGE_SIZE;
    usage->swap_pss_shifted += (PAGE_SIZE << PSS_SHIFT) / slot_shares(slot);
}

static void page_count(pte_t pte, struct vma_usage *usage)
{
    const struct page *page = pfn_to_page(pte_pfn(pte));
    if (page->owner == PAGE_IMAGE)
        return; /* the kernel's own, resident for nobody: the zero page, the vDSO */
    uint32_t maps = page->maps;
    uint64_t share = (PAGE_SIZE << PSS_SHIFT) / maps;
    /* Anonymous memory and the ramfs's pages are nowhere else: dirty, as Linux counts pages of its own rootfs. */
    bool dirty = pte & PTE_DIRTY || page->owner == PAGE_ANON || page->owner == PAGE_SHMEM ||
                 page->owner == PAGE_FILE;

    usage->rss += PAGE_SIZE;
    usage->pss_shifted += share;
    if (pte & PTE_ACCESSED)
        usage->referenced += PAGE_SIZE;
    if (page->owner == PAGE_ANON) {
        usage->anonymous += PAGE_SIZE;
        usage->pss_anon_shifted += share;
    }
    if (dirty)
        usage->pss_dirty_shifted += share;
    *(maps > 1 ? (dirty ? &usage->shared_dirty : &usage->shared_clean)
               : (dirty ? &usage->private_dirty : &usage->private_clean)) += PAGE_SIZE;
}

void mmstat_vma(struct aspace *aspace, struct vma *vma, struct vma_usage *usage)
{
    uint64_t pss_before = usage->pss_shifted;

    PT_FOREACH_RUN (run, aspace->pmap.root, vma->start, vma->end)
        for (size_t i = 0; i < run.count; i++)
            if (run.entry[i] & PTE_SWAPPED)
                slot_count(pte_slot(run.entry[i]), usage);
            else if (run.entry[i])
                page_count(run.entry[i], usage);
    if (vma->flags & VMA_LOCKED)
        usage->locked += usage->pss_shifted - pss_before;
}

void mmstat_vma_name(struct aspace *aspace, struct vma *vma, char *buffer, size_t size)
{
    const char *name = "";

    if (vma->source) {
        vma->source->ops->name(vma->source, buffer, size);
        return;
    }
    if (vma->start < aspace->brk && vma->end > aspace->brk_start)
        name = "[heap]";
    else if (vma->start <= aspace->stack_start && vma->end >= aspace->stack_start)
        name = "[stack]";
    size_t length = MIN(strlen(name), size - 1);
    memcpy(buffer, name, length);
    buffer[length] = 0;
}

uint64_t mmstat_peak_resident(const struct aspace *aspace)
{
    return MAX(aspace->pmap.resident_peak, pmap_resident_pages(&aspace->pmap));
}
