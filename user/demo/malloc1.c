/* SPDX-License-Identifier: MIT */
/* malloc1 - one byte, and what it brings with it.
 *
 * malloc(1) asks the kernel for far more than a byte: with our libc and with glibc the heap becomes 132 KiB
 * (0x21000 bytes), so that the next thousands of small requests need no system call. free gives the byte back
 * to malloc, not to the kernel: the heap stays. musl asks for single pages instead; then that is what is
 * printed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/demo.h"
#include "lib/look.h"

/* => size of [heap], 0 when there is none */
static unsigned long show_heap(const char *when)
{
    struct map_row heap;

    if (!look_row_named("[heap]", &heap)) {
        printf("  %-16s no [heap]\n", when);
        return 0;
    }
    printf("  %-16s [heap] %s-%s = 0x%lx bytes = %s\n", when, demo_address((void *)(uintptr_t)heap.start),
           demo_address((void *)(uintptr_t)heap.end), heap.end - heap.start,
           demo_size(heap.end - heap.start));
    return heap.end - heap.start;
}

static void show_pointer(const char *pointer)
{
    struct map_row row;

    if (!look_row(pointer, &row))
        return;
    printf("  the pointer      %s: 0x%lx bytes into the row %s\n", demo_address(pointer),
           (unsigned long)(uintptr_t)pointer - row.start, row.name[0] ? row.name : "without a name");
    if (demo_exact)
        printf("  printed by %%x    %x: %%x takes 32 bits, a pointer has 64; %%p prints it whole: %p\n",
               (unsigned)(uintptr_t)pointer, (const void *)pointer);
}

int main(int argc, char **argv)
{
    unsigned long heap, heap_after;
    char *pointer, *again;
    uintptr_t place;

    demo_start(argc, argv, "malloc(1), and the heap it makes", "");
    look_remember();
    demo_head("before");
    show_heap("before");

    demo_head("p = malloc(1)");
    pointer = demo_opaque(malloc(1));
    *pointer = 'x';
    heap = show_heap("after malloc(1)");
    show_pointer(pointer);
    look_show_changes();

    demo_head("free(p)");
    place = (uintptr_t)pointer;
    free(pointer);
    heap_after = show_heap("after free");
    look_show_changes();
    again = demo_opaque(malloc(1));
    printf("  malloc(1) again  %s place as before\n", (uintptr_t)again == place ? "the same" : "another");

    demo_article("malloc(1) makes a [heap] of 132 KiB (0x21000); free keeps it. It prints the pointer "
                 "with %%x.");
    demo_here("[heap] is %s after malloc(1) and %s after free.", demo_size(heap), demo_size(heap_after));
    demo_why("a system call costs more than memory that nobody touches, so malloc buys in bulk and keeps "
             "the change. How much is the C library's choice: 132 KiB for glibc and ours, a page or two "
             "for musl.");
    return 0;
}
