/* SPDX-License-Identifier: MIT */
/* protect - a page made read-only, then written to.
 *
 * mprotect changes the permissions of pages: the region is split at their edges, and joined again when the
 * permissions are alike. A child that writes to a read-only page gets SIGSEGV with SEGV_ACCERR, "a region
 * that forbids this", and the exact address; after munmap the code is SEGV_MAPERR, "no region". */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define OFFSET 123

static char *pages;

static void write_there(void *address)
{
    *(volatile char *)address = 'w';
}

static void read_there(void *address)
{
    (void)*(volatile char *)address;
}

/* Only in the child: a hole here would be filled by the next mapping that anyone makes. */
static void unmap_and_write(void *address)
{
    munmap(pages + PAGE_SIZE, PAGE_SIZE);
    write_there(address);
}

static void try_one(const char *what, void (*act)(void *))
{
    char *target = pages + PAGE_SIZE + OFFSET;
    struct verdict verdict;

    child_try(act, target, &verdict);
    printf("  %-28s %s", what, verdict_text(&verdict));
    if (verdict.detailed)
        printf(", address: page 1 + %ld",
               (long)(verdict.address - (unsigned long)(uintptr_t)(pages + PAGE_SIZE)));
    putchar('\n');
}

int main(int argc, char **argv)
{
    char *middle;

    demo_start(argc, argv, "a page that may not be written", "");
    look_remember();
    pages = mmap(NULL, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return 1;
    middle = pages + PAGE_SIZE;
    demo_head("three pages, read and write");
    look_show_changes();
    middle[OFFSET] = 'x';
    try_one("write to page 1", write_there);

    demo_head("page 1 is made read-only");
    mprotect(middle, PAGE_SIZE, PROT_READ);
    look_show_changes();
    try_one("read from page 1", read_there);
    try_one("write to page 1", write_there);
    printf("  what was there before is still there: %c\n", middle[OFFSET]);

    demo_head("page 1 is closed (PROT_NONE)");
    mprotect(middle, PAGE_SIZE, PROT_NONE);
    try_one("read from page 1", read_there);
    printf("  its frame stays: %lu kB resident\n", look_resident_kb(middle));

    demo_head("page 1 is opened again");
    mprotect(middle, PAGE_SIZE, PROT_READ | PROT_WRITE);
    look_show_changes();
    printf("  and holds what it held: %c\n", middle[OFFSET]);

    demo_head("a child unmaps page 1");
    try_one("write to page 1", unmap_and_write);
    munmap(pages, 3 * PAGE_SIZE);

    demo_article("mprotect makes a page read-only; writing to it ends the process.");
    demo_here("SIGSEGV both times, but SEGV_ACCERR while a region forbids it and SEGV_MAPERR when there "
              "is none.");
    demo_why("the PTE has one bit for \"may be written\" and one for \"present\". The CPU faults; the "
             "kernel looks the address up among the regions and says which of the two it was.");
    return 0;
}
