/* SPDX-License-Identifier: MIT */
/* cause_facts.c - collects what the guess and the report need, in one go under the address space's lock; names and bounds
 * are copied, so that nothing here points into the address space afterwards. */
#include <proc/cause.h>

#include <arch/x86/clock.h>
#include <mm/access.h>
#include <mm/mmstat.h>
#include <pagesrc.h>
#include <proc/language.h>
#include <proc/process.h>
#include <string.h>

#include <asm/signal.h>

static void region_copy(struct region *region, struct aspace *aspace, struct vma *vma)
{
    char path[256];

    if (vma == NULL)
        return;
    *region = (struct region){
        .start = vma->start, .end = vma->end, .flags = vma->flags, .file = vma->source != NULL};
    mmstat_vma_name(aspace, vma, path, sizeof(path));
    const char *slash = path[0] == '/' ? strrchr(path, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : path;
    if (path[0] == '\0')
        name = "[anon]";
    else if (vma->source != NULL && vma->source->anonymous_shared)
        name = "[shared anon]";
    strlcpy(region->name, name, sizeof(region->name));
}

static void find_regions(struct fault_facts *facts, struct aspace *aspace)
{
    vaddr_t address = facts->info->address;
    struct vma *next = vma_find_from(&aspace->vmas, address);
    bool inside = next != NULL && next->start <= address;
    struct vma *last = TAILQ_LAST(&aspace->vmas.list, vma_list);

    region_copy(&facts->here, aspace, inside ? next : NULL);
    facts->disk_failed = facts->info->number == SIGBUS && inside &&
                         pmap_lookup(&aspace->pmap, page_floor(address)) & PTE_SWAPPED;
    region_copy(&facts->above, aspace, inside ? vma_next(next) : next);
    region_copy(&facts->below, aspace, next != NULL ? vma_prev(next) : last);
    region_copy(&facts->code, aspace, vma_find(&aspace->vmas, facts->frame->rip));
    region_copy(&facts->stack, aspace, vma_find(&aspace->vmas, aspace->stack_start));
}

/* The latest range that contained the address. */
static void find_history(struct fault_facts *facts, const struct aspace *aspace)
{
    vaddr_t address = facts->info->address;

    for (uint32_t back = 1; back <= MIN(aspace->unmapped_next, UNMAP_HISTORY); back++) {
        const struct unmapped_range *range =
            &aspace->unmapped[(aspace->unmapped_next - back) % UNMAP_HISTORY];
        if (address < range->start || address >= range->end)
            continue;
        facts->known = true;
        facts->history = *range;
        facts->history_age_ns = clock_now() - range->when_ns;
        return;
    }
}

void cause_collect(struct fault_facts *facts, struct process *process, const struct trapframe *frame,
                   const struct signal_info *info)
{
    struct aspace *aspace = process->aspace;

    *facts = (struct fault_facts){.frame = frame,
                                  .info = info,
                                  .page_fault = info->trap == TRAP_PAGE_FAULT,
                                  .no_frame = info->number == SIGSEGV && info->trap == 0};
    mutex_lock(&aspace->lock);
    find_regions(facts, aspace);
    find_history(facts, aspace);
    facts->heap_start = aspace->brk_start;
    facts->heap_end = aspace->brk;
    facts->stack_limit = aspace->limit_stack;
    mutex_unlock(&aspace->lock);
    facts->chinese = language_is_chinese(aspace);
    access_read(aspace, frame->rsp, &facts->stack_top, sizeof(facts->stack_top));
    facts->bytes_known = access_read(aspace, frame->rip, facts->bytes, sizeof(facts->bytes));
}
