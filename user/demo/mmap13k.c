/* SPDX-License-Identifier: MIT */
/* mmap13k - 13 * 1023 bytes, anonymous and private: what one gets is pages.
 *
 * mmap rounds 13 299 bytes up to four pages, 16 KiB. The row has no name. A second mapping of the same kind
 * is put directly below and the two become one row; a hole in the middle makes two rows again. */
#include <stdio.h>
#include <sys/mman.h>

#include "lib/demo.h"
#include "lib/look.h"

#define BYTES (13UL * 1023)
#define GOT ((BYTES + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE)

static char *map_some(int protection)
{
    char *mapping = mmap(NULL, BYTES, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mapping == MAP_FAILED ? NULL : mapping;
}

int main(int argc, char **argv)
{
    char *first, *second, *third;
    struct map_row row;

    demo_start(argc, argv, "13*1023 bytes become four pages", "");
    look_remember();

    demo_head("mmap of %lu bytes, read and write", BYTES);
    first = map_some(PROT_READ | PROT_WRITE);
    look_show_changes();
    if (!first || !look_row(first, &row))
        return 1;
    first[GOT - 1] = 1;
    printf("  byte %lu can be written too: it belongs to the last page\n", GOT - 1);
    printf("  the address is a multiple of 4096: %s; resident: %lu kB\n",
           (unsigned long)first % PAGE_SIZE ? "NO" : "yes", look_resident_kb(first));

    demo_head("the same again: directly below, and one row");
    second = map_some(PROT_READ | PROT_WRITE);
    look_show_changes();
    printf("  the second lies 0x%lx bytes below the first\n", (unsigned long)(first - second));

    demo_head("once more, read only: another kind, a row of its own");
    third = map_some(PROT_READ);
    look_show_changes();
    printf("  the third lies 0x%lx bytes below the second\n", (unsigned long)(second - third));

    demo_head("munmap of one page in the middle");
    munmap(second + PAGE_SIZE, PAGE_SIZE);
    look_show_changes();

    munmap(first, GOT);
    munmap(second, GOT);
    munmap(third, GOT);
    demo_article("mmap of 13*1023 bytes gives 16 KiB in the mapping area.");
    demo_here("%lu bytes asked for, %lu KiB given, without a name, high up below the stack.", BYTES,
              GOT / KIB);
    demo_why("the CPU knows pages of 4 KiB only. Neighbours of the same kind are kept as one region: "
             "less to search.");
    return 0;
}
