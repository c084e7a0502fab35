/* SPDX-License-Identifier: MIT */
/* status - what moves which line of /proc/self/status.
 *
 * One mover after the other; after each only the lines that changed are printed. VmRSS and VmHWM are rounded
 * to whole MiB, because Linux adds them up in batches and may lag by 64 pages a thread (Faultline does not).
 * VmExe is fixed when the program is loaded; here it is held against the row of the program's text. */
#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/demo.h"
#include "lib/look.h"

enum { PEAK, SIZE, HWM, RSS, DATA, STACK, EXE, LIBRARY, FIELDS };

static const char *const names[FIELDS] = {"VmPeak", "VmSize", "VmHWM", "VmRSS",
                                          "VmData", "VmStk",  "VmExe", "VmLib"};
static long before[FIELDS];

static void read_fields(long *values)
{
    for (int i = 0; i < FIELDS; i++)
        values[i] = look_status_kb(names[i]);
}

static long whole_mib(long kb)
{
    return kb < 0 ? -whole_mib(-kb) : (kb + 512) / 1024;
}

static void show_field(int field, long change)
{
    if ((field == HWM || field == RSS) && !demo_exact) {
        if (whole_mib(change))
            printf("  %s %+ld MiB", names[field], whole_mib(change));
    } else if (change) {
        printf("  %s %+ld kB", names[field], change);
    }
}

/* Prints what has changed since the last call. */
static void show(const char *what)
{
    long now[FIELDS];

    read_fields(now);
    printf("  %s\n    ", what);
    for (int i = 0; i < FIELDS; i++)
        show_field(i, now[i] - before[i]);
    putchar('\n');
    memcpy(before, now, sizeof(now));
}

static char *map_region(size_t bytes, int protection, int kind)
{
    char *region = mmap(NULL, bytes, protection, kind | MAP_ANONYMOUS, -1, 0);

    if (region == MAP_FAILED) {
        printf("  (the kernel refuses this one)\n");
        return NULL;
    }
    return region;
}

static void unmap_region(char *region, size_t bytes)
{
    if (region)
        munmap(region, bytes);
}

/* Touches the address 1 MiB below the start of the stack's row. Room is made for it first, so that the
 * address belongs to this function's own variables. */
static __attribute__((noinline)) void grow_stack(void)
{
    struct map_row row;
    char here = 0, *lowest;
    void *room;

    if (!look_row(&here, &row))
        return;
    lowest = (char *)(uintptr_t)(row.start - MIB);
    room = alloca((size_t)(&here - lowest) + PAGE_SIZE);
    __asm__ volatile("" : : "r"(room));
    *(volatile char *)lowest = 1;
}

static void show_text(void)
{
    struct map_row row;

    if (!look_row((const void *)(uintptr_t)&grow_stack, &row))
        return;
    printf(
        "  VmExe was fixed when the program was loaded\n      it is the size of the program's row %s: %s\n",
        row.perms, (row.end - row.start) / KIB == (unsigned long)look_status_kb("VmExe") ? "yes" : "NO");
    if (demo_exact)
        printf("      VmExe %ld kB, the row %lu kB\n", look_status_kb("VmExe"), (row.end - row.start) / KIB);
}

int main(int argc, char **argv)
{
    char *reserved, *data, *shared, *code, *ground;

    demo_start(argc, argv, "one mover for each line of /proc/self/status", "");
    putchar('\n');
    ground =
        map_region(2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE); /* now VmPeak = VmSize, VmHWM = VmRSS */
    if (ground)
        touch_write(ground, 2 * MIB / PAGE_SIZE);
    read_fields(before);

    reserved = map_region(16 * MIB, PROT_NONE, MAP_PRIVATE);
    show("mmap 16 MiB that nobody may touch (PROT_NONE)");
    shared = map_region(8 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED);
    show("mmap 8 MiB, writable, shared");
    data = map_region(8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    show("mmap 8 MiB, writable, private");
    if (data)
        touch_write(data, 4 * MIB / PAGE_SIZE);
    show("write to 4 MiB of them");
    unmap_region(data, 8 * MIB);
    show("munmap these 8 MiB: the peaks stay");
    grow_stack();
    show("use 1 MiB of stack more");
    code = map_region(64 * KIB, PROT_READ | PROT_EXEC, MAP_PRIVATE);
    show("mmap 64 KiB, executable");
    show_text();
    unmap_region(reserved, 16 * MIB);
    unmap_region(shared, 8 * MIB);
    unmap_region(code, 64 * KIB);
    unmap_region(ground, 2 * MIB);

    demo_article("VmSize counts untouched and shared memory too; VmRSS leaves swap out; VmData is said to be "
                 "inaccurate.");
    demo_here("each line moved by its own cause, to the kB; VmPeak and VmHWM only ever go up.");
    demo_why("VmSize, VmData, VmStk, VmExe and VmLib add up promises by kind; VmRSS counts frames. "
             "VmData is exact, but virtual. VmLib is any executable region that is not the program's "
             "text.");
    return 0;
}
