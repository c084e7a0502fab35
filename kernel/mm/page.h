/* SPDX-License-Identifier: MIT */
/* page.h - frames: one struct page for each 4 KiB of RAM, a buddy allocator over them, and the ledger of who owns what. */
#ifndef FAULTLINE_MM_PAGE_H
#define FAULTLINE_MM_PAGE_H

#include <assert.h>
#include <mm/layout.h>
#include <mm/owner.h>
#include <types.h>

#define PAGE_MAX_ORDER 10 /* the largest block: 4 MiB */

/* 32 bytes, so that a GiB of RAM costs 8 MiB. */
struct page {
    uint32_t refs; /* 0: free. Atomic */
    /* user PTEs that map it; for a page table: its entries in use; for a slab: its objects in use */
    uint32_t maps;
    uint8_t owner; /* enum page_owner */
    uint8_t order; /* of the block that begins here */
    uint16_t flags;
    uint32_t next; /* pfn links, for whoever owns the frame; free blocks: the buddy's lists */
    void *object;  /* for whoever owns the frame: slab cache, page source, address space of a page table */
    uint32_t prev;
    uint32_t index; /* for whoever owns the frame: page number in a file, free-list head of a slab */
};
static_assert(sizeof(struct page) == 32, "the frame array is sized by it");

#define PAGE_FLAG_ONLINE (1U << 0) /* RAM that the ledger counts */

static inline struct page *pfn_to_page(pfn_t pfn)
{
    return (struct page *)FRAME_ARRAY + pfn;
}

static inline pfn_t page_to_pfn(const struct page *page)
{
    return (pfn_t)(page - (struct page *)FRAME_ARRAY);
}

static inline paddr_t page_to_paddr(const struct page *page)
{
    return page_to_pfn(page) << PAGE_SHIFT;
}

static inline void *paddr_to_virt(paddr_t address)
{
    return (void *)(DIRECT_MAP + address);
}

static inline paddr_t virt_to_paddr(const void *address)
{
    return (paddr_t)address - DIRECT_MAP;
}

/* The frame's bytes in the direct map. */
static inline void *page_to_virt(const struct page *page)
{
    return paddr_to_virt(page_to_paddr(page));
}

static inline struct page *virt_to_page(const void *address)
{
    return pfn_to_page(virt_to_paddr(address) >> PAGE_SHIFT);
}

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

/* The ledger: frames per owner class, exact at any moment. The total never changes. */
struct page_ledger {
    uint64_t frames[PAGE_OWNERS];
    uint64_t total;
};
void page_ledger(struct page_ledger *ledger);
const char *page_owner_name(enum page_owner owner);
/* Free blocks by order, for /proc/buddyinfo. */
void page_buddy_counts(uint64_t blocks[PAGE_MAX_ORDER + 1]);
/* Is it RAM that has come online? Only then its struct page means anything. */
bool page_is_online(pfn_t pfn);
/* Frames that exist from 0 to the highest RAM address (holes included). */
pfn_t page_array_end(void);

/* Walks every frame and every free list, and recounts the ledger. => NULL, or the name of the broken invariant. */
const char *page_check(void);

#endif
