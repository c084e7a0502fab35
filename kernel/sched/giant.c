/* SPDX-License-Identifier: MIT */
/* giant.c - see giant.h. */
#include <sched/giant.h>

#include <arch/x86/tlb.h>
#include <x86/cpu.h>

struct giant giant;

void giant_enter(void)
{
    const uint32_t ticket = __atomic_fetch_add(&giant.next, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&giant.served, __ATOMIC_ACQUIRE) != ticket) {
        tlb_serve();
        cpu_pause();
    }
}
