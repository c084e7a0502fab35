/* SPDX-License-Identifier: MIT */
/* swapin.h - see swapin.c */
#pragma once

#include <mm/vma.h>

/* The page whose entry is `pte`, which leads to the disk, gets a frame, and may be used as its region says; counted as a major fault.
 * aspace->lock held. => FAULT_MAJOR; -ENOMEM; -EIO: the disk refused. */
int swap_in(struct aspace *aspace, struct vma *vma, vaddr_t va, pte_t pte);
