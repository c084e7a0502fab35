/* SPDX-License-Identifier: MIT */
/* heap.c - the break by hand, and what a workload costs through one source of memory or another. */
#include "heap.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"

void *heap_move(long bytes)
{
    void *before = sbrk(bytes);
    unsigned long now, wanted;

    if (before != (void *)-1)
        return before;
    now = (unsigned long)syscall(SYS_brk, 0);
    wanted = now + (unsigned long)bytes;
    return (unsigned long)syscall(SYS_brk, wanted) == wanted ? (void *)(uintptr_t)now : NULL;
}

/* The time-stamp counter: cycles of the real CPU; under --icount one for each instruction, the kernel's too. */
static unsigned long ticks(void)
{
    unsigned low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long)high << 32 | low;
}

struct cost heap_cost(struct source *source, unsigned rounds, size_t bytes)
{
    unsigned long calls_before = source->calls, began = ticks(), took;
    struct cost cost = {0, 0};

    for (unsigned round = 0; round < rounds; round++) {
        char *block = source->take(bytes);

        if (!block) {
            printf("  round %u: the kernel gave nothing\n", round);
            return cost;
        }
        cost.faults += touch_write(block, bytes / PAGE_SIZE);
        source->give(block, bytes);
    }
    took = ticks() - began;
    cost.calls = source->calls - calls_before;
    printf("  %u times: take %s, write to its %zu pages, give it back\n", rounds, demo_size(bytes),
           bytes / PAGE_SIZE);
    printf("  system calls %lu, minor faults %ld\n", cost.calls, cost.faults);
    if (demo_exact)
        printf("  time-stamp counter: %lu a round (under scripts/guest --icount: instructions)\n",
               took / rounds);
    return cost;
}
