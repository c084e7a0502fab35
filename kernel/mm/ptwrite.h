/* SPDX-License-Identifier: MIT */
/* ptwrite.h - what pmap.c tells the event stream about entries and flushes. */
#pragma once

#include <arch/x86/tlb.h>
#include <mm/pt.h>
#include <trace/trace.h>

/* The functions that write a record are out of the way of those who have nothing to tell: inlined, they would cost them registers. */

static NOINLINE void flush_told(paddr_t cr3, vaddr_t start, vaddr_t end)
{
    TRACE(tlb, .kind = TRACE_flush_kind_range, .va = start, .pages = (end - start) >> PAGE_SHIFT,
          .asked = tlb_sharers(cr3));
}

static inline void flush_tell(paddr_t cr3, vaddr_t start, vaddr_t end)
{
    if (TRACE_ON(tlb))
        flush_told(cr3, start, end);
}

static NOINLINE void entry_told(int level, vaddr_t va, pte_t before, pte_t after)
{
    if (before != after)
        TRACE(pte, .table_level = (uint8_t)level, .va = va, .old_entry = before, .new_entry = after);
}

/* Of the entries of a run, only the bits of `kept` will stay. */
static inline void run_tell(const struct pt_run *run, pte_t kept)
{
    for (size_t i = 0; TRACE_ON(pte) && i < run->count; i++)
        entry_told(1, run->va + i * PAGE_SIZE, run->entry[i], run->entry[i] & kept);
}

/* The tables on the way to va that hold nothing, but each the next: they have just been made, or will go. Who makes or unlinks them need
 * not know which they are. */
static NOINLINE void tables_told(pte_t *root, vaddr_t va, bool made)
{
    pte_t *way[PT_LEVELS + 1];
    int lowest = pt_way(root, va, way), end = lowest;

    while (end <= PT_LEVELS && pfn_to_page(pte_pfn(*way[end]))->maps == (end > lowest))
        end++;
    for (int level = lowest; !made && level < end; level++)
        entry_told(level, va, *way[level], 0);
    for (int level = end - 1; made && level >= lowest; level--)
        entry_told(level, va, 0, *way[level]);
}

static inline void tables_tell(pte_t *root, vaddr_t va, bool made)
{
    if (TRACE_ON(pte))
        tables_told(root, va, made);
}
