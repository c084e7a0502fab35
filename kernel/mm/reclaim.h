/* SPDX-License-Identifier: MIT */
/* reclaim.h - frames back from processes that have not used them lately. */
#pragma once

#include <mm/aspace.h>

/* Memory is short: evicts pages until there are frames enough again, or nothing is left that may leave. No address space's lock may be
 * held that is to be looked at, too; one that is held is passed over. => frames that were freed; 0: none, there is no hope. */
uint64_t reclaim(void);

/* Since boot: pages that the hand looked at, frames that became free. */
struct reclaim_count {
    uint64_t seen, freed;
};
extern struct reclaim_count reclaim_count;

/* Evicts what it can of [start, end) of one region, used or not (MADV_PAGEOUT). aspace->lock held. */
void reclaim_range(struct aspace *aspace, const struct vma *vma, vaddr_t start, vaddr_t end);
