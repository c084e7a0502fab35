/* SPDX-License-Identifier: MIT */
/* load.c - see load.h. Every five seconds each average moves towards the present number by the share that makes it
 * forget a value to 1/e within its minutes. Linux's factors in Linux's fixed point, so that the digits agree.
 *
 * Guarded by: only the first CPU's tick writes; a reader may see averages of two neighbouring moments. */
#include <sched/load.h>

#include <arch/x86/clock.h>

#define ONE (1UL << LOAD_SHIFT)
#define PERIOD (5 * NS_PER_SECOND)

/* 2048 / exp(5 s / 1, 5, 15 min) */
static const uint64_t factors[LOAD_AVERAGES] = {1884, 2014, 2037};

static uint64_t averages[LOAD_AVERAGES];
static uint64_t next = PERIOD;

void load_tick(uint64_t now, unsigned active)
{
    for (; now >= next; next += PERIOD) {
        for (unsigned i = 0; i < LOAD_AVERAGES; i++) {
            uint64_t target = active * ONE;
            uint64_t sum = averages[i] * factors[i] + target * (ONE - factors[i]);
            if (target >= averages[i])
                sum += ONE - 1; /* upwards it is rounded up, or a full load would never be reached */
            averages[i] = sum / ONE;
        }
    }
}

void load_averages(uint64_t loads[LOAD_AVERAGES])
{
    for (unsigned i = 0; i < LOAD_AVERAGES; i++)
        loads[i] = averages[i];
}
