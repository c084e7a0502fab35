/* SPDX-License-Identifier: MIT */
/* swap.h - moving pages between frames and the slots of the swap disk (slot.h). */
#pragma once

#include <blkdev.h>
#include <mm/pmap.h>
#include <types.h>

/* From now on the disk takes pages, if it carries the header that mkswap(8) writes. Once, at boot; the disk must stay.
 * => 0; -EINVAL: it is no swap disk; -EIO; -ENOMEM. */
int swap_begin(struct blkdev *disk);

/* Moves the pages of `pfns` to or from `slots`, one by one in their order; slots in a row are one transfer. Does not sleep.
 * => how many were moved from the first on: `count`, or fewer when the disk refused. */
unsigned swap_write(const uint32_t *pfns, const uint32_t *slots, unsigned count);
unsigned swap_read(const uint32_t *pfns, const uint32_t *slots, unsigned count);

/* Pages that come back together. */
#define SWAP_ROW 8 /* 32 KiB: Linux's page-cluster of 3 (proc_sys_vm(5)) */
struct swap_row {
    unsigned count;
    uint32_t pfns[SWAP_ROW]; /* frames of PAGE_ANON, one reference each */
    uint32_t slots[SWAP_ROW];
};
/* Reads the page whose entry, at va, is `pte`, and those behind it, below `end`, as far as their slots follow. The entries stay as they are.
 * => 0: one page at least; -ENOMEM; -EIO: the disk refused. The address space's lock held. */
int swap_row_read(struct swap_row *row, struct pmap *pmap, vaddr_t va, vaddr_t end, pte_t pte);

/* Is there a disk that takes a page now? */
bool swap_has_room(void);

struct swap_state {
    const char *name;             /* of the disk, in /dev; NULL: there is none */
    uint64_t total, taken;        /* pages */
    uint64_t pages_in, pages_out; /* since boot */
};
struct swap_state swap_state(void);
