/* SPDX-License-Identifier: MIT */
/* malloc_random - 200 000 random operations; every block's contents are verified when it goes or moves. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 500
#define OPERATIONS 200000

static struct {
    unsigned char *bytes;
    size_t size;
} slots[SLOTS];
static uint64_t state = 88172645463325252u;
static unsigned long wrong, taken, resized, freed;

static size_t below(size_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 16) % limit;
}

static size_t some_size(void)
{
    return below(below(500) == 0 ? 300000 : below(20) == 0 ? 8000 : 200) + 1;
}

static void verify(int i, size_t size)
{
    for (size_t k = 0; k < size; k++)
        wrong += slots[i].bytes[k] != (unsigned char)(i + (int)k);
}

static void fill(int i)
{
    for (size_t k = 0; k < slots[i].size; k++)
        slots[i].bytes[k] = (unsigned char)(i + (int)k);
}

static void take(int i)
{
    slots[i].size = some_size();
    slots[i].bytes = below(8) ? malloc(slots[i].size) : memalign((size_t)32 << below(8), slots[i].size);
    if (!slots[i].bytes || (uintptr_t)slots[i].bytes % 16)
        abort();
    fill(i);
    taken++;
}

static void resize(int i)
{
    size_t old_size = slots[i].size;

    slots[i].size = some_size();
    slots[i].bytes = realloc(slots[i].bytes, slots[i].size);
    if (!slots[i].bytes)
        abort();
    verify(i, old_size < slots[i].size ? old_size : slots[i].size);
    fill(i);
    resized++;
}

static void drop(int i)
{
    verify(i, slots[i].size);
    free(slots[i].bytes);
    slots[i].bytes = NULL;
    freed++;
}

int main(void)
{
    for (int operation = 0; operation < OPERATIONS; operation++) {
        int i = (int)below(SLOTS);

        if (!slots[i].bytes)
            take(i);
        else if (below(4) == 0)
            resize(i);
        else
            drop(i);
    }
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].bytes)
            drop(i);
    printf("%lu taken, %lu resized, %lu freed, %lu bytes wrong\n", taken, resized, freed, wrong);
    printf("mapped blocks left: %zu\n", mallinfo2().hblks);
    return wrong != 0;
}
