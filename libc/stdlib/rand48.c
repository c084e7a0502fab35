/* SPDX-License-Identifier: MIT */
/* rand48.c - the numbers that POSIX defines bit by bit: X' = (a X + c) mod 2^48, of which each function gives the upper bits that it
 * needs.
 *
 * Threads share one X, as those of random.c share a row; erand48 and its like take the caller's. The factor and the summand are
 * everybody's: lcong48 changes them, srand48 and seed48 bring the usual ones back. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define USUAL_FACTOR UINT64_C(0x5deece66d)
#define USUAL_SUMMAND 0xb
#define MASK48 ((UINT64_C(1) << 48) - 1)

static uint64_t shared = UINT64_C(0x1234abcd330e);
static uint64_t factor = USUAL_FACTOR;
static uint64_t summand = USUAL_SUMMAND;

/* Three shorts of the program's, the lowest first. */
static uint64_t join(const unsigned short parts[3])
{
    return parts[0] | (uint64_t)parts[1] << 16 | (uint64_t)parts[2] << 32;
}

static void split(uint64_t value, unsigned short parts[3])
{
    for (int i = 0; i < 3; i++)
        parts[i] = (unsigned short)(value >> 16 * i);
}

static uint64_t step(uint64_t value)
{
    return (value * factor + summand) & MASK48;
}

static uint64_t advance_shared(void)
{
    uint64_t old = __atomic_load_n(&shared, __ATOMIC_RELAXED), next;

    do
        next = step(old);
    while (!__atomic_compare_exchange_n(&shared, &old, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return next;
}

static uint64_t advance(unsigned short parts[3])
{
    uint64_t next = step(join(parts));

    split(next, parts);
    return next;
}

static uint64_t begin_again(uint64_t value)
{
    factor = USUAL_FACTOR;
    summand = USUAL_SUMMAND;
    return __atomic_exchange_n(&shared, value, __ATOMIC_RELAXED);
}

/* From 0, below 1. */
static double fraction(uint64_t value)
{
    return (double)value / (double)(UINT64_C(1) << 48);
}

double drand48(void)
{
    return fraction(advance_shared());
}

double erand48(unsigned short parts[3])
{
    return fraction(advance(parts));
}

/* From 0, below 2^31. */
long lrand48(void)
{
    return (long)(advance_shared() >> 17);
}

long nrand48(unsigned short parts[3])
{
    return (long)(advance(parts) >> 17);
}

/* From -2^31, below 2^31. */
long mrand48(void)
{
    return (int32_t)(advance_shared() >> 16);
}

long jrand48(unsigned short parts[3])
{
    return (int32_t)(advance(parts) >> 16);
}

void srand48(long seed)
{
    begin_again((uint64_t)(uint32_t)seed << 16 | 0x330e);
}

/* Returns the former X, in one array for all threads, as POSIX has it. */
unsigned short *seed48(unsigned short parts[3])
{
    static unsigned short former[3];

    split(begin_again(join(parts)), former);
    return former;
}

/* X, the factor, the summand. */
void lcong48(unsigned short parts[7])
{
    __atomic_store_n(&shared, join(parts), __ATOMIC_RELAXED);
    factor = join(parts + 3);
    summand = parts[6];
}
