/* SPDX-License-Identifier: MIT */
/* smp.h - starting the CPUs that wait while the first one boots. */
#pragma once

#include <types.h>

/* Where they begin, in real mode; below 1 MiB, and not to be given to anybody else before they run. */
#define SMP_PAGE 0x8000UL

/* They are reset, so that smp_start() finds them waiting. Takes 10 ms; needs the clock and the local APIC. */
void smp_prepare(void);
/* One of them becomes CPU `number`, with this stack and these page tables: it goes through boot/ to kmain_other(number), while this one
 * waits until it says that it has arrived. => false: it did not come within a second. */
bool smp_start(uint32_t number, uint32_t apic_id, vaddr_t stack_top, paddr_t cr3);
/* By the one that starts. => false: it is too late, nobody waits for it any more. */
bool smp_arrived(void);
