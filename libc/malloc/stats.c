/* SPDX-License-Identifier: MIT */
/* stats.c - the numbers that can be read: mallinfo, mallinfo2, malloc_stats, malloc_info. Each call counts anew. */
#include "interface.h"

#include <errno.h>
#include <stdio.h>

#include "inspect.h"

static int count_block(const struct heap_block *block, void *context)
{
    struct mallinfo2 *info = context;

    if (block->state == HEAP_MAPPED) {
        info->hblks++;
        info->hblkhd += block->size;
        return 0;
    }
    info->arena += block->size;
    if (block->state == HEAP_USED)
        info->uordblks += block->size;
    if (block->state == HEAP_TOP)
        info->keepcost = block->size;
    if (block->state == HEAP_TOP || block->state == HEAP_FREE) {
        info->ordblks++;
        info->fordblks += block->size;
    }
    return 0;
}

struct mallinfo2 mallinfo2(void)
{
    struct mallinfo2 info = {.arena = 0};

    heap_walk(count_block, &info);
    return info;
}

/* Wraps at 2 GiB, as everywhere: its fields are int. */
struct mallinfo mallinfo(void)
{
    struct mallinfo2 wide = mallinfo2();

    return (struct mallinfo){
        .arena = (int)wide.arena,
        .ordblks = (int)wide.ordblks,
        .hblks = (int)wide.hblks,
        .hblkhd = (int)wide.hblkhd,
        .uordblks = (int)wide.uordblks,
        .fordblks = (int)wide.fordblks,
        .keepcost = (int)wide.keepcost,
    };
}

/* glibc's form, on standard error. */
void malloc_stats(void)
{
    struct mallinfo2 info = mallinfo2();

    fprintf(stderr, "Arena 0:\nsystem bytes     = %10zu\nin use bytes     = %10zu\n", info.arena,
            info.uordblks);
    fprintf(stderr, "Total (incl. mmap):\nsystem bytes     = %10zu\nin use bytes     = %10zu\n",
            info.arena + info.hblkhd, info.uordblks + info.hblkhd);
    fprintf(stderr, "mmap regions     = %10zu\nmmap bytes       = %10zu\n", info.hblks, info.hblkhd);
}

/* The totals of glibc's XML; there are no options. */
int malloc_info(int options, FILE *stream)
{
    struct mallinfo2 info = mallinfo2();

    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    fprintf(stream, "<malloc version=\"1\">\n<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n",
            info.ordblks, info.fordblks);
    fprintf(stream, "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n", info.hblks, info.hblkhd);
    fprintf(stream, "<system type=\"current\" size=\"%zu\"/>\n</malloc>\n", info.arena);
    return 0;
}
