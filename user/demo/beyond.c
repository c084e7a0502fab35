/* SPDX-License-Identifier: MIT */
/* beyond - more memory than the machine has.
 *
 * Three times MemTotal (or as much as memory and swap hold; -n MiB: another amount) is asked for, every word
 * of every page is written, no two pages alike, and all of it is read back and checked. What does not fit
 * into frames waits in swap: VmSwap counts it, and what is resident and what is swapped together are what was
 * written, page for page.
 *
 * Without swap there is no beyond: then the same steps are shown with 16 MiB, which stay resident. So it is,
 * too, where there is so much memory that using it up would be rude. How much is in swap at a moment is each
 * kernel's own choice; so Linux and Faultline print the same only where nothing is swapped. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/demo.h"
#include "lib/look.h"

#define QUARTERS 4
#define SMALL (16 * MIB)
#define MUCH_MEMORY (2 * GIB) /* a machine with more is somebody's: only -n uses it up */
#define WORDS (PAGE_SIZE / sizeof(uint64_t))

static struct {
    unsigned long memory, swap, swap_free; /* bytes */
} machine;

static unsigned long meminfo(const char *field)
{
    long kb = look_meminfo_kb(field);

    return kb > 0 ? (unsigned long)kb * KIB : 0;
}

/* A quarter of the free swap is left to others. */
static unsigned long what_fits(void)
{
    unsigned long fits = meminfo("MemAvailable") + machine.swap_free / 4 * 3;

    return fits < 3 * machine.memory ? fits : 3 * machine.memory;
}

static void say_machine(bool amount_given)
{
    if (machine.swap == 0) {
        printf("  there is no swap: scripts/guest --swap 512 beyond, or make run\n");
        return;
    }
    printf("  this machine has %lu MiB of memory and %lu MiB of swap\n", machine.memory / MIB,
           machine.swap / MIB);
    if (machine.memory > MUCH_MEMORY && !amount_given)
        printf("  so much memory is used up only on demand: -n MiB says how much to write\n");
}

/* => the bytes to write when nobody says how many */
static unsigned long usual_amount(void)
{
    return machine.swap == 0 || machine.memory > MUCH_MEMORY ? SMALL : what_fits();
}

/* Whole MiB a quarter, so that every step has a round name. */
static unsigned long whole_quarters(unsigned long bytes)
{
    const unsigned long step = QUARTERS * MIB;

    return bytes < step ? step : bytes / step * step;
}

/* ---- what is in a page ---- */

