/* SPDX-License-Identifier: MIT */
/* page.h - frames are handed out and come back, and the ledger of who owns what. */
#pragma once

#include <mm/frame.h>

/* Takes over RAM from mm/bootmem. */
void page_init(void);
/* Frees frames that were taken at boot (the initramfs, once it is unpacked). */
void page_boot_release(paddr_t start, paddr_t end);

/* One frame, or 2^order adjacent ones aligned to their size, with refs 1, maps 0; the contents are old bytes: zeroing is explicit.
 * Never waits, never reclaims. => NULL when there is none. */
struct page *page_alloc(enum page_owner owner);
struct page *page_alloc_order(enum page_owner owner, unsigned order);
struct page *page_alloc_zeroed(enum page_owner owner);

static inline void page_get(struct page *page)
{
    assert(page->refs > 0);
    __atomic_add_fetch(&page->refs, 1, __ATOMIC_RELAXED);
}

/* One more entry maps a frame that is mapped: a reference and a map at once, they lie side by side. */
static inline void page_share(struct page *page)
{
    static_assert(offsetof(struct page, refs) == 0 && offsetof(struct page, maps) == 4, "one word for both");
    assert(page->refs > 0);
    __atomic_add_fetch((uint64_t *)(void *)&page->refs, 1UL << 32 | 1, __ATOMIC_RELAXED);
}

/* The opposite. The last reference stays: => true, and it is the caller's to put. */
static inline bool page_unshare(struct page *page)
{
    uint64_t left =
        __atomic_sub_fetch((uint64_t *)(void *)&page->refs, 1UL << 32 | 1, __ATOMIC_ACQ_REL); /* maps, refs */

    assert((int64_t)left >= 0);
    if (likely((uint32_t)left != 0))
        return false;
    page->refs = 1; /* nobody else has it: nobody can count it meanwhile */
    return true;
}

/* Drops a reference; the last one frees the block. */
void page_put(struct page *page);
/* The only reference to a single frame that is all zeros (an empty page table): page_alloc_zeroed need not clear it again. */
void page_put_zeroed(struct page *page);
/* The same for many single frames: those that lie side by side go back as blocks. */
void page_put_batch(const uint32_t *pfns, unsigned count);
/* For every run of frames side by side that one owner has, in order; what is free is left out. */
void page_each_owned(void (*visit)(pfn_t first, pfn_t count, enum page_owner owner));

/* Free frames have become few: who could do without some more does. The thread that found it out, or found none, reclaims before it goes back
 * to ring 3 (THREAD_FRAMES). */
extern bool page_scarce;
/* How many frames should become free to be on the safe side again; some, if it is so. */
uint64_t page_missing(void);

/* The ledger: frames per owner class, exact at any moment. The total never changes. */
struct page_ledger {
    uint64_t frames[PAGE_OWNERS];
    uint64_t total;
};
void page_ledger(struct page_ledger *ledger);
const char *page_owner_name(enum page_owner owner);
/* Free blocks by order, for /proc/buddyinfo. */
void page_buddy_counts(uint64_t blocks[PAGE_MAX_ORDER + 1]);

/* Walks every frame and every free list, and recounts the ledger. => NULL, or the name of the broken invariant. */
const char *page_check(void);
