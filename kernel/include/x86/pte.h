/* SPDX-License-Identifier: MIT */
/* pte.h - the bits of a page-table entry (Intel SDM vol. 3, 4.5; AMD APM vol. 2, 5.3).
 *
 * The same layout on all four levels: PML4 (level 4), PDPT (3), PD (2), PT (1). */
#pragma once

#include <types.h>

typedef uint64_t pte_t;

#define PTE_PRESENT (1UL << 0)
#define PTE_WRITE (1UL << 1)
#define PTE_USER (1UL << 2)
#define PTE_WRITE_THROUGH (1UL << 3)
#define PTE_CACHE_DISABLE (1UL << 4)
#define PTE_ACCESSED (1UL << 5)
#define PTE_DIRTY (1UL << 6)
#define PTE_LARGE (1UL << 7) /* levels 2 and 3: maps 2 MiB or 1 GiB */
#define PTE_GLOBAL (1UL << 8)
#define PTE_NX (1UL << 63)

/* Not present for the MMU, but it keeps its frame: a region without any access (mprotect PROT_NONE). Bit 8 means something else in an
 * entry that is present, nothing at all in one that is not (SDM vol. 3, table 4-20). */
#define PTE_NO_ACCESS (1UL << 8)
#define PTE_HAS_FRAME (PTE_PRESENT | PTE_NO_ACCESS)
/* It has no frame: its page lies on the disk, in the slot whose number stands where the frame's would. */
#define PTE_SWAPPED (1UL << 9)

#define PTE_FRAME_MASK 0x000ffffffffff000UL

#define PT_ENTRIES 512UL
#define PT_LEVELS 4

/* The bit that level's index starts at: 12, 21, 30, 39. */
#define PT_SHIFT(level) (PAGE_SHIFT + 9 * ((level)-1))
#define PT_INDEX(address, level) (((address) >> PT_SHIFT(level)) & (PT_ENTRIES - 1))
/* The bytes that one entry of that level covers. */
#define PT_SPAN(level) (1UL << PT_SHIFT(level))

static inline paddr_t pte_paddr(pte_t pte)
{
    return pte & PTE_FRAME_MASK;
}

static inline pfn_t pte_pfn(pte_t pte)
{
    return pte_paddr(pte) >> PAGE_SHIFT;
}

static inline pte_t pte_of_slot(uint32_t slot)
{
    return PTE_SWAPPED | (pte_t)slot << PAGE_SHIFT;
}

static inline uint32_t pte_slot(pte_t pte)
{
    return (uint32_t)pte_pfn(pte);
}

/* Error code of a page fault (SDM vol. 3, 4.7). */
#define FAULT_ERROR_PRESENT (1UL << 0)
#define FAULT_ERROR_WRITE (1UL << 1)
#define FAULT_ERROR_USER (1UL << 2)
#define FAULT_ERROR_RESERVED (1UL << 3)
#define FAULT_ERROR_FETCH (1UL << 4)

/* Bits 48 to 63 repeat bit 47: the CPU can translate it. */
static inline bool address_is_canonical(uint64_t value)
{
    return (int64_t)(value << 16) >> 16 == (int64_t)value;
}
