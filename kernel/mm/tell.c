/* SPDX-License-Identifier: MIT */
/* tell.c - see tell.h. */
#include <mm/tell.h>

#include <arch/x86/percpu.h>
#include <mm/aspace.h>
#include <mm/bootmem.h>
#include <mm/pt.h>
#include <pagesrc.h>
#include <sched/thread.h>
#include <trace/ring.h>

#include <asm-generic/errno.h>
#include <asm/unistd.h>

static_assert(TRACE_frame_owner_no_ram == (int)PAGE_OWNERS, "events.def lists the owners of mm/owner.h");

int tell_level(uint32_t level)
{
    if (level && !trace_ring.packets) {
        struct page *page = page_alloc_order(PAGE_BUFFER, RING_ORDER);
        if (!page)
            return -ENOMEM;
        trace_ring.packets = page_to_virt(page);
    }
    trace_set_level(level);
    return 0;
}

uint64_t tell_ring_frames(void)
{
    return trace_ring.packets ? 1UL << RING_ORDER : 0;
}

/* ---- Is it to be told? ---- */

static bool is_own(const struct aspace *aspace)
{
    return current_thread()->cr3 == aspace->pmap.cr3;
}

/* A change: told if the address space was, and left to the next telling of all if it is somebody else's. */
bool tell_wanted(struct aspace *aspace)
{
    if (is_own(aspace))
        return aspace->told == trace_generation && trace_wanted();
    aspace->changed_by_others = true;
    return false;
}

/* The verb, from the system call that the thread is in; a fault is in none. */
static enum trace_vma_why why_now(void)
{
    static const struct {
        uint32_t call;
        enum trace_vma_why why;
    } verbs[] = {
        {__NR_mmap, TRACE_vma_why_mmap},          {__NR_brk, TRACE_vma_why_brk},
        {__NR_mremap, TRACE_vma_why_mremap},      {__NR_munmap, TRACE_vma_why_munmap},
        {__NR_mprotect, TRACE_vma_why_mprotect},  {__NR_madvise, TRACE_vma_why_madvise},
        {__NR_mlock, TRACE_vma_why_mlock},        {__NR_mlock2, TRACE_vma_why_mlock},
        {__NR_munlock, TRACE_vma_why_mlock},      {__NR_mlockall, TRACE_vma_why_mlock},
        {__NR_munlockall, TRACE_vma_why_mlock},   {__NR_truncate, TRACE_vma_why_truncate},
        {__NR_ftruncate, TRACE_vma_why_truncate},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(verbs); i++)
        if (verbs[i].call == current_thread()->call)
            return verbs[i].why;
    return TRACE_vma_why_stack;
}

/* ---- Regions ---- */

static uint32_t flags_told(uint32_t flags)
{
    return (flags & VMA_SHARED ? 1U : 0) | (flags & VMA_HEAP ? 2U : 0) | (flags & VMA_STACK ? 4U : 0) |
           (flags & VMA_LOCKED ? 8U : 0);
}

/* A file's number for the stream; its name goes before it each time, so that a stream without a beginning has it too. */
static uint32_t file_told(struct pagesrc *source)
{
    static uint32_t last;
    char name[TOLD_NAME_MAX];

    if (!source)
        return 0;
    if (!source->trace_number)
        source->trace_number = ++last;
    source->ops->name(source, name, sizeof(name));
    TRACE_TEXT(file, name, .file_id = source->trace_number);
    return source->trace_number;
}

static void add(const struct vma *vma, enum trace_vma_why why)
{
    uint32_t file = file_told(vma->source);

    TRACE(vma_add, .start = vma->start, .end = vma->end, .prot = vma->flags & VMA_PROT,
          .flags = flags_told(vma->flags), .file_id = file, .offset = file ? vma->offset << PAGE_SHIFT : 0,
          .why = (uint8_t)why);
}

