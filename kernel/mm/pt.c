/* SPDX-License-Identifier: MIT */
/* pt.c - walking page tables.
 *
 *   CR3 -> PML4[va 47:39] -> PDPT[38:30] -> PD[29:21] -> PT[20:12] -> frame
 *
 * The caller guards the tables (address space lock); the kernel half never changes once it is built but for kernel stacks. */
#include <lib/log.h>
#include <mm/pt.h>
#include <x86/cpu.h>

bool pt_next_run(struct pt_run *run)
{
    while (run->next < run->end) {
        vaddr_t va = run->next;
        int level = PT_LEVELS;
        pte_t entry = run->root[PT_INDEX(va, level)];

        for (; level > 2 && entry & PTE_PRESENT; level--)
            entry = pt_table(entry)[PT_INDEX(va, level - 1)];
        /* What this entry spans is either one page table, or nothing at all. */
        vaddr_t span_end = (va | (PT_SPAN(level) - 1)) + 1;

        run->next = MIN(span_end, run->end);
        if (!(entry & PTE_PRESENT))
            continue;
        run->entry = &pt_table(entry)[PT_INDEX(va, 1)];
        run->count = (run->next - va) >> PAGE_SHIFT;
        run->va = va;
        return true;
    }
    return false;
}

void pt_log_walk(pte_t *root, vaddr_t va)
{
    static const char *const names[] = {"", "PTE", "PDE", "PDPTE", "PML4E"};
    pte_t *table = root ? root : paddr_to_virt(cpu_read_cr3() & PTE_FRAME_MASK);

    for (int level = PT_LEVELS; level > 0; level--) {
        pte_t entry = table[PT_INDEX(va, level)];

        log_line("  %-5s [%3lu] = %016lx %s%s%s%s%s%s", names[level], (unsigned long)PT_INDEX(va, level),
                 (unsigned long)entry, entry & PTE_PRESENT ? "P" : "NOT PRESENT",
                 entry & PTE_WRITE ? " W" : "", entry & PTE_USER ? " U" : "",
                 entry & PTE_ACCESSED ? " A" : "", level == 1 && entry & PTE_DIRTY ? " D" : "",
                 entry & PTE_NX ? " NX" : "");
        if (!(entry & PTE_PRESENT))
            return;
        if (level == 1 || entry & PTE_LARGE) {
            log_line("  => phys %lx, frame #%lu",
                     (unsigned long)(pte_paddr(entry) + (va & (PT_SPAN(level) - 1))),
                     (unsigned long)pte_pfn(entry));
            return;
        }
        table = pt_table(entry);
    }
}
