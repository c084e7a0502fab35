/* SPDX-License-Identifier: MIT */
/* clock.h - time: the TSC, calibrated once against the PIT, and the local APIC's timer as the tick. */
#ifndef FAULTLINE_ARCH_CLOCK_H
#define FAULTLINE_ARCH_CLOCK_H

#include <types.h>

#define CLOCK_TICK_HZ 100
#define NS_PER_SECOND 1000000000UL

/* Needs the local APIC. */
void clock_init(void);
/* Nanoseconds since the kernel was entered; never goes back. */
uint64_t clock_now(void);
/* TSC ticks since the kernel's first instruction, for the boot log. */
uint64_t clock_ticks_since_entry(void);
/* Starts the periodic tick on this CPU: TRAP_TIMER, CLOCK_TICK_HZ times a second. */
void clock_start_tick(void);

#endif
