/* SPDX-License-Identifier: MIT */
/* allmmap - what if malloc had only mmap?
 *
 * Every block is a mapping of its own and goes back with munmap. Nothing is ever kept, so there is no hole;
 * but each round makes two system calls, faults in every page anew, and a request of 100 bytes takes a whole
 * page. Compare `allbrk`, which does the same work with brk. */
#include <stdio.h>
#include <sys/mman.h>

#include "lib/demo.h"
#include "lib/heap.h"
#include "lib/look.h"

#define ROUNDS 50
#define SMALL_BLOCKS 500
#define SMALL_BYTES 100

static struct source source;

static void *take(size_t bytes)
{
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    source.calls++;
    return block == MAP_FAILED ? NULL : block;
}

static void give(void *block, size_t bytes)
{
    source.calls++;
    munmap(block, bytes);
}

static struct source source = {take, give, 0};

static unsigned long resident_kb(const char *block, size_t bytes)
{
    return look_resident_pages(block, bytes) * PAGE_SIZE / KIB;
}

static void show_no_hole(void)
{
    long size_at_start = look_status_kb("VmSize");
    char *first = take(8 * MIB);
    char *second = take(64 * KIB);

    if (!first || !second) {
        printf("  the kernel gave nothing\n");
        return;
    }
    touch_write(first, 8 * MIB / PAGE_SIZE);
    touch_write(second, 64 * KIB / PAGE_SIZE);
    printf("  blocks of 8 MiB and 64 KiB:  VmSize %+6ld kB, resident %5lu kB\n",
           look_status_kb("VmSize") - size_at_start,
           resident_kb(first, 8 * MIB) + resident_kb(second, 64 * KIB));
    give(first, 8 * MIB);
    printf("  the 8 MiB are freed:         VmSize %+6ld kB, resident %5lu kB\n",
           look_status_kb("VmSize") - size_at_start, resident_kb(second, 64 * KIB));
    give(second, 64 * KIB);
}

static void show_small_blocks(void)
{
    static char *blocks[SMALL_BLOCKS];
    unsigned long calls = source.calls;
    long size_at_start = look_status_kb("VmSize"), faults = 0;

    for (unsigned i = 0; i < SMALL_BLOCKS; i++) {
        blocks[i] = take(SMALL_BYTES);
        if (blocks[i])
            faults += touch_write(blocks[i], 1);
    }
    printf("  %d blocks of %d bytes = %d KiB asked for\n", SMALL_BLOCKS, SMALL_BYTES,
           SMALL_BLOCKS * SMALL_BYTES / 1024);
    printf("  VmSize %+ld kB, system calls %lu, minor faults %ld\n", look_status_kb("VmSize") - size_at_start,
           source.calls - calls, faults);
    for (unsigned i = 0; i < SMALL_BLOCKS; i++) {
        if (blocks[i])
            give(blocks[i], SMALL_BYTES);
    }
}

int main(int argc, char **argv)
{
    struct cost cost;

    demo_start(argc, argv, "all memory from mmap", "");
    demo_head("what it costs");
    cost = heap_cost(&source, ROUNDS, 64 * KIB);
    demo_head("no hole");
    show_no_hole();
    demo_head("small blocks");
    show_small_blocks();

    demo_article("why not only mmap? Every call switches to the kernel, and every fresh page faults.");
    demo_here("%lu system calls and %ld faults for %d rounds (compare `allbrk`), and a whole page for "
              "each 100 bytes.",
              cost.calls, cost.faults, ROUNDS);
    demo_why("a mapping begins and ends at a page, starts without frames and returns them at once. So malloc "
             "uses mmap only for large blocks, where a whole page is little and a hole would be large.");
    return 0;
}
