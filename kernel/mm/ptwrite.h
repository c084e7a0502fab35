/* SPDX-License-Identifier: MIT */
/* ptwrite.h - what pmap.c tells the event stream about entries and flushes. */
#ifndef FAULTLINE_MM_PTWRITE_H
#define FAULTLINE_MM_PTWRITE_H

#include <mm/pt.h>
#include <trace/trace.h>

#define FLUSH_TOLD(from, to)                                                                                 \
    .kind = TRACE_flush_kind_range, .va = (from), .pages = ((to) - (from)) >> PAGE_SHIFT

/* Writes an entry that leads to a page table. */
static inline void pte_write(pte_t *entry, int level, vaddr_t va, pte_t value)
{
    TRACE(pte, .table_level = (uint8_t)level, .va = va, .old_entry = *entry, .new_entry = value);
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

#endif