void tell_add(struct aspace *aspace, struct vma *vma)
{
    vma->cause = trace_cause();
    if (tell_wanted(aspace))
        add(vma, why_now());
}

void tell_del(struct aspace *aspace, const struct vma *vma)
{
    if (tell_wanted(aspace))
        TRACE(vma_del, .start = vma->start, .end = vma->end, .why = (uint8_t)why_now());
}

void tell_split(struct aspace *aspace, vaddr_t start, vaddr_t end, vaddr_t at)
{
    if (tell_wanted(aspace))
        TRACE(vma_split, .start = start, .end = end, .at = at);
}

void tell_merge(struct aspace *aspace, struct vma *lower, const struct vma *upper)
{
    lower->cause = MAX(lower->cause, upper->cause);
    if (tell_wanted(aspace))
        TRACE(vma_merge, .start = lower->start, .end = upper->end, .at = upper->start);
}

void tell_prot(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t flags)
{
    if (tell_wanted(aspace))
        TRACE(vma_prot, .start = start, .end = end, .prot = flags & VMA_PROT, .why = (uint8_t)why_now());
}

void tell_size(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end)
{
    vma->cause = trace_cause();
    if (tell_wanted(aspace))
        TRACE(vma_size, .start = vma->start, .end = vma->end, .new_start = start, .new_end = end,
              .why = (uint8_t)why_now());
}

void tell_move(struct aspace *aspace, vaddr_t start, vaddr_t end, vaddr_t to)
{
    if (start < end && tell_wanted(aspace))
        TRACE(vma_move, .start = start, .end = end, .to = to);
}

/* ---- Pages ---- */

/* One of the kernel's own frames: the page of zeros, the vDSO. */
static bool is_image(pte_t pte)
{
    return pfn_to_page(pte_pfn(pte))->owner == PAGE_IMAGE;
}

void tell_zap(struct aspace *aspace, vaddr_t start, vaddr_t end)
{
    uint64_t pages = 0;

    if (!tell_wanted(aspace))
        return;
    PT_FOREACH_RUN (run, aspace->pmap.root, start, end)
        for (size_t i = 0; i < run.count; i++)
            pages += run.entry[i] & PTE_HAS_FRAME && !is_image(run.entry[i]);
    TRACE(zap, .start = start, .end = end, .pages = pages, .why = (uint8_t)why_now());
}

void tell_swap_in(struct aspace *aspace, vaddr_t va, uint32_t pfn, uint32_t slot)
{
    if (tell_wanted(aspace))
        TRACE(swap_in, .va = va, .pfn = pfn, .slot = slot);
}

void tell_swap_out(struct aspace *aspace, vaddr_t va, uint32_t pfn, uint32_t slot)
{
    if (tell_wanted(aspace))
        TRACE(swap_out, .va = va, .pfn = pfn, .slot = slot);
}

static void resident_flush(struct trace_resident *run)
{
    if (run->pages && TRACE_ON(resident))
        trace_write(TRACE_resident, run, sizeof(*run));
    run->pages = 0;
}

/* Of the kernel's own frames the first one's number stands for all. */
static void resident_add(struct trace_resident *run, vaddr_t va, pte_t pte)
{
    uint8_t owner = pfn_to_page(pte_pfn(pte))->owner;

    if (is_image(pte) && run->why == TRACE_vma_why_exit)
        return; /* resident for nobody */
    if (run->pages && (va != run->va + run->pages * PAGE_SIZE || owner != run->owner ||
                       (!is_image(pte) && pte_pfn(pte) != run->pfn + run->pages)))
        resident_flush(run);
    if (!run->pages) {
        run->va = va;
        run->pfn = pte_pfn(pte);
        run->owner = owner;
    }
    run->pages++;
}

static void swapped_flush(struct trace_swapped *run)
{
    if (run->pages && TRACE_ON(swapped))
        trace_write(TRACE_swapped, run, sizeof(*run));
    run->pages = 0;
}

