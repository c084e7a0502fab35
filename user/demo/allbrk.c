/* SPDX-License-Identifier: MIT */
/* allbrk - what if malloc had only brk?
 *
 * A tiny allocator takes all memory from the break and keeps one freed block for the next request. That is
 * cheap: a block that comes again brings its frames along. But only the end of the heap can go back to the
 * kernel: one live block at the top keeps everything below it. Compare `allmmap`, which does the same work
 * with mmap. */
#include <stdint.h>
#include <stdio.h>

#include "lib/demo.h"
#include "lib/heap.h"
#include "lib/look.h"

#define ROUNDS 50
#define BELOW (8 * MIB)
#define TOP (64 * KIB)
#define LARGER (9 * MIB)

static struct source source;
static char *kept; /* the block that was given back last, and its size */
static size_t kept_bytes;

static void *take(size_t bytes)
{
    char *block = kept;

    if (kept && kept_bytes >= bytes) {
        kept = NULL;
        return block;
    }
    source.calls++;
    return heap_move((long)bytes);
}

static void give(void *block, size_t bytes)
{
    kept = block;
    kept_bytes = bytes;
}

static struct source source = {take, give, 0};

static long size_at_start;

static void show(const char *what, char *heap)
{
    unsigned long bytes = look_break() - (unsigned long)(uintptr_t)heap;
    unsigned long resident = bytes ? look_resident_pages(heap, bytes) * PAGE_SIZE / KIB : 0;

    printf("  %-42s VmSize %+6ld kB, resident %5lu kB\n", what, look_status_kb("VmSize") - size_at_start,
           resident);
}

static void show_hole(void)
{
    char *below, *top, *larger;

    heap_move((long)(-look_break() & (PAGE_SIZE - 1)));
    size_at_start = look_status_kb("VmSize");
    below = heap_move(BELOW);
    top = heap_move(TOP);
    if (!below || !top) {
        printf("  the kernel gave nothing\n");
        return;
    }
    touch_write(below, BELOW / PAGE_SIZE);
    touch_write(top, TOP / PAGE_SIZE);
    show("a block of 8 MiB, above it one of 64 KiB", below);
    give(below, BELOW);
    show("the 8 MiB are freed: the hole stays", below);
    larger = take(LARGER);
    show("9 MiB do not fit there: the break moves on", below);
    if (larger)
        heap_move(-(long)LARGER);
    heap_move(-(long)(TOP + BELOW));
    show("freed from the top down: the break sinks", below);
}

int main(int argc, char **argv)
{
    struct cost cost;

    demo_start(argc, argv, "all memory from brk", "");
    demo_head("what it costs");
    cost = heap_cost(&source, ROUNDS, 64 * KIB);
    kept = NULL;
    demo_head("the hole under a live block");
    show_hole();

    demo_article("why not only brk? Memory below a live top cannot be returned: fragmentation that "
                 "valgrind does not see.");
    demo_here("%lu system call and %ld faults for %d rounds (compare `allmmap`); but 8 MiB were freed "
              "and stayed resident under 64 KiB in use.",
              cost.calls, cost.faults, ROUNDS);
    demo_why("the heap is one region with one movable end. No pointer is lost, so nothing \"leaks\", and "
             "yet the memory is gone for others. malloc eases this with mappings for large blocks, "
             "trimming and madvise.");
    return 0;
}
