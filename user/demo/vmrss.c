/* SPDX-License-Identifier: MIT */
/* vmrss - a gibibyte that costs nothing.
 *
 * malloc(1 GiB) adds 1 GiB to VmSize and nothing to what is resident: the kernel has promised a region and
 * given no frame. The first write to a page adds exactly one page and one minor fault. free takes all back.
 * "All pages that fit" means half of what /proc/meminfo calls available, at most the whole gibibyte. `vmrss -modes`
 * asks for the gibibyte in each of the kernel's three overcommit modes (it sets the mode of the whole machine, and
 * puts it back). */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/demo.h"
#include "lib/look.h"

static long size_at_start;

/* One line of the table. VmSize is told as the change since the start; resident is the malloc's own row. */
static void show_step(const char *step, unsigned long resident_kb, long faults)
{
    long grown = look_status_kb("VmSize") - size_at_start;

    printf("  %-26s  %+11ld kB  %9lu kB  %7ld\n", step, grown, resident_kb, faults);
}

static void show_whole_process(void)
{
    if (demo_exact)
        printf("  (whole process: VmSize %ld kB, VmRSS %ld kB, page tables %ld kB)\n",
               look_status_kb("VmSize"), look_status_kb("VmRSS"), look_status_kb("VmPTE"));
}

static size_t pages_that_fit(size_t pages)
{
    long available = look_meminfo_kb("MemAvailable");
    size_t fit = available > 0 ? (size_t)available * KIB / 2 / PAGE_SIZE : 0;

    return fit < pages ? fit : pages;
}

/* How many pages fit depends on the machine: so the count is said only where exact numbers are wanted. */
static void touch_all_that_fit(char *block, size_t pages_in_block, unsigned long resident_before)
{
    size_t pages = pages_that_fit(pages_in_block);
    size_t left = pages > 100 ? pages - 100 : 0;
    long faults = touch_write(block + 100 * PAGE_SIZE, left);
    unsigned long grown = look_resident_kb(block) - resident_before;

    if (demo_exact) {
        show_step("touch all that fit", resident_before + grown, faults);
        printf("  (%zu pages touched now, %lu resident more, %ld faults)\n", left, grown * KIB / PAGE_SIZE,
               faults);
    } else {
        printf("  %-26s  resident = touched: %s, faults = touched: %s\n", "touch all that fit",
               grown * KIB / PAGE_SIZE == left ? "yes" : "NO", (size_t)faults == left ? "yes" : "NO");
    }
}

#define OVERCOMMIT "/proc/sys/vm/overcommit_memory"

static bool set_mode(char mode)
{
    int fd = open(OVERCOMMIT, O_WRONLY);
    bool done = fd >= 0 && write(fd, &mode, 1) == 1;

    close(fd);
    return done;
}

static char mode_now(void)
{
    char mode = '?';
    int fd = open(OVERCOMMIT, O_RDONLY);

    if (read(fd, &mode, 1) != 1)
        mode = '?';
    close(fd);
    return mode;
}

static void show_modes(void)
{
    static const char *const names[] = {"guess", "always", "strict"};
    char before = mode_now();

    demo_head("may a promise be larger than the memory? (" OVERCOMMIT ")");
    for (char mode = '0'; mode <= '2'; mode++) {
        if (!set_mode(mode)) {
            printf("  the mode cannot be set here\n");
            break;
        }
        void *block = demo_opaque(malloc(GIB));
        printf("  mode %c, %-6s  malloc(1 GiB) %s\n", mode, names[mode - '0'],
               block ? "succeeds" : "= NULL: it is refused");
        free(block);
    }
    set_mode(before);
}

int main(int argc, char **argv)
{
    char *block, *first_page;
    unsigned long resident;
    long faults;

    demo_start(argc, argv, "malloc(1 GiB) is a promise; the touch keeps it", "[-modes]");
    if (demo_option(argc, argv, "-modes")) {
        show_modes();
        return 0;
    }
    printf("\n  %-26s  %14s  %12s  %7s\n", "step", "VmSize", "resident", "faults");
    size_at_start = look_status_kb("VmSize");
    show_step("start", 0, 0);

    demo_mark("malloc(1 GiB)");
    block = demo_opaque(malloc(GIB));
    if (!block) {
        printf("  malloc(1 GiB) = NULL: this kernel refuses to promise more than it has\n");
        demo_article("malloc of 1 GiB succeeds, only 404 KB are resident.");
        demo_here("refused at once. /proc/sys/vm/overcommit_memory is 0 (guess) or 2 (strict).");
        demo_why("whether a promise may be larger than the memory is the kernel's choice; mode 1 always "
                 "allows.");
        return 0;
    }
    /* malloc writes its header into the block's first page: our own pages begin behind it. */
    first_page = (char *)(((uintptr_t)block + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
    resident = look_resident_kb(block);
    show_step("malloc(1 GiB)", resident, 0);
    show_whole_process();

    demo_mark("read 1 page");
    faults = touch_read(first_page, 1);
    show_step("read 1 page", look_resident_kb(block), faults);
    demo_mark("touch 1 page");
    faults = touch_write(first_page, 1);
    show_step("touch 1 page", look_resident_kb(block), faults);
    demo_mark("touch 100 pages (99 more)");
    faults = touch_write(first_page + PAGE_SIZE, 99);
    show_step("touch 100 pages (99 more)", look_resident_kb(block), faults);
    demo_mark("touch the same 100 again");
    faults = touch_write(first_page, 100);
    show_step("touch the same 100 again", look_resident_kb(block), faults);
    demo_mark("touch all that fit");
    touch_all_that_fit(first_page, (size_t)(block + GIB - first_page) / PAGE_SIZE, look_resident_kb(block));
    show_whole_process();
    demo_mark("free");
    free(block);
    show_step("free", 0, 0);

    demo_article("after malloc of 1 GiB the process has 404 KB resident.");
    demo_here("after malloc %lu kB of the gibibyte are resident: malloc's own header. The 404 KB were "
              "the program and its C library, not the malloc.",
              resident);
    demo_why("malloc asks for addresses; the first write to a page faults, and only then is there a "
             "frame. Reading maps the one shared page of zeroes: a fault, but nothing resident.");
    return 0;
}
