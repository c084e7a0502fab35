/* SPDX-License-Identifier: MIT */
/* malloc128k - a large request gets a mapping of its own.
 *
 * From about 128 KiB on malloc does not use the heap: it asks mmap for a region, which free gives back to the
 * kernel with munmap at once. The exact limit is looked for near 128 KiB. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define REQUEST (128 * KIB)

/* Runs in a child, so that every probe meets the library as it was at the start: glibc moves its limit when
 * such a block is freed. A mapping of its own adds a little more than the block to VmSize, the heap a round
 * amount. */
static void probe(void *argument)
{
    size_t bytes = *(size_t *)argument;
    long before = look_status_kb("VmSize");
    char *block = demo_opaque(malloc(bytes));
    long added = (look_status_kb("VmSize") - before) * (long)KIB;
    struct map_row row, heap;
    bool in_heap = look_row_named("[heap]", &heap) && look_row(block, &row) && row.start < heap.end &&
                   row.end > heap.start;

    _exit(!in_heap && added >= (long)bytes && added < (long)(bytes + 3 * PAGE_SIZE));
}

static bool gets_own_row(size_t bytes)
{
    struct verdict verdict;

    child_try(probe, &bytes, &verdict);
    return verdict.exit_status == 1;
}

/* => the smallest request that gets its own row, found by halving; 0 when there is none in this range */
static size_t find_limit(void)
{
    size_t small = 120 * KIB, large = 136 * KIB;

    if (gets_own_row(small) || !gets_own_row(large))
        return 0;
    while (large - small > 1) {
        size_t middle = (small + large) / 2;

        if (gets_own_row(middle))
            large = middle;
        else
            small = middle;
    }
    return large;
}

static void show_limit(size_t limit)
{
    demo_head("where is the limit?");
    if (limit)
        printf("  as first request %zu bytes come from the heap, %zu get their own row\n", limit - 1, limit);
    else
        printf("  between 120 and 136 KiB nothing changes: this C library has other rules\n");
}

int main(int argc, char **argv)
{
    struct map_row row;
    long size_before, grown, left;
    size_t limit;
    char *block;

    demo_start(argc, argv, "malloc(128 KiB) is a row of its own", "");
    limit = find_limit();
    look_remember();
    size_before = look_status_kb("VmSize");

    demo_head("p = malloc(128 KiB)");
    block = demo_opaque(malloc(REQUEST));
    if (!block) {
        printf("  malloc(128 KiB) = NULL\n");
        return 1;
    }
    look_show_changes();
    grown = look_status_kb("VmSize") - size_before;
    printf("  VmSize %+ld kB\n", grown);
    if (look_row(block, &row))
        printf("  the pointer lies 0x%lx bytes into its row\n", (unsigned long)(uintptr_t)block - row.start);

    demo_head("free(p)");
    free(block);
    look_show_changes();
    left = look_status_kb("VmSize") - size_before;
    printf("  VmSize %+ld kB against the start\n", left);
    show_limit(limit);

    demo_article("from 128 KiB on malloc uses mmap; free gives the region back (its message says \"128 "
                 "bytes\").");
    demo_here("VmSize %+ld kB by malloc, %+ld kB by free%s.", grown, left - grown,
              grown ? "" : ": this libc's heap already had room for it");
    demo_why("a large hole in the heap would be hard to reuse and could not go back while something "
             "lives above it. glibc's limit is 131049 bytes at first (header and rounding count) and "
             "rises when such a block is freed; ours when eight were.");
    return 0;
}
