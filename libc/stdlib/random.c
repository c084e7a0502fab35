/* SPDX-License-Identifier: MIT */
/* random.c - repeatable numbers that look random: the same seed, the same row, on every system. Not glibc's
 * row.
 *
 * A 64-bit linear congruential generator (Knuth's MMIX constants); its high bits are the good ones, so those
 * are given. The family of drand48 is in rand48.c.
 *
 * initstate and setstate change the row: the one in use is always in `state`, any other in the array that the program gave for it.
 *
 * Threads share one row: each number is given once. A step that another thread was quicker with is made again, so there is no
 * lock. A row of its own a thread gets by rand_r. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

static uint64_t step(uint64_t value)
{
    return value * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
}

static uint64_t advance(void)
{
    uint64_t old = __atomic_load_n(&state, __ATOMIC_RELAXED), next;

    do
        next = step(old);
    while (!__atomic_compare_exchange_n(&state, &old, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return next;
}

void srand(unsigned int seed)
{
    __atomic_store_n(&state, step(seed), __ATOMIC_RELAXED);
}

int rand(void)
{
    return (int)(advance() >> 33);
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

static char first_array[sizeof(state)];
static char *array_in_use = first_array; /* where the row in use goes when another one comes */

/* Returns the former array. None needs to lie where a uint64_t may. */
static char *change_row(uint64_t to, char *array)
{
    char *former = __atomic_exchange_n(&array_in_use, array, __ATOMIC_RELAXED);
    uint64_t stood = __atomic_exchange_n(&state, to, __ATOMIC_RELAXED);

    memcpy(former, &stood, sizeof(stood));
    return former;
}

/* Eight bytes are enough, more make no better row. */
char *initstate(unsigned int seed, char *array, size_t size)
{
    if (size < sizeof(state)) {
        errno = EINVAL;
        return NULL;
    }
    return change_row(step(seed), array);
}

/* An array that initstate had: its row goes on. */
char *setstate(char *array)
{
    uint64_t stands;

    if (array == __atomic_load_n(&array_in_use, __ATOMIC_RELAXED))
        return array;
    memcpy(&stands, array, sizeof(stands));
    return change_row(stands, array);
}
