/* SPDX-License-Identifier: MIT */
/* ptwrite.h - what pmap.c tells the event stream about entries and flushes. */
#pragma once

#include <mm/pt.h>
#include <trace/trace.h>

/* The functions that write a record are out of the way of those who have nothing to tell: inlined, they would cost them registers. */

static NOINLINE void flush_told(vaddr_t start, vaddr_t end)
{
    TRACE(tlb, .kind = TRACE_flush_kind_range, .va = start, .pages = (end - start) >> PAGE_SHIFT);
}

static inline void flush_tell(vaddr_t start, vaddr_t end)
{
    if (TRACE_ON(tlb))
        flush_told(start, end);
}

/* The tables on the way to va that hold nothing, but each the next: they have just been made, or will go. Who makes or unlinks them need
 * not know which they are. */
static NOINLINE void tables_told(pte_t *root, vaddr_t va, bool made)
{
    pte_t *way[PT_LEVELS + 1];
    int lowest = PT_LEVELS, count = 0;

    way[lowest] = &root[PT_INDEX(va, lowest)];
    for (; lowest > 2 && *way[lowest] & PTE_PRESENT; lowest--)
        way[lowest - 1] = &pt_table(*way[lowest])[PT_INDEX(va, lowest - 1)];
    if (!(*way[lowest] & PTE_PRESENT))
        lowest++;
    while (lowest + count <= PT_LEVELS && pfn_to_page(pte_pfn(*way[lowest + count]))->maps == (count > 0))
        count++;
    for (int i = 0; i < count; i++) {
        int level = made ? lowest + count - 1 - i : lowest + i;
        pte_t entry = *way[level];
        TRACE(pte, .table_level = (uint8_t)level, .va = va, .old_entry = made ? 0 : entry,
              .new_entry = made ? entry : 0);
    }
}

static inline void tables_tell(pte_t *root, vaddr_t va, bool made)
{
    if (TRACE_ON(pte))
        tables_told(root, va, made);
}

/* A page's entry that was free. */
static inline void entry_tell(const pte_t *entry, vaddr_t va, pte_t value)
{
    if (TRACE_ON(pte))
        TRACE(pte, .table_level = 1, .va = va, .old_entry = *entry, .new_entry = value);
}

static inline void pte_tell(const struct pt_run *run, size_t i, pte_t value)
{
    if (run->entry[i] != value)
        TRACE(pte, .table_level = 1, .va = run->va + i * PAGE_SIZE, .old_entry = run->entry[i],
              .new_entry = value);
}

/* Of the entries of a run that are in use, only the bits of `kept` will stay. */
static inline void run_tell(const struct pt_run *run, pte_t kept)
{
    for (size_t i = 0; TRACE_ON(pte) && i < run->count; i++)
        if (run->entry[i])
            pte_tell(run, i, run->entry[i] & kept);
}
