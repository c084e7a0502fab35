/* SPDX-License-Identifier: MIT */
/* mmstat.h - walkers that count, for /proc. Nothing here changes anything. */
#pragma once

#include <mm/aspace.h>

/* Of one region, in bytes; `pss` is in bytes << 12 so that halves are exact (Linux's PSS_SHIFT). */
struct vma_usage {
    uint64_t rss, pss_shifted, pss_dirty_shifted;
    uint64_t pss_anon_shifted; /* the part of pss that lies in anonymous frames */
    uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
    uint64_t referenced, anonymous;
    uint64_t swap,
        swap_pss_shifted; /* on the swap disk; there divided by the entries that lead to each slot */
    uint64_t locked;      /* PSS of locked regions, shifted like pss */
};

/* Adds the region's pages to `usage` (which the caller zeroed). aspace->lock held. */
void mmstat_vma(struct aspace *aspace, struct vma *vma, struct vma_usage *usage);

/* The name in the last column of /proc/<pid>/maps: "[heap]", "[stack]", the file's path, "/dev/zero (deleted)", or "". aspace->lock held. */
void mmstat_vma_name(struct aspace *aspace, struct vma *vma, char *buffer, size_t size);

/* VmRSS at its highest, in pages. */
uint64_t mmstat_peak_resident(const struct aspace *aspace);
