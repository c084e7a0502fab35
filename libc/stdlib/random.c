/* SPDX-License-Identifier: MIT */
/* random.c - repeatable numbers that look random: the same seed, the same row, on every system. Not glibc's
 * row.
 *
 * A 64-bit linear congruential generator (Knuth's MMIX constants); its high bits are the good ones, so those
 * are given. drand48 and lrand48 are the ones that POSIX defines bit by bit. */
#include <stdint.h>
#include <stdlib.h>

static uint64_t state = 1;
static uint64_t state48 = UINT64_C(0x1234abcd330e);

static uint64_t step(uint64_t value)
{
    return value * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
}

void srand(unsigned int seed)
{
    state = step(seed);
}

int rand(void)
{
    state = step(state);
    return (int)(state >> 33);
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

static uint64_t step48(void)
{
    state48 = (state48 * UINT64_C(0x5deece66d) + 0xb) & ((UINT64_C(1) << 48) - 1);
    return state48;
}

void srand48(long seed)
{
    state48 = (uint64_t)(uint32_t)seed << 16 | 0x330e;
}

double drand48(void)
{
    return (double)step48() / (double)(UINT64_C(1) << 48);
}

long lrand48(void)
{
    return (long)(step48() >> 17);
}
