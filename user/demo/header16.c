/* SPDX-License-Identifier: MIT */
/* header16 - free(p) gets only a pointer: how does it know the size?
 *
 * The answer lies in the bytes before p. glibc, and our libc for more than 128 bytes, put a 16-byte header there: 8 bytes
 * for the chunk before, 8 bytes with this chunk's size and, in the low bits, flags (sizes are multiples of 16, so these
 * are free). While the chunk before is in use, its 8 bytes are its user's: only when it is free they hold its size. Ours
 * keeps a checksum in the top 16 bits of the size word. With `make MALLOC=list` both words always stand.
 * Or the answer lies elsewhere. Our blocks of up to 128 bytes have nothing in front of them: they lie in pages of equal
 * blocks, and a table has a record for each page. musl puts 4 bytes in front: the slot's number and where its group
 * begins; the size stands in the group's record. The program looks which of the three it has before it.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/demo.h"

#define SIZE_BITS 0x0000fffffffffff0UL /* without checksum and flags */

/* Only our libc has it: so the program knows whose blocks these are. */
extern const char *__malloc_heap_check(void) __attribute__((weak));

static const size_t requests[] = {1, 24, 25, 40, 1000, 100000, 200000};

static uint64_t word_before(const unsigned char *p, size_t distance)
{
    uint64_t word;

    memcpy(&word, p - distance, sizeof(word));
    return word;
}

/* A size word is plausible when it covers the request and not much more than a page beyond. */
static bool has_size_word(const unsigned char *p, size_t request)
{
    uint64_t size = word_before(p, 8) & SIZE_BITS;

    return size >= request + 8 && size < request + 2 * PAGE_SIZE;
}

static void show_bytes(const unsigned char *p)
{
    printf("    the 16 bytes before p:");
    for (int i = -16; i < 0; i++)
        printf("%s%02x", i == -8 ? "  " : " ", p[i]);
    putchar('\n');
}

static void show_size_word(const unsigned char *p)
{
    uint64_t word = word_before(p, 8);

    printf("    size word & 0x%lx = %lu bytes, flags %lu\n", SIZE_BITS, (unsigned long)(word & SIZE_BITS),
           (unsigned long)(word & 15));
}

static void show_slab(const unsigned char *p)
{
    size_t size = malloc_usable_size((void *)(uintptr_t)p);

    printf("    no size here: block %zu of a page of blocks of %zu bytes; the page's record knows\n",
           ((uintptr_t)p % PAGE_SIZE) / size, size);
}

static void show_slot(const unsigned char *p)
{
    unsigned offset;

    if (__malloc_heap_check) {
        show_slab(p);
        return;
    }

    offset = (unsigned)(p[-2] | p[-1] << 8);
    printf("    no size here: slot %u of a group that begins %u bytes below\n", p[-3] & 31u,
           16 * offset + 16);
}

static bool show_block(size_t request)
{
    unsigned char *p = demo_opaque(malloc(request));
    bool sized;

    if (!p) {
        printf("  malloc(%zu) = NULL\n", request);
        return false;
    }
    sized = has_size_word(p, request);
    printf("  p = malloc(%zu): %zu bytes usable, p is a multiple of 16: %s\n", request, malloc_usable_size(p),
           (uintptr_t)p % 16 ? "NO" : "yes");
    if (demo_exact || (!sized && !__malloc_heap_check)) /* ours are secret: they differ from run to run */
        show_bytes(p);
    if (sized)
        show_size_word(p);
    else
        show_slot(p);
    free(p);
    return sized;
}

int main(int argc, char **argv)
{
    bool sized = true;

    demo_start(argc, argv, "the bytes before the pointer", "");
    putchar('\n');
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        sized &= show_block(requests[i]);

    demo_article("free knows the size from the 16 bytes before the pointer.");
    if (__malloc_heap_check && !sized)
        demo_here(
            "so it is for more than 128 bytes: a size word with flags in its low bits lies 8 bytes before p. "
            "Smaller blocks have no header: free finds the record of the page that p points into, and there "
            "the size of all blocks of that page.");
    else if (sized)
        demo_here(
            "so it is: a size word with flags in its low bits lies 8 bytes before p. The 8 bytes before "
            "that hold the size of the chunk before, if it is free; a used one has them for itself, so "
            "24 of 32 bytes are usable.");
    else
        demo_here("this C library (musl) keeps 4 bytes before p: slot number and distance to the group's "
                  "record.");
    demo_why("free(p) takes no size, so malloc must find it from p alone: in front of it, or in a table "
             "that p leads to. Writing before p, or beyond the end of the block below it, destroys that.");
    return 0;
}
