/* SPDX-License-Identifier: MIT */
/* random.c - random bytes: from the CPU's generator (RDRAND, Intel SDM vol. 1, 7.3.17) where there is one.
 *
 * Without it, a mixer: a counter that starts at the time stamp and goes on by an odd constant, and of each
 * value all bits stirred into all others (two rounds of xor-shift and multiply, whose multipliers are odd and
 * so lose nothing). That is good enough to spread hash tables, and is NOT fit for secrets: whoever knows one
 * output can guess the next. Under QEMU both repeat from run to run when the run does (-seed, -icount). */
#include <dev/random.h>

#include <arch/x86/machine.h>
#include <string.h>
#include <x86/cpu.h>

#define RDRAND_TRIES 10             /* the manual's advice */
#define GOLDEN 0x9e3779b97f4a7c15UL /* 2^64 / golden ratio, odd */

static bool rdrand(uint64_t *value)
{
    for (int tries = 0; tries < RDRAND_TRIES; tries++) {
        bool ready;
        __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ready));
        if (ready)
            return true;
    }
    return false;
}

static uint64_t mix(void)
{
    static uint64_t counter; /* atomic */
    uint64_t value = __atomic_add_fetch(&counter, GOLDEN, __ATOMIC_RELAXED) ^ cpu_rdtsc();

    value = (value ^ value >> 32) * GOLDEN;
    value = (value ^ value >> 29) * (GOLDEN << 1 | 1);
    return value ^ value >> 32;
}

void random_bytes(void *buffer, size_t size)
{
    char *to = buffer;

    while (size > 0) {
        uint64_t word;
        size_t count = MIN(size, sizeof(word));

        if (!cpu_features.rdrand || !rdrand(&word))
            word = mix();
        memcpy(to, &word, count);
        to += count;
        size -= count;
    }
}
