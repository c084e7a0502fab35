/* SPDX-License-Identifier: MIT */
/* meminfo.c - the memory of the machine. Everything comes from the ledger of frames (mm/page.h), which is exact at any moment.
 *
 *   Linux's word      here
 *   MemTotal          all RAM except what the firmware, the kernel image and the frame array have for ever
 *   MemFree           free frames
 *   MemAvailable      the same: a page of the ramfs has no other copy, so nothing could be given up for a newcomer
 *   Cached            pages of files and of shared anonymous memory (Shmem is a part of it, as on Linux)
 *   AnonPages         anonymous frames, each once
 *   Slab, SUnreclaim  kernel objects; KernelStack, PageTables: what they say
 *   Committed_AS      what has been promised: private writable memory of every process, and shared anonymous memory (mm/commit.h)
 *
 * /proc/frames is our own: a line for each class of owner, and their sum, which is the RAM of the machine. */
#include <procfs/files.h>

#include <mm/aspace.h>
#include <mm/commit.h>
#include <mm/kmem.h>
#include <mm/kstack.h>
#include <mm/mmstat.h>
#include <mm/page.h>
#include <mm/swap.h>

static void kilobytes(struct proctext *text, const char *name, uint64_t frames)
{
    proctext_printf(text, "%-16s%8lu kB\n", name, frames * (PAGE_SIZE / KIB));
}

/* Pages in locked regions (one that two such regions show counts twice). */
static uint64_t locked_pages(void)
{
    uint64_t bytes = 0;

    for (struct aspace *aspace = aspace_next(NULL); aspace; aspace = aspace_next(aspace)) {
        struct vma_usage counted = {0};
        MUTEX_GUARD(&aspace->lock);
        for (struct vma *vma = TAILQ_FIRST(&aspace->vmas.list); aspace->locked && vma; vma = vma_next(vma))
            if (vma->flags & VMA_LOCKED)
                mmstat_vma(aspace, vma, &counted);
        bytes += counted.rss;
    }
    return bytes >> PAGE_SHIFT;
}

static void files(struct proctext *text, uint64_t file_pages, uint64_t shmem)
{
    kilobytes(text, "Buffers:", 0);
    kilobytes(text, "Cached:", file_pages + shmem);
    kilobytes(text, "SwapCached:", 0);
}

void proc_meminfo(struct proctext *text)
{
    struct page_ledger ledger;

    page_ledger(&ledger);
    const uint64_t *frames = ledger.frames;
    const struct swap_state swap = swap_state();

    kilobytes(text, "MemTotal:", commit_ram());
    kilobytes(text, "MemFree:", frames[PAGE_FREE]);
    kilobytes(text, "MemAvailable:", frames[PAGE_FREE]);
    files(text, frames[PAGE_FILE], frames[PAGE_SHMEM]);
    /* There are no lists by age, only the clock's bits: what is anonymous counts as active. */
    kilobytes(text, "Active:", frames[PAGE_ANON] + frames[PAGE_SHMEM]);
    kilobytes(text, "Inactive:", 0);
    kilobytes(text, "Active(anon):", frames[PAGE_ANON] + frames[PAGE_SHMEM]);
    kilobytes(text, "Inactive(anon):", 0);
    kilobytes(text, "Active(file):", 0);
    kilobytes(text, "Inactive(file):", 0);
    kilobytes(text, "Unevictable:", frames[PAGE_FILE]);
    kilobytes(text, "Mlocked:", locked_pages());
    kilobytes(text, "SwapTotal:", swap.total);
    kilobytes(text, "SwapFree:", swap.total - swap.taken);
    kilobytes(text, "Dirty:", 0);
    kilobytes(text, "Writeback:", 0);
    kilobytes(text, "AnonPages:", frames[PAGE_ANON]);
    kilobytes(text, "Shmem:", frames[PAGE_SHMEM]);
    kilobytes(text, "KReclaimable:", 0);
    kilobytes(text, "Slab:", frames[PAGE_SLAB]);
    kilobytes(text, "SReclaimable:", 0);
    kilobytes(text, "SUnreclaim:", frames[PAGE_SLAB]);
    kilobytes(text, "KernelStack:", frames[PAGE_KSTACK]);
    kilobytes(text, "PageTables:", frames[PAGE_TABLE]);
    kilobytes(text, "NFS_Unstable:", 0);
    kilobytes(text, "Bounce:", 0);
    kilobytes(text, "WritebackTmp:", 0);
    kilobytes(text, "CommitLimit:", commit_limit());
    kilobytes(text, "Committed_AS:", commit_total());
    kilobytes(text, "VmallocTotal:", (KSTACK_AREA_END - KSTACK_AREA) >> PAGE_SHIFT);
    kilobytes(text, "VmallocUsed:", kstack_count() * KSTACK_SIZE / PAGE_SIZE);
    kilobytes(text, "VmallocChunk:", 0);
    kilobytes(text, "Percpu:", 0);
    proctext_printf(
        text,
        "HugePages_Total:   %5u\nHugePages_Free:    %5u\nHugePages_Rsvd:    %5u\nHugePages_Surp:    %5u\n", 0,
        0, 0, 0);
    proctext_printf(text, "Hugepagesize:   %8u kB\nHugetlb:        %8u kB\n", 2048, 0);
}

void proc_frames(struct proctext *text)
{
    struct page_ledger ledger;

    page_ledger(&ledger);
    for (unsigned owner = 0; owner < PAGE_OWNERS; owner++)
        proctext_printf(text, "%s %lu\n", page_owner_name(owner), ledger.frames[owner]);
    proctext_printf(text, "total %lu\n", ledger.total);
}

/* One zone: all RAM is alike here. */
void proc_buddyinfo(struct proctext *text)
{
    uint64_t blocks[PAGE_MAX_ORDER + 1];

    page_buddy_counts(blocks);
    proctext_printf(text, "Node %d, zone %8s ", 0, "Normal");
    for (unsigned order = 0; order <= PAGE_MAX_ORDER; order++)
        proctext_printf(text, "%6lu ", blocks[order]);
    proctext_printf(text, "\n");
}

void proc_slabinfo(struct proctext *text)
{
    proctext_printf(text, "slabinfo - version: 2.1\n"
                          "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
                          " : tunables <limit> <batchcount> <sharedfactor>"
                          " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
    for (const struct kmem_cache *cache = kmem_first(); cache != NULL; cache = cache->next)
        proctext_printf(text,
                        "%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
                        cache->name, cache->in_use, cache->slabs * cache->per_slab, cache->size,
                        cache->per_slab, 1 << cache->order, 0, 0, 0, cache->slabs, cache->slabs, 0UL);
}