/* The first word of a page, from its number: splitmix64's finalizer, so that neighbours are not alike. */
static uint64_t page_seed(size_t number)
{
    uint64_t value = number + 0x9e3779b97f4a7c15;

    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

/* From a word of a page to the next. */
static uint64_t next_word(uint64_t value)
{
    return value + 0x9e3779b97f4a7c15;
}

static void page_write(uint64_t *page, size_t number)
{
    uint64_t value = page_seed(number);

    for (size_t word = 0; word < WORDS; word++, value = next_word(value))
        page[word] = value;
}

static bool page_right(const uint64_t *page, size_t number)
{
    uint64_t value = page_seed(number);

    for (size_t word = 0; word < WORDS; word++, value = next_word(value)) {
        if (page[word] != value)
            return false;
    }
    return true;
}

/* ---- what is seen ---- */

static long whole_mib(long kb)
{
    return kb < 0 ? -whole_mib(-kb) : (kb + 512) / 1024;
}

static struct memory_sum row_of(const void *address)
{
    unsigned long at = (unsigned long)(uintptr_t)address;
    struct memory_sum sum;

    look_memory(at, at + 1, &sum);
    return sum;
}

static void show_whole_process(void)
{
    if (demo_exact)
        printf("          (VmRSS %ld kB, VmSwap %ld kB; MemFree %ld kB, SwapFree %ld kB)\n",
               look_status_kb("VmRSS"), look_status_kb("VmSwap"), look_meminfo_kb("MemFree"),
               look_meminfo_kb("SwapFree"));
}

/* `held_before` is what the row held, resident or in swap, before the first write. => its kB in swap */
static unsigned long show_quarter(const void *start, size_t pages, unsigned long held_before)
{
    struct memory_sum row = row_of(start);
    unsigned long held = row.rss + row.swap - held_before;

    printf("  %6zu MiB %6ld MiB %6ld MiB   resident + swapped = written: %s\n", pages * PAGE_SIZE / MIB,
           whole_mib((long)row.rss), whole_mib(look_status_kb("VmSwap")),
           held * KIB == pages * PAGE_SIZE ? "yes" : "NO");
    show_whole_process();
    return row.swap;
}

static unsigned long write_all(uint64_t *start, size_t pages)
{
    struct memory_sum before = row_of(start);
    unsigned long swapped = 0;

    demo_head("every page is written");
    printf("  %10s %10s %10s\n", "written", "resident", "VmSwap");
    for (size_t page = 0; page < pages; page++) {
        page_write(start + page * WORDS, page);
        if ((page + 1) % (pages / QUARTERS) == 0)
            swapped = show_quarter(start, page + 1, before.rss + before.swap);
    }
    return swapped;
}

static bool read_all(const uint64_t *start, size_t pages)
{
    long faults = look_major_faults();
    size_t right = 0;

    demo_head("every page is read back, in the same order");
    for (size_t page = 0; page < pages; page++)
        right += page_right(start + page * WORDS, page);
    printf("  %zu of %zu pages are as they were written; that took %ld major faults\n", right, pages,
           look_major_faults() - faults);
    show_whole_process();
    return right == pages;
}

static void show_row(const void *start)
{
    struct memory_sum row = row_of(start);

    demo_head("its row in /proc/self/smaps");
    printf("  Size %ld MiB, Rss %ld MiB, Swap %ld MiB\n", whole_mib((long)row.size), whole_mib((long)row.rss),
           whole_mib((long)row.swap));
    if (demo_exact)
        printf("          (Size %lu kB, Rss %lu kB, Swap %lu kB)\n", row.size, row.rss, row.swap);
}

static void say_closing(unsigned long amount, unsigned long swapped_kb)
{
    demo_article("a program can use far more than the physical memory.");
    if (swapped_kb)
        demo_here(
            "%lu MiB were written, where the machine has %lu MiB of memory. %ld MiB of them were in swap "
            "then, and VmSwap counted them; all were read back.",
            amount / MIB, machine.memory / MIB, whole_mib((long)swapped_kb));
    else
        demo_here("nothing was swapped: all that was written stayed resident. %s",
                  machine.swap ? "There were frames enough."
                               : "Where there is no swap it has nowhere else to be.");
    demo_why(
        "a page that was not used for long can be written to swap, and its frame given to another one. "
        "The entry in the page table then says where the page lies; at the next touch the kernel reads it "
        "back (a major fault), and the instruction runs again.");
}

int main(int argc, char **argv)
{
    unsigned long amount, swapped;
    long size_before, swap_before;
    char *block;
    uint64_t *start;
    bool right;

    demo_start(argc, argv, "more memory than the machine has", "[-n MiB]");
    machine.memory = meminfo("MemTotal");
    machine.swap = meminfo("SwapTotal");
    machine.swap_free = meminfo("SwapFree");
    putchar('\n');
    say_machine(demo_option(argc, argv, "-n"));
    amount = whole_quarters(demo_number(argc, argv, "-n", usual_amount() / MIB) * MIB);

    demo_head("malloc(%lu MiB)", amount / MIB);
    size_before = look_status_kb("VmSize");
    swap_before = look_status_kb("VmSwap");
    block = demo_opaque(
        malloc(amount + PAGE_SIZE)); /* malloc's header lies before it: our pages begin behind that */
    if (!block) {
        printf("  = NULL: this kernel refuses to promise so much (/proc/sys/vm/overcommit_memory)\n");
        return 0;
    }
    start = (uint64_t *)(((uintptr_t)block + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
    printf("  VmSize %+ld MiB, resident %+ld MiB: a promise\n",
           whole_mib(look_status_kb("VmSize") - size_before), whole_mib((long)row_of(start).rss));

    swapped = write_all(start, amount / PAGE_SIZE);
    right = read_all(start, amount / PAGE_SIZE);
    show_row(start);

    demo_head("free");
    free(block);
    printf("  VmSize %+ld MiB, VmSwap %+ld MiB against the start; SwapFree %+ld MiB\n",
           whole_mib(look_status_kb("VmSize") - size_before),
           whole_mib(look_status_kb("VmSwap") - swap_before),
           whole_mib(look_meminfo_kb("SwapFree") - (long)(machine.swap_free / KIB)));
    show_whole_process();
    say_closing(amount, swapped);
    return right ? 0 : 1;
}
