/* SPDX-License-Identifier: MIT */
/* bug-uninit - memory that is read before it was written.
 *
 * Fresh from the kernel every page is zero, so a first run seems to work. Memory that was used and freed
 * comes back with what was in it: the second malloc of a size often gets the block of the first. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/demo.h"

#define BYTES 64
#define SECRET "password: tell nobody, and nobody will know, not even the next one"

static size_t count_zeroes(const char *block, size_t bytes)
{
    size_t zeroes = 0;

    for (size_t i = 0; i < bytes; i++)
        zeroes += block[i] == 0;
    return zeroes;
}

static void print_text(const char *what, const char *block)
{
    printf("  %s\n    \"", what);
    for (size_t i = 0; i < BYTES - 1; i++)
        putchar(isprint((unsigned char)block[i]) ? block[i] : '.');
    printf("\"\n");
}

static void show_large(void)
{
    char *block = demo_opaque(malloc(MIB));

    if (!block)
        return;
    printf("  malloc(1 MiB), fresh from the kernel: %zu of %lu bytes are zero\n", count_zeroes(block, MIB),
           MIB);
    memset(demo_opaque(block), 'x', MIB);
    free(block);
}

static void show_small(void)
{
    char *first = demo_opaque(malloc(BYTES)), *second;
    unsigned long place = (unsigned long)first;

    if (!first)
        return;
    memcpy(first, SECRET, BYTES);
    print_text("written to the first block:", first);
    demo_opaque(first);
    free(first);
    second = demo_opaque(malloc(BYTES));
    if (!second)
        return;
    printf("  malloc(64) again: %s\n", (unsigned long)second == place ? "the same block" : "another block");
    print_text("read before anything is written:", second);
    free(second);

    second = demo_opaque(calloc(1, BYTES));
    if (second)
        printf("  calloc(1, 64): %zu of %d bytes are zero\n", count_zeroes(second, BYTES), BYTES);
    free(second);
}

int main(int argc, char **argv)
{
    demo_start(argc, argv, "memory read before it was written", "");
    demo_head("fresh memory");
    show_large();
    demo_head("memory that was used before");
    show_small();

    demo_article("malloc does not initialise: what is read before it was written is undefined.");
    demo_here("zeroes when the page came from the kernel, somebody's old bytes when it came from "
              "malloc's lists.");
    demo_why("the kernel clears frames so that no process sees another's data. Inside one process nobody "
             "clears anything. So the error hides until the program has run for a while. calloc clears.");
    return 0;
}
