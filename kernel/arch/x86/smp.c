/* SPDX-License-Identifier: MIT */
/* smp.c - starting the other CPUs, one after the other (SDM vol. 3, 8.4.4.1).
 *
 * A CPU that is told to start does so as PCs did in 1978: in real mode, at the beginning of a page below 1 MiB. A few instructions are
 * copied there (boot/boot32.asm), which lead it to the same way into long mode that the first CPU took, on the first page tables.
 *
 * Guards: the first CPU fills `smp_place` and then waits; `arrival` is atomic. */
#include <arch/x86/smp.h>

#include <arch/x86/apic.h>
#include <arch/x86/clock.h>
#include <mm/frame.h>
#include <string.h>
#include <x86/cpu.h>

#define RESET_NS (NS_PER_SECOND / 100)
#define PATIENCE_NS NS_PER_SECOND

/* In boot/entry64.asm, which knows the offsets. */
extern struct smp_place {
    paddr_t cr3;
    vaddr_t stack_top;
    uint32_t number;
} smp_place;
static enum { AWAITED, ARRIVED, GIVEN_UP } arrival;

static void wait_ns(uint64_t ns)
{
    for (uint64_t end = clock_now() + ns; clock_now() < end;)
        cpu_pause();
}

void smp_prepare(void)
{
    extern const char smp_real_mode[], smp_real_mode_end[]; /* at their load addresses */
    const size_t size = (size_t)(smp_real_mode_end - smp_real_mode);

    memcpy(paddr_to_virt(SMP_PAGE), paddr_to_virt((paddr_t)smp_real_mode), size);
    apic_reset_others();
    wait_ns(RESET_NS);
}

bool smp_start(uint32_t number, uint32_t apic_id, vaddr_t stack_top, paddr_t cr3)
{
    smp_place = (struct smp_place){cr3, stack_top, number};
    __atomic_store_n(&arrival, AWAITED, __ATOMIC_RELEASE);
    apic_start(apic_id, SMP_PAGE);
    for (uint64_t end = clock_now() + PATIENCE_NS; clock_now() < end; cpu_pause())
        if (__atomic_load_n(&arrival, __ATOMIC_ACQUIRE) == ARRIVED)
            return true;
    return __atomic_exchange_n(&arrival, GIVEN_UP, __ATOMIC_ACQ_REL) == ARRIVED;
}

bool smp_arrived(void)
{
    return __atomic_exchange_n(&arrival, ARRIVED, __ATOMIC_ACQ_REL) == AWAITED;
}
