/* SPDX-License-Identifier: MIT */
/* malloc_rows - what malloc and free do to the rows of /proc/self/maps: sizes and counts, no addresses.
 *
 * Nothing here uses stdio before the first look: its buffers could come from malloc. */
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char maps[1 << 16];

struct row {
    unsigned long start, end;
};

/* The row that holds `address`, or (address 0) the heap; all zero: no such row. */
static struct row row_of(uintptr_t address)
{
    int file = open("/proc/self/maps", O_RDONLY);
    size_t length = 0;
    ssize_t got;

    while ((got = read(file, maps + length, sizeof(maps) - 1 - length)) > 0)
        length += (size_t)got;
    close(file);
    maps[length] = 0;
    for (char *line = maps; *line; line = strchr(line, '\n') + 1) {
        char *after;
        unsigned long start = strtoul(line, &after, 16);
        unsigned long end = strtoul(after + 1, &after, 16);
        const char *heap = strstr(line, "[heap]");

        if (address ? start <= address && address < end : heap && heap < strchr(line, '\n'))
            return (struct row){start, end};
    }
    return (struct row){0, 0};
}

static unsigned long row_bytes(uintptr_t address)
{
    struct row row = row_of(address);

    return row.end - row.start;
}

static unsigned long heap_kib(void)
{
    return row_bytes(0) / 1024;
}

/* A neighbour of the same kind makes one row with it: ours is told by what the row grows or shrinks by. */
static void own_mapping(size_t bytes)
{
    void *p = malloc(bytes);
    uintptr_t address = (uintptr_t)p;
    unsigned long row = row_bytes(address);
    int in_heap = row_of(address).start == row_of(0).start;

    free(p);
    printf("malloc(%zu): %s the heap, %lu KiB of its row are gone after free\n", bytes,
           in_heap ? "in" : "outside", in_heap ? 0 : (row - row_bytes(address)) / 1024);
}

int main(void)
{
    unsigned long before = heap_kib();
    char *p = malloc(1);
    unsigned long after = heap_kib();
    size_t offset = (uintptr_t)p & 0xfff;

    free(p);

    unsigned long freed = heap_kib();

    printf("heap: %lu KiB, after malloc(1) %lu, after free %lu; the pointer at +0x%zx\n", before, after,
           freed, offset);
    own_mapping(128 * 1024 - 1);
    own_mapping(128 * 1024);
    own_mapping(1000 * 1000);

    char *blocks[40];

    for (int i = 0; i < 40; i++)
        blocks[i] = malloc(100000);
    printf("40 blocks of 100000: heap %lu KiB\n", heap_kib());
    for (int i = 0; i < 39; i++)
        free(blocks[i]);
    printf("all free but the last: heap %lu KiB\n", heap_kib());
    free(blocks[39]);
    printf("the last one too: heap %lu KiB\n", heap_kib());
    printf("malloc_trim(0) = %d", malloc_trim(0));
    printf(": heap %lu KiB\n", heap_kib());

    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TOP_PAD, 0);
    malloc_trim(0);
    p = malloc(100000 * sizeof(int));
    printf("int[100000] by brk alone: heap %lu KiB\n", heap_kib());

    void *mine = sbrk(1000);
    char *q = malloc(500000);

    printf("after a foreign sbrk: new block %s it\n", (uintptr_t)q > (uintptr_t)mine ? "above" : "below");
    memset(mine, 1, 1000);
    memset(q, 2, 500000);
    free(p);
    free(q);
    printf("heap is kept below it: %s\n", heap_kib() > 392 ? "yes" : "no");
    return 0;
}
