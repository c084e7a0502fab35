/* SPDX-License-Identifier: MIT */
/* bootmem.h - RAM before the frame allocator: which ranges there are, and what in them is taken already. */
#pragma once

#include <mm/owner.h>
#include <types.h>

struct bootmem_range {
    pfn_t start, end;
    enum page_owner owner; /* of a taken range */
};

#define BOOTMEM_RANGES 64

struct bootmem {
    struct bootmem_range ram[BOOTMEM_RANGES];
    unsigned ram_count;
    struct bootmem_range taken[BOOTMEM_RANGES]; /* sorted, disjoint, not necessarily inside RAM */
    unsigned taken_count;
};
extern struct bootmem bootmem;

/* RAM ranges in ascending order, page-aligned addresses. */
void bootmem_add_ram(paddr_t start, paddr_t end);
/* Marks a range as taken; bytes are rounded outwards to frames. */
void bootmem_take(paddr_t start, paddr_t end, enum page_owner owner);
/* Finds `frames` adjacent free frames below 4 GiB (where the first page tables reach) and takes them. Panics when there are none:
 * a machine that cannot hold the kernel's own tables cannot run. => physical address. */
paddr_t bootmem_alloc(pfn_t frames, enum page_owner owner);
/* The owner of frame `pfn`, PAGE_FREE if nobody took it. *end, which comes in as a bound: up to where all frames are like that. */
enum page_owner bootmem_owner(pfn_t pfn, pfn_t *end);
