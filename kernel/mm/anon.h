/* SPDX-License-Identifier: MIT */
/* anon.h - what the private kinds of region share: fresh frames and copies. aspace->lock held; => 0 or -ENOMEM. */
#pragma once

#include <mm/vma.h>

struct page;

/* The PTE bits that a region's permissions ask for, without PTE_WRITE. */
static inline pte_t vma_pte_flags(const struct vma *vma)
{
    return vma->flags & VMA_EXEC ? 0 : PTE_NX;
}

/* Maps a fresh frame, writable: a copy of `original`, or zeros if that is NULL. */
int anon_enter(struct aspace *aspace, const struct vma *vma, vaddr_t va, const struct page *original);
/* A write to the page that `pte` maps read-only: makes it this address space's own. */
int anon_copy_on_write(struct aspace *aspace, const struct vma *vma, vaddr_t va, pte_t pte);
