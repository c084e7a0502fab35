/* SPDX-License-Identifier: MIT */
/* tellfault.h - see tellfault.c */
#pragma once

#include <mm/aspace.h>

/* aspace_fault() of the page at va, and the events of it. aspace->lock held. => as aspace_fault() */
int fault_told(struct aspace *aspace, struct vma *vma, vaddr_t va, enum access access);
