/* SPDX-License-Identifier: MIT */
/* stack.h - see stack.c */
#pragma once

#include <mm/aspace.h>

/* va lies in no region. If a stack lies above it and may grow so far, it does. => the region that now contains va, or NULL.
 * aspace->lock held. */
struct vma *stack_grow(struct aspace *aspace, vaddr_t va);
