/* SPDX-License-Identifier: MIT */
/* clock.h - time: the TSC, calibrated once against the PIT, and the local APIC's timer as the tick. */
#pragma once

#include <types.h>

#define CLOCK_TICK_HZ 100
#define NS_PER_SECOND 1000000000UL

/* How TSC ticks become nanoseconds since the kernel was entered. Constant after clock_init(); the vDSO has a copy. */
struct clock_scale {
    uint64_t start;          /* the TSC then */
    uint64_t ns_per_tick_32; /* fixed point, 32 bits of fraction */
};
extern struct clock_scale clock_scale;

/* The one formula, for the kernel and for the vDSO: the same tick is the same time in both. No division. */
static inline uint64_t clock_ns(const struct clock_scale *scale, uint64_t ticks)
{
    return (uint64_t)((unsigned __int128)ticks * scale->ns_per_tick_32 >> 32);
}
static inline uint64_t clock_scaled(const struct clock_scale *scale, uint64_t tsc)
{
    return clock_ns(scale, tsc - scale->start);
}

/* Needs the local APIC. */
void clock_init(void);
/* Nanoseconds since the kernel was entered; never goes back. */
uint64_t clock_now(void);
/* TSC ticks since the kernel's first instruction, for the boot log. */
uint64_t clock_ticks_since_entry(void);
/* Starts the periodic tick on this CPU: TRAP_TIMER, CLOCK_TICK_HZ times a second. */
void clock_start_tick(void);
