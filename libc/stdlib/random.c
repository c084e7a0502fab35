/* SPDX-License-Identifier: MIT */
/* random.c - repeatable numbers that look random: the same seed, the same row, on every system. Not glibc's
 * row.
 *
 * A 64-bit linear congruential generator (Knuth's MMIX constants); its high bits are the good ones, so those
 * are given. drand48 and lrand48 are the ones that POSIX defines bit by bit.
 *
 * Threads share one row: each number is given once. A step that another thread was quicker with is made again, so there is no
 * lock. A row of its own a thread gets by rand_r. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static uint64_t state = 1;
static uint64_t state48 = UINT64_C(0x1234abcd330e);

static uint64_t step(uint64_t value)
{
    return value * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
}

static uint64_t advance(uint64_t *shared, uint64_t (*step_by)(uint64_t))
{
    uint64_t old = __atomic_load_n(shared, __ATOMIC_RELAXED), next;

    do
        next = step_by(old);
    while (!__atomic_compare_exchange_n(shared, &old, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return next;
}

void srand(unsigned int seed)
{
    __atomic_store_n(&state, step(seed), __ATOMIC_RELAXED);
}

int rand(void)
{
    return (int)(advance(&state, step) >> 33);
}

int rand_r(unsigned int *seed)
{
    uint64_t next = step(step(*seed));

    *seed = (unsigned int)(next >> 32);
    return (int)(next >> 33);
}

void srandom(unsigned int seed)
{
    srand(seed);
}

long random(void)
{
    return rand();
}

static uint64_t step48(uint64_t value)
{
    return (value * UINT64_C(0x5deece66d) + 0xb) & ((UINT64_C(1) << 48) - 1);
}

void srand48(long seed)
{
    __atomic_store_n(&state48, (uint64_t)(uint32_t)seed << 16 | 0x330e, __ATOMIC_RELAXED);
}

double drand48(void)
{
    return (double)advance(&state48, step48) / (double)(UINT64_C(1) << 48);
}

long lrand48(void)
{
    return (long)(advance(&state48, step48) >> 17);
}
