/* SPDX-License-Identifier: MIT */
/* sbrk100m - the break moves by 100 MiB, and nothing becomes resident.
 *
 * The break is the end of the heap. Moving it up makes the region [heap] larger, which is a promise; frames
 * come with the first touch. Moving it down gives back what lies above. Where sbrk refuses (musl), the system
 * call brk is made directly. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/demo.h"
#include "lib/heap.h"
#include "lib/look.h"

#define AMOUNT (100 * MIB)

static unsigned long start;
static long size_at_start;

static void show(const char *what)
{
    unsigned long end = look_break();
    unsigned long pages = end > start ? look_resident_pages((void *)(uintptr_t)start, end - start) : 0;

    printf("  %-21s break %s, VmSize %+7ld kB, resident %+3ld kB\n", what,
           demo_address((void *)(uintptr_t)end), look_status_kb("VmSize") - size_at_start,
           (long)(pages * PAGE_SIZE / KIB));
}

static void try_sbrk(void)
{
    if (sbrk((intptr_t)PAGE_SIZE) != (void *)-1) {
        sbrk(-(intptr_t)PAGE_SIZE);
        printf("  sbrk moves the break here\n");
        return;
    }
    printf("  sbrk(4096) = -1, %s: this C library keeps the break for itself.\n"
           "  The system call brk is made directly instead.\n",
           strerror(errno));
}

int main(int argc, char **argv)
{
    demo_start(argc, argv, "sbrk(100 MiB) is a promise too", "");
    demo_head("who moves the break?");
    try_sbrk();

    demo_head("100 MiB up, one touch, 100 MiB down");
    look_remember();
    start = (look_break() + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    size_at_start = look_status_kb("VmSize");
    show("sbrk(0)");
    if (!heap_move(AMOUNT)) {
        printf("  sbrk(100 MiB) = -1, %s\n", strerror(errno));
        return 0;
    }
    show("sbrk(100 MiB)");
    look_show_changes();
    touch_write((char *)(uintptr_t)start + 50 * MIB, 1);
    show("one page is touched");
    heap_move(-(long)AMOUNT);
    show("sbrk(-100 MiB)");

    demo_article("it prints a variable that was never set, and shows a [heap] of 132 KiB: the map from "
                 "before the call.");
    demo_here("[heap] really grows by 100 MiB, and what is resident grows by nothing until the touch.");
    demo_why("brk only moves the end of a region. The kernel takes a frame when the page is touched, one "
             "at a time.");
    return 0;
}
