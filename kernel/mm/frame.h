/* SPDX-License-Identifier: MIT */
/* frame.h - what a frame is: one struct page for each 4 KiB of RAM, and the ways between it, its number and its bytes. */
#pragma once

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

/* How many struct pages there are for RAM that ends at `end`: whoever frees a block looks at its buddy, which may lie beyond. */
static inline pfn_t frame_array_end(pfn_t end)
{
    return ((end - 1) | ((1UL << PAGE_MAX_ORDER) - 1)) + 1;
}

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

/* A list of frames through next and prev: *first is its first pfn, 0 its end. */
static inline void frame_list_push(uint32_t *first, struct page *page)
{
    page->prev = 0;
    page->next = *first;
    if (page->next)
        pfn_to_page(page->next)->prev = (uint32_t)page_to_pfn(page);
    *first = (uint32_t)page_to_pfn(page);
}

static inline void frame_list_remove(uint32_t *first, const struct page *page)
{
    if (page->prev)
        pfn_to_page(page->prev)->next = page->next;
    else
        *first = page->next;
    if (page->next)
        pfn_to_page(page->next)->prev = page->prev;
}
