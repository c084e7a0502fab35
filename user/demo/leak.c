/* SPDX-License-Identifier: MIT */
/* leak - memory that is never freed, and where it is after exit.
 *
 * A child allocates and touches 16 MiB (-n MiB: another amount) and forgets every pointer: nobody can free it
 * any more, and the resident set grows with each round. Then the child ends, and all of it is back. `leak
 * -forever` does not stop: it goes on until the kernel ends the child for want of memory. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define BLOCK (64 * KIB)
#define STEPS 4

static unsigned long amount;

/* Anonymous memory of this whole process that is resident, in kB, from smaps. */
static unsigned long anonymous_kb(void)
{
    struct memory_sum sum;

    look_memory(0, ~0UL, &sum);
    return sum.anonymous;
}

/* => false when malloc gave nothing */
static bool leak_blocks(unsigned long bytes)
{
    for (unsigned long done = 0; done < bytes; done += BLOCK) {
        char *block = demo_opaque(malloc(BLOCK));

        if (!block)
            return false;
        touch_write(block, BLOCK / PAGE_SIZE);
    }
    return true;
}

static void leak_some(void *unused)
{
    unsigned long at_start = anonymous_kb();

    (void)unused;
    for (int step = 1; step <= STEPS; step++) {
        if (!leak_blocks(amount / STEPS)) {
            printf("  malloc = NULL\n");
            return;
        }
        printf("  child: %3lu MiB forgotten, resident %+3ld MiB\n",
               amount / STEPS * (unsigned long)step / MIB, ((long)(anonymous_kb() - at_start) + 512) / 1024);
    }
}

static void leak_forever(void *unused)
{
    unsigned long leaked = 0;

    (void)unused;
    while (leak_blocks(16 * MIB)) {
        leaked += 16 * MIB;
        printf("  child: %lu MiB forgotten, MemFree %ld kB\n", leaked / MIB, look_meminfo_kb("MemFree"));
    }
    printf("  child: malloc = NULL after %lu MiB\n", leaked / MIB);
}

int main(int argc, char **argv)
{
    bool forever;
    long free_before;
    unsigned long own_before;
    struct verdict verdict;

    demo_start(argc, argv, "never freed, and gone after exit", "[-n MiB] [-forever]");
    forever = demo_option(argc, argv, "-forever");
    amount = demo_number(argc, argv, "-n", 16) * MIB;
    if (amount < STEPS * BLOCK)
        amount = STEPS * BLOCK;
    own_before = anonymous_kb();
    free_before = look_meminfo_kb("MemFree");

    putchar('\n');
    child_try(forever ? leak_forever : leak_some, NULL, &verdict);
    printf("  the child: %s\n", verdict_text(&verdict));
    if (demo_exact)
        printf("  MemFree before %ld kB, after its end %ld kB\n", free_before, look_meminfo_kb("MemFree"));
    printf("  this process: resident %+ld MiB\n", ((long)(anonymous_kb() - own_before) + 512) / 1024);

    demo_article("memory that is never freed leaks; after the process ends the system has it back.");
    demo_here(forever ? "the child went on until the kernel or malloc said no."
                      : "the resident set of the child grew by all that was forgotten, and went with it.");
    demo_why("a leak is memory that is promised, resident, and known to no pointer. The kernel does not "
             "need the pointers: it knows every region and every frame of a process, and takes them back "
             "at exit.");
    return 0;
}
