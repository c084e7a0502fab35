/* SPDX-License-Identifier: MIT */
/* buddy.h - free frames by the block, below page.c: a block of order n is 2^n adjacent frames, aligned to its size. */
#pragma once

#include <mm/frame.h>
#include <sched/spinlock.h>

/* Guards what follows; the caller holds it where blocks are taken, given back or counted. */
extern struct spinlock buddy_lock;

/* The RAM that is not online, by who has it. */
extern int64_t buddy_offline[PAGE_OWNERS];

/* Begins with what mm/bootmem knows; `owned`: the frames that each class has at boot. */
void buddy_init(int64_t owned[PAGE_OWNERS]);
/* => a block of that order, its frames still free; NULL: there is none, and no more RAM to bring online. */
struct page *buddy_take(unsigned order);
void buddy_free(pfn_t pfn, unsigned order);
void buddy_free_range(pfn_t start, pfn_t end);
/* Of the largest block that begins at `start` and ends at `end` or before. */
static inline unsigned buddy_order(pfn_t start, pfn_t end)
{
    unsigned order = 0;

    while (order < PAGE_MAX_ORDER && (start & ((2UL << order) - 1)) == 0 && start + (2UL << order) <= end)
        order++;
    return order;
}
/* The struct page of that frame is needed. */
void buddy_online_at(pfn_t pfn);

/* Is it RAM that has come online? Only then its struct page means anything. */
bool buddy_is_online(pfn_t pfn);
/* Frames that exist from 0 to the highest RAM address (holes included). */
pfn_t buddy_array_end(void);
/* Free blocks by order; RAM that is not online counts as free. */
void buddy_counts(uint64_t blocks[PAGE_MAX_ORDER + 1]);
/* The frame that begins a block or stands alone. => NULL: it is not online. *next: the first one that does not belong to it. */
const struct page *buddy_look(pfn_t pfn, pfn_t *next);
/* Walks the free lists. => frames in them, or -1 if a link or a block is wrong. */
int64_t buddy_walk(void);
