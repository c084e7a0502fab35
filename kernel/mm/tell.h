/* SPDX-License-Identifier: MIT */
/* tell.h - what memory management tells the event stream (trace/): regions, pages, counters.
 *
 * An address space is told of by what its own process does to it, and only after it was told as a whole (aspace_tell): one that is
 * still being made, by fork or execve, is nobody's yet; one that somebody else changes (/proc/<pid>/mem, a file that shrinks) is told
 * anew when its process next does something.
 * Guards: aspace->lock, as for the change that is told. Each costs a compare and a branch while nothing is traced. */
#pragma once

#include <mm/vma.h>
#include <trace/trace.h>

#define TOLD_NAME_MAX 256

/* What is told from now on: events.def has the levels. The first time the stream gets memory for its ring. => 0, -ENOMEM. */
int tell_level(uint32_t level);
/* Frames that the ring has. */
uint64_t tell_ring_frames(void);

/* Is a change of it to be told? Not if it is somebody else's: that is left to the next telling of all. */
bool tell_wanted(struct aspace *aspace);

/* All regions, and the pages that have frames already or are on the disk, unless that was done since tracing began. */
void aspace_tell(struct aspace *aspace, enum trace_vma_why why);
/* The counters, if they have changed since they were last told. */
void aspace_tell_counts(struct aspace *aspace);
/* What the page tables hold now. */
void aspace_tell_pages(struct aspace *aspace, enum trace_vma_why why);

/* These two also note the operation that is the region's cause. */
void tell_add(struct aspace *aspace, struct vma *vma);
void tell_size(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end); /* as it will be */

void tell_del(struct aspace *aspace, const struct vma *vma);
void tell_split(struct aspace *aspace, vaddr_t start, vaddr_t end, vaddr_t at);
void tell_merge(struct aspace *aspace, struct vma *lower, const struct vma *upper);
void tell_prot(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t flags);
void tell_move(struct aspace *aspace, vaddr_t start, vaddr_t end, vaddr_t to);
void tell_swap_in(struct aspace *aspace, vaddr_t va, uint32_t pfn, uint32_t slot);
void tell_swap_out(struct aspace *aspace, vaddr_t va, uint32_t pfn, uint32_t slot);
void tell_zap(struct aspace *aspace, vaddr_t start, vaddr_t end);

/* TELL(add, aspace, vma) */
#define TELL(what, ...)                                                                                      \
    do {                                                                                                     \
        if (TRACE_FROM(1))                                                                                   \
            tell_##what(__VA_ARGS__);                                                                        \
    } while (0)
