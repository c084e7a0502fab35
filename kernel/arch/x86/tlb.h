/* SPDX-License-Identifier: MIT */
/* tlb.h - what CPUs remember of page tables, and how they are made to forget it.
 *
 * A CPU keeps translations in its TLB, and no CPU looks at another's. So who takes a permission or a page away must tell all CPUs that
 * have these page tables loaded, and wait until each has forgotten: the frame may go to somebody else after that (the field's word
 * is TLB shootdown). See tlb.c for how it is told. */
#pragma once

#include <arch/x86/percpu.h>
#include <types.h>
#include <x86/cpu.h>

#define TLB_SINGLY_MAX 8 /* pages; beyond that a new CR3 costs less than one invlpg each */

/* This CPU translates by these page tables from now on, and forgets all that it knows but for the kernel's global pages. */
static inline void page_tables_load(struct percpu *cpu, paddr_t cr3)
{
    cpu->cr3 = cr3;
    cpu_write_cr3(cr3);
}

/* Of the page tables that this CPU has loaded. */
static inline void tlb_flush_here(paddr_t cr3, vaddr_t start, vaddr_t end)
{
    if (end - start > TLB_SINGLY_MAX * PAGE_SIZE) {
        cpu_write_cr3(cr3);
        return;
    }
    for (vaddr_t va = start; va < end; va += PAGE_SIZE)
        cpu_invlpg(va);
}

/* How many CPUs but this one have them loaded. */
uint32_t tlb_count_others(paddr_t cr3);

static inline uint32_t tlb_sharers(paddr_t cr3)
{
    return cpu_count > 1 ? tlb_count_others(cr3) : 0;
}

/* The CPUs but this one that have them loaded; returns when all have forgotten. */
void tlb_flush_others(paddr_t cr3, vaddr_t start, vaddr_t end);

/* No CPU knows any more what these page tables said of [start, end). Where they are not loaded nothing is known: the next load flushes. */
static inline void tlb_flush(paddr_t cr3, vaddr_t start, vaddr_t end)
{
    if (unlikely(cpu_count > 1))
        tlb_flush_others(cr3, start, end);
    if (cpu_read_cr3() == cr3)
        tlb_flush_here(cr3, start, end);
}

/* The same for one page of the kernel half, which all page tables have. */
void tlb_flush_kernel(vaddr_t va);

/* Does what another CPU waits for. Called by TRAP_TLB_FLUSH, and by who waits with interrupts off for a lock that the other one may hold. */
void tlb_serve(void);
