/* SPDX-License-Identifier: MIT */
/* pt.h - walking page tables: one address, or a range by runs. Nothing here writes an entry. */
#pragma once

#include <mm/page.h>
#include <types.h>
#include <x86/pte.h>

/* The entry that a walk for va ends at: the leaf (4 KiB or large page), or the first one that is not present.
 * *level (may be NULL): 1 = PT entry ... 4 = PML4 entry. */
pte_t *pt_walk(pte_t *root, vaddr_t va, int *level);

/* The table that a present entry leads to. */
static inline pte_t *pt_table(pte_t entry)
{
    return paddr_to_virt(pte_paddr(entry));
}

/* Neighbouring level-1 entries: as much of a range as one page table holds. */
struct pt_run {
    pte_t *entry; /* the first one */
    size_t count;
    vaddr_t va; /* of the first one */
};

struct pt_iterator {
    pte_t *root;
    vaddr_t next, end;
};

/* Visits all page tables that exist within [start, end): while (pt_next_run(&iterator, &run)). */
static inline struct pt_iterator pt_range(pte_t *root, vaddr_t start, vaddr_t end)
{
    return (struct pt_iterator){root, start, end};
}
bool pt_next_run(struct pt_iterator *iterator, struct pt_run *run);

/* Writes the walk for an address to the log, a line a level: for panics. `root` NULL: the page tables in CR3. */
void pt_log_walk(pte_t *root, vaddr_t va);