static void swapped_add(struct trace_swapped *run, vaddr_t va, pte_t pte)
{
    if (va != run->va + run->pages * PAGE_SIZE || pte_slot(pte) != run->slot + run->pages)
        swapped_flush(run);
    if (!run->pages) {
        run->va = va;
        run->slot = pte_slot(pte);
    }
    run->pages++;
}

void aspace_tell_pages(struct aspace *aspace, enum trace_vma_why why)
{
    struct trace_resident resident = {.why = (uint8_t)why};
    struct trace_swapped swapped = {.why = (uint8_t)why};

    PT_FOREACH_RUN (run, aspace->pmap.root, 0, STACK_TOP)
        for (size_t i = 0; i < run.count; i++)
            if (run.entry[i] & PTE_HAS_FRAME)
                resident_add(&resident, run.va + i * PAGE_SIZE, run.entry[i]);
            else if (run.entry[i] & PTE_SWAPPED)
                swapped_add(&swapped, run.va + i * PAGE_SIZE, run.entry[i]);
    resident_flush(&resident);
    swapped_flush(&swapped);
}

static void owned_tell(pfn_t first, pfn_t count, enum page_owner owner)
{
    TRACE(frames, .pfn = first, .n = count, .owner = (uint8_t)owner);
}

/* Who has which frame, once for each recording: before the first thing that is told of a process. */
static void frames_tell(void)
{
    static uint32_t told_in;
    pfn_t end = 0;

    if (told_in == trace_generation || !TRACE_ON(frames))
        return;
    told_in = trace_generation;
    page_each_owned(owned_tell);
    for (unsigned i = 0; i < bootmem.ram_count; end = bootmem.ram[i++].end)
        if (bootmem.ram[i].start > end)
            TRACE(frames, .pfn = end, .n = bootmem.ram[i].start - end, .owner = TRACE_frame_owner_no_ram);
    TRACE(frames, .pfn = end, .n = 0, .owner = TRACE_frame_owner_no_ram);
}

void aspace_tell(struct aspace *aspace, enum trace_vma_why why)
{
    const struct vma *vma = NULL;

    if (!trace_wanted() || !is_own(aspace) ||
        (aspace->told == trace_generation && !aspace->changed_by_others))
        return;
    frames_tell();
    MUTEX_GUARD(&aspace->lock);
    if (why == TRACE_vma_why_found)
        TRACE(vma_del, .end = STACK_TOP, .why = TRACE_vma_why_found);
    TAILQ_FOREACH (vma, &aspace->vmas.list, link)
        add(vma, why);
    aspace_tell_pages(aspace, why);
    aspace->told = trace_generation;
    aspace->changed_by_others = false;
    aspace_tell_counts(aspace);
}

void aspace_tell_counts(struct aspace *aspace)
{
    const struct pmap *pmap = &aspace->pmap;
    struct page_ledger ledger;
    struct trace_rss rss = {
        .anon_kb = pmap->resident[PAGE_ANON] * (PAGE_SIZE / KIB),
        .file_kb = (pmap->resident[PAGE_FILE] + pmap->resident[PAGE_SHMEM]) * (PAGE_SIZE / KIB),
        .swap_kb = pmap->swapped * (PAGE_SIZE / KIB),
        .vsz_kb = aspace->total * (PAGE_SIZE / KIB),
        .table_kb = pmap->tables * (PAGE_SIZE / KIB),
    };
    uint64_t sum = rss.anon_kb * 3 + rss.file_kb * 5 + rss.vsz_kb * 7 + rss.table_kb * 11 + rss.swap_kb * 13;

    if (sum == aspace->counts_told || !trace_wanted())
        return;
    aspace->counts_told = sum;
    page_ledger(&ledger);
    rss.free_frames = ledger.frames[PAGE_FREE];
    trace_write(TRACE_rss, &rss, sizeof(rss));
}
