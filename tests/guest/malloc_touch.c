/* SPDX-License-Identifier: MIT */
/* malloc_touch - malloc and calloc promise; the touch pays. Pages with a frame are counted by mincore. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MIB ((size_t)1 << 20)
#define PAGE ((size_t)4096)

static unsigned char present[64 * 256 + 2];

/* Pages of [p, p + bytes) that have a frame, the pages of both ends included. */
static size_t resident(uintptr_t p, size_t bytes)
{
    uintptr_t start = p & ~(PAGE - 1);
    size_t pages = (p + bytes - start + PAGE - 1) / PAGE;
    size_t count = 0;

    if (mincore((void *)start, pages * PAGE, present) != 0)
        return SIZE_MAX;
    for (size_t i = 0; i < pages; i++)
        count += present[i] & 1;
    return count;
}

static void show(const char *what, uintptr_t p, size_t bytes)
{
    printf("%s: %zu of %zu pages\n", what, resident(p, bytes), (bytes + PAGE - 1) / PAGE);
}

static void touch(char *p, size_t pages)
{
    for (size_t i = 0; i < pages; i++)
        p[i * PAGE] = 1;
}

int main(void)
{
    char *p = malloc(64 * MIB);
    uintptr_t address = (uintptr_t)p;

    show("malloc(64 MiB)", address, 64 * MIB);
    touch(p + PAGE, 100);
    show("100 pages touched", address, 64 * MIB);
    free(p);

    p = calloc(64, MIB);
    address = (uintptr_t)p;
    show("calloc(64 MiB), mapped", address, 64 * MIB);
    free(p);

    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    p = calloc(8, MIB);
    address = (uintptr_t)p;
    show("calloc(8 MiB), from the heap", address, 8 * MIB);
    memset(p, 0xff, 8 * MIB);
    show("all written", address, 8 * MIB);

    char *end = malloc(1); /* holds the break up */

    free(p);
    show("freed under a live block", address, 8 * MIB);
    char *again = calloc(1, 8 * MIB);
    size_t wrong = 0;

    for (size_t i = 0; i < 8 * MIB; i++)
        wrong += again[i] != 0;
    printf("calloc of the same place: %s, %zu bytes not zero\n",
           (uintptr_t)again == address ? "reused" : "another", wrong);
    free(again);
    free(end);
    return 0;
}
