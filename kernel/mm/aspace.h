/* SPDX-License-Identifier: MIT */
/* aspace.h - an address space: its regions (vma_set), its page tables (pmap), its break, its limits and its counts. */
#pragma once

#include <mm/pmap.h>
#include <mm/swapin.h>
#include <mm/vma.h>
#include <sched/wait.h>
#include <types.h>

/* Linux's layout without ASLR (measured; arch/x86/mm/mmap.c of Linux): the stack's top, and where mmap begins to look downwards. */
#define STACK_TOP 0x7ffffffff000UL
#define MMAP_TOP 0x7ffff7fff000UL
#define MMAP_MIN 0x10000UL /* vm.mmap_min_addr */
#define STACK_GUARD_GAP (256UL * PAGE_SIZE)
#define VMA_MAX_COUNT 65530 /* vm.max_map_count */

/* Ranges that were unmapped lately: a segmentation fault's report looks here. */
#define UNMAP_HISTORY 32
#define UNMAP_CALLERS 4
struct unmapped_range {
    vaddr_t start, end;
    uint64_t when_ns;
    vaddr_t callers[UNMAP_CALLERS]; /* the user instruction that asked, and who called it; 0: not known */
    uint32_t was;                   /* VMA_ flags */
};

struct aspace {
    uint32_t refs;           /* atomic */
    TAILQ_ENTRY(aspace) all; /* of all address spaces, the oldest first */
    uint64_t number;         /* in the order of birth, from 1 on */
    struct mutex lock;       /* guards everything below */
    struct vma_set vmas;
    struct pmap pmap;

    /* from here to limit_stack: where things are and how far they may grow; fork copies it as one piece */
    vaddr_t brk_start, brk;
    vaddr_t code_start, code_end, data_start, data_end; /* of the executable: VmExe, /proc/<pid>/stat */
    vaddr_t stack_start;                                /* rsp at entry */
    vaddr_t arg_start, arg_end, env_start, env_end;

    uint64_t limit_as, limit_data, limit_stack; /* bytes; RLIM_INFINITY = ~0 */

    /* pages, as Linux counts them */
    uint64_t total, total_peak; /* VmSize, VmPeak */
    uint64_t data, stack, exec; /* VmData: private writable; VmStk; executable: VmExe + VmLib */
    uint64_t locked;            /* VmLck */
    uint64_t committed;         /* VMA_ACCOUNT: its share of Committed_AS */
    uint32_t lock_future;       /* mlockall(MCL_FUTURE): VMA_LOCK flags of regions to come */

    uint32_t told;          /* the trace_generation that knows its regions (mm/tell.c) */
    bool changed_by_others; /* since then */
    uint64_t counts_told;

    uint64_t faults, major_faults; /* served here: what ru_minflt and ru_majflt count */
    uint32_t unmapped_next;
    vaddr_t callers[UNMAP_CALLERS]; /* of the system call that is under way, for the history; set by sys/ */
    struct unmapped_range unmapped[UNMAP_HISTORY]; /* the newest unmapped_next; the rest is never written */
};

struct aspace *aspace_create(void); /* empty; refs 1. => NULL when memory is short */
/* A copy of `from` for fork: regions copied, frames shared, private writable ones copy-on-write. => NULL when memory is short. */
struct aspace *aspace_fork(struct aspace *from);
void aspace_get(struct aspace *aspace);
void aspace_put(struct aspace *aspace); /* the last one unmaps all and frees it */
/* The address space after this one (NULL: the first), with a reference; the one before is let go of. A child comes after its
 * parent, so that who walks them all misses nothing that a fork copies meanwhile. => NULL at the end. */
struct aspace *aspace_next(struct aspace *aspace);

/* Adds a region (not merged) after the caller made sure that the range is free and the limits allow it. It takes a reference to `source`
 * (NULL: anonymous memory), which shows its page `offset` at `start`. => NULL when memory is short. aspace->lock held. */
struct vma *aspace_map(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t flags,
                       struct pagesrc *source, uint64_t offset);
/* Unmaps what lies in [start, end), for a region with these flags, if the limits allow that one in its place. => false: nothing was
 * changed. */
bool aspace_make_room(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t flags);
/* Unmaps all that lies in [start, end), splitting regions at the edges. => 0; -ENOMEM (nothing was changed). aspace->lock held. */
int aspace_unmap(struct aspace *aspace, vaddr_t start, vaddr_t end);
/* Cuts [start, end) out of the region, where that is smaller. => the region within; NULL: no memory, nothing was changed. */
struct vma *aspace_cut_out(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end);
/* The region grows or shrinks into what is free around it; counted, but its entries are the caller's. */
void aspace_resize(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end);
/* Merges the region with its neighbours where they are alike. => the merged region. */
struct vma *aspace_merge(struct aspace *aspace, struct vma *vma);
/* Gives [start, end) of one region other flags: splits it off first, merges it with what is alike then.
 * => the region that contains start now; NULL: no memory, nothing was changed. */
struct vma *aspace_reflag(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end, uint32_t flags);
/* Truncation: no address space shows the source's pages from page `first` on any more, private copies neither. */
void aspace_truncate(struct pagesrc *source, uint64_t first);
/* Does anybody map it shared, so that he writes to it or could ask to? Locks address spaces, one at a time. */
bool aspace_any_writes(const struct pagesrc *source);
/* Does a region with these flags promise memory of its own (Linux's accountable_mapping)? */
bool aspace_commits(uint32_t flags);
/* Would `bytes` more keep within RLIMIT_AS, RLIMIT_DATA if the flags make it data, and what may be promised? */
bool aspace_may_grow(const struct aspace *aspace, uint64_t bytes, uint32_t flags);

/* Serves a fault of the region at va, and counts it (swap_in its own): its kind knows what to map, unless the page only has to come
 * back from the disk. => as vma_ops.fault, or FAULT_MAJOR. aspace->lock held. */
static inline int aspace_fault(struct aspace *aspace, struct vma *vma, vaddr_t va, enum access access,
                               pte_t pte)
{
    int result = unlikely(pte & PTE_SWAPPED) ? swap_in(aspace, vma, va, pte)
                                             : vma->ops->fault(aspace, vma, va, access, pte);

    if (likely(result == 0)) {
        vma->faults++;
        aspace->faults++;
    }
    return result;
}

/* => NULL or the broken invariant: counters, tree, page tables. */
const char *aspace_check(struct aspace *aspace);

extern const struct vma_ops vma_anon_ops;         /* mm/anon.c */
extern const struct vma_ops vma_file_private_ops; /* mm/filemap.c */
extern const struct vma_ops vma_file_shared_ops;
