/* SPDX-License-Identifier: MIT */
/* fault.h - see fault.c */
#pragma once

#include <mm/aspace.h>

/* Keeps the promise for the page that contains va, or refuses. Takes and releases the address space's lock.
 * => 0: the instruction can run again
 *    -EFAULT: no region (SEGV_MAPERR) · -EACCES: the region forbids it (SEGV_ACCERR)
 *    -ENOMEM: no frame to be had · -EIO: beyond the end of the file (SIGBUS) */
int fault(struct aspace *aspace, vaddr_t va, enum access access);
/* Leads to fault(), or where somebody watches to the same with its events. */
extern int (*fault_way)(struct aspace *aspace, vaddr_t va, enum access access);

/* Makes sure that [start, end) is resident and accessible, as by touching it (MAP_POPULATE, get at another process's memory).
 * => 0 or the first refusal. */
int fault_range(struct aspace *aspace, vaddr_t start, vaddr_t end, enum access access);
