/* SPDX-License-Identifier: MIT */
/* pt.h - walking page tables: the way to one address, or a range by runs. Nothing here writes an entry. */
#pragma once

#include <mm/page.h>
#include <types.h>
#include <x86/pte.h>

/* The table that a present entry leads to. */
static inline pte_t *pt_table(pte_t entry)
{
    return paddr_to_virt(pte_paddr(entry));
}

/* The entries on the way to va, by level. => the lowest level whose entry leads to a table. */
static inline int pt_way(pte_t *root, vaddr_t va, pte_t *way[PT_LEVELS + 1])
{
    int level = PT_LEVELS;

    way[level] = &root[PT_INDEX(va, level)];
    for (; level > 2 && *way[level] & PTE_PRESENT; level--)
        way[level - 1] = &pt_table(*way[level])[PT_INDEX(va, level - 1)];
    return *way[level] & PTE_PRESENT ? level : level + 1;
}

/* A range by runs of neighbouring level-1 entries: as much of it as one page table holds. */
struct pt_run {
    pte_t *entry; /* the first one */
    size_t count;
    vaddr_t va;        /* of the first one */
    vaddr_t next, end; /* what is still to be visited */
    pte_t *root;
};

/* Visits all page tables that exist within [start, end): pt_range(&run, ...); while (pt_next_run(&run)), or in one: PT_FOREACH_RUN (run, ...). */
static inline void pt_range(struct pt_run *run, pte_t *root, vaddr_t start, vaddr_t end)
{
    run->next = start;
    run->end = end;
    run->root = root;
}
bool pt_next_run(struct pt_run *run);
#define PT_FOREACH_RUN(run, table, from, to)                                                                 \
    for (struct pt_run run = {.root = (table), .next = (from), .end = (to)}; pt_next_run(&run);)

/* Writes the walk for an address to the log, a line a level: for panics. `root` NULL: the page tables in CR3. */
void pt_log_walk(pte_t *root, vaddr_t va);
