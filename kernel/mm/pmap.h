/* SPDX-License-Identifier: MIT */
/* pmap.h - a user address space as the MMU sees it. pmap.c is the only writer of user PTEs, the only one that knows how many
 * pages are resident, and the one that flushes TLBs.
 *
 * Locking: all functions are called with the address space's lock held (see mm/aspace.h). */
#pragma once

#include <mm/page.h>
#include <types.h>
#include <x86/pte.h>

struct pmap {
    pte_t *root;
    paddr_t cr3;
    uint64_t tables; /* page-table frames below the root: VmPTE */
    /* pages by owner class: PAGE_ANON, PAGE_FILE, PAGE_SHMEM. The zero page does not count */
    uint64_t resident[PAGE_OWNERS];
    uint64_t resident_peak; /* VmHWM, up to the last time pages went away */
    uint64_t swapped;       /* entries that lead to the disk: VmSwap */
    pte_t *leaf;            /* the page table that was used last; NULL: none */
    vaddr_t leaf_span;      /* the 2 MiB that it maps: va >> 21 */
};

void pmap_init(void);               /* makes the zero page */
int pmap_create(struct pmap *pmap); /* => 0 or -ENOMEM */
/* Every user page must be gone (pmap_remove of the whole range). */
void pmap_destroy(struct pmap *pmap);

/* Maps `page` at va (page-aligned) with PTE flags (PTE_WRITE, PTE_NX, PTE_DIRTY; present, user, accessed are added).
 * Takes over the caller's reference to the page. What was mapped there before is replaced and let go.
 * => 0; -ENOMEM if a page table could not be had (the reference stays the caller's). */
int pmap_enter(struct pmap *pmap, vaddr_t va, struct page *page, pte_t flags);
/* Makes the present mapping at va writable (sole owner of a copy-on-write frame; first write to a shared file page). */
void pmap_make_writable(struct pmap *pmap, vaddr_t va);

/* Is the page table for va the one that was used last? Faults come in neighbourhoods: most walks end here. */
static inline bool pmap_leaf_is_at_hand(const struct pmap *pmap, vaddr_t va)
{
    return pmap->leaf && va >> PT_SHIFT(2) == pmap->leaf_span;
}
pte_t pmap_walk(struct pmap *pmap, vaddr_t va);

/* The page of zeros that all untouched memory shares: mapped read-only, without a reference, never resident. */
extern struct page *zero_page;

/* The leaf entry for va, 0 if none. */
static inline pte_t pmap_lookup(struct pmap *pmap, vaddr_t va)
{
    return likely(pmap_leaf_is_at_hand(pmap, va)) ? pmap->leaf[PT_INDEX(va, 1)] : pmap_walk(pmap, va);
}
static inline bool pmap_is_zero_page(pte_t pte)
{
    return pte & PTE_HAS_FRAME && pfn_to_page(pte_pfn(pte)) == zero_page;
}

void pmap_remove(struct pmap *pmap, vaddr_t start, vaddr_t end);
/* The same for an address space in which nothing will run again. */
void pmap_drop(struct pmap *pmap, vaddr_t start, vaddr_t end);
/* How a region's new protection reaches the pages that are mapped already. */
enum pmap_protection {
    PMAP_NO_ACCESS, /* pages stay resident but no access reaches them */
    PMAP_READ_ONLY,
    PMAP_WRITE_PRIVATE, /* frames of this address space alone become writable; shared ones wait for the fault to copy them */
    PMAP_WRITE_SHARED,
};
void pmap_protect(struct pmap *pmap, vaddr_t start, vaddr_t end, enum pmap_protection protection,
                  bool executable);
/* Copies the mappings of a private range to another address space: frames are shared, and what was writable becomes read-only in both.
 * => 0 or -ENOMEM (then some have been copied: remove them). */
int pmap_copy(struct pmap *to, struct pmap *from, vaddr_t start, vaddr_t end);

/* Moves all entries of [from, from + bytes) to `to` (nothing is mapped there, the two do not overlap): no page is copied or faulted.
 * => 0, -ENOMEM (then nothing has moved). */
int pmap_move(struct pmap *pmap, vaddr_t from, vaddr_t to, uint64_t bytes);
/* Does an entry in the range map a frame (other than the zero page)? */
bool pmap_has_frames(struct pmap *pmap, vaddr_t start, vaddr_t end);

static inline uint64_t pmap_resident_pages(const struct pmap *pmap)
{
    return pmap->resident[PAGE_ANON] + pmap->resident[PAGE_FILE] + pmap->resident[PAGE_SHMEM];
}

/* Pages that leave memory together: their entries lead to slots already, their frames are still to be written there. */
#define EVICT_MOST 32
struct evicted {
    unsigned count;
    uint64_t seen; /* pages that might have left */
    vaddr_t va[EVICT_MOST];
    uint32_t pfns[EVICT_MOST]; /* one reference each is the holder's */
    uint32_t slots[EVICT_MOST];
};
/* Which of the anonymous frames that nobody else holds may leave. */
enum pmap_eviction {
    EVICT_UNUSED, /* those of this address space alone that have not been used since the last time: the clock's hand */
    EVICT_SHARED, /* the same of those that fork shares: each entry gets a slot of its own */
    EVICT_ANY     /* all of this address space alone, used or not */
};
/* Passes over [start, end): what was used gets its second chance, what was not is evicted, until `evicted` is full or no slot is free.
 * => where it stopped. */
vaddr_t pmap_evict(struct pmap *pmap, vaddr_t start, vaddr_t end, enum pmap_eviction which,
                   struct evicted *evicted);

/* Walks tables and recounts `tables`, `resident` and each table's entries. => NULL or the broken invariant. */
const char *pmap_check(const struct pmap *pmap);
