/* SPDX-License-Identifier: MIT */
/* tlb.c - one CPU tells others to forget translations, and waits for them.
 *
 * One request at a time: who asks holds the lock of the kernel (sched/giant.h). So a CPU that is asked is in ring 3 or idle, where the
 * interrupt reaches it, or waits for that lock, where it looks for requests itself (tlb_serve). None of them
 * needs a lock to answer.
 *
 * Guards: `range` belongs to who holds the lock of the kernel; `asked` is atomic: a bit for each CPU that has not answered yet. */
#include <arch/x86/apic.h>
#include <arch/x86/tlb.h>
#include <x86/trapframe.h>

#define ALL_PAGE_TABLES 0 /* no root lies at 0 */

static struct {
    vaddr_t start, end;
} range;
static uint32_t asked;

void tlb_serve(void)
{
    const uint32_t mine = 1U << cpu_number();

    if (!(__atomic_load_n(&asked, __ATOMIC_ACQUIRE) & mine))
        return;
    tlb_flush_here(cpu_read_cr3(), range.start, range.end);
    __atomic_and_fetch(&asked, ~mine, __ATOMIC_RELEASE);
}

static uint32_t others_with(paddr_t cr3)
{
    uint32_t others = 0;

    for (uint32_t number = 0; number < cpu_count; number++)
        if (number != cpu_number() && (cr3 == ALL_PAGE_TABLES || cpu_data(number)->cr3 == cr3))
            others |= 1U << number;
    return others;
}

uint32_t tlb_count_others(paddr_t cr3)
{
    uint32_t count = 0;

    for (uint32_t others = others_with(cr3); others; others &= others - 1)
        count++;
    return count;
}

void tlb_flush_others(paddr_t cr3, vaddr_t start, vaddr_t end)
{
    const uint32_t others = others_with(cr3);

    if (others == 0)
        return;
    range.start = start;
    range.end = end;
    __atomic_store_n(&asked, others, __ATOMIC_RELEASE);
    for (uint32_t number = 0; number < cpu_count; number++)
        if (others & 1U << number)
            apic_interrupt(cpu_data(number)->apic_id, TRAP_TLB_FLUSH);
    while (__atomic_load_n(&asked, __ATOMIC_ACQUIRE))
        cpu_pause();
}

void tlb_flush_kernel(vaddr_t va)
{
    if (unlikely(cpu_count > 1))
        tlb_flush_others(ALL_PAGE_TABLES, va, va + PAGE_SIZE);
    cpu_invlpg(va);
}
