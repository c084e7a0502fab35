/* SPDX-License-Identifier: MIT */
/* ptwrite.h - what pmap.c tells the event stream about entries and flushes. */
#pragma once

#include <mm/pt.h>
#include <trace/trace.h>

/* The functions that write a record are out of the way of those who have nothing to tell: inlined, they would cost them registers. */

static __attribute__((noinline)) void flush_told(vaddr_t start, vaddr_t end)
{
    TRACE(tlb, .kind = TRACE_flush_kind_range, .va = start, .pages = (end - start) >> PAGE_SHIFT);
}

static inline void flush_tell(vaddr_t start, vaddr_t end)
{
    if (TRACE_ON(tlb))
        flush_told(start, end);
}

/* The level is looked for, so that nobody has to keep it at hand: the walk ends at an entry that leads nowhere. */
static __attribute__((noinline)) void pte_told(pte_t *root, pte_t *entry, vaddr_t va, pte_t value)
{
    pte_t old = *entry;
    int level;

    *entry = 0;
    (void)pt_walk(root, va, &level);
    TRACE(pte, .table_level = (uint8_t)level, .va = va, .old_entry = old, .new_entry = value);
}

/* Writes an entry that leads to a page table, or (mremap) one that was free. */
static inline void pte_write(pte_t *root, pte_t *entry, vaddr_t va, pte_t value)
{
    if (TRACE_ON(pte))
        pte_told(root, entry, va, value);
    *entry = value;
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
