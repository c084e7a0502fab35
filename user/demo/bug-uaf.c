/* SPDX-License-Identifier: MIT */
/* bug-uaf - memory that is used after it was freed.
 *
 * A small block stays in the heap: reading it after free works, and gives old bytes or malloc's own links.
 * The next malloc of that size gets the same block, and then two owners write to one place. A large block had
 * its own mapping, which free has removed: reading it is a segmentation fault, done in a child. `bug-uaf
 * -here` lets this very process die of that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/child.h"
#include "lib/demo.h"

#define SMALL 64
#define LARGE (256 * KIB)

/* Frees a block and gives back a pointer to it that the compiler does not recognise as freed. */
static char *freed(char *block)
{
    char *stale = demo_opaque(block);

    free(block);
    return stale;
}

static void use_small(void *unused)
{
    char *order = demo_opaque(malloc(SMALL)), *stale, *letter;

    (void)unused;
    if (!order)
        return;
    strcpy(order, "................................pay 10 to Ada");
    stale = freed(order);
    printf("  after free, byte 32 on still reads: \"%.13s\"\n", stale + 32);
    letter = demo_opaque(malloc(SMALL));
    if (!letter)
        return;
    printf("  the next malloc(%d) gets %s\n", SMALL,
           letter == stale ? "the same block: two owners" : "another block");
    strcpy(letter, "................................dear Bob, ...");
    printf("  the first owner now reads:          \"%.13s\"\n", stale + 32);
    free(letter);
}

static void read_large(void *unused)
{
    char *block = demo_opaque(malloc(LARGE)), *stale;

    (void)unused;
    if (!block)
        return;
    memset(block, 'x', LARGE);
    stale = freed(block);
    (void)*(volatile char *)(stale + LARGE / 2);
}

int main(int argc, char **argv)
{
    struct verdict verdict, small;

    demo_start(argc, argv, "memory used after free", "[-here]");
    if (demo_option(argc, argv, "-here"))
        read_large(NULL);
    demo_head("a small block, in a child");
    child_try(use_small, NULL, &small);
    printf("  %s\n", verdict_text(&small));
    demo_head("a block of 256 KiB, in a child");
    child_try(read_large, NULL, &verdict);
    printf("  %s\n", verdict_text(&verdict));

    demo_article("a pointer that is used after free reads or destroys what is not its own any more.");
    demo_here("small: %s. Large: %s.",
              small.signal ? signal_words(small.signal) : "no word from anyone, whoever owns the block now",
              verdict.signal ? signal_words(verdict.signal) : "nothing happened either");
    demo_why("free of a small block mostly puts it on a list: its page stays mapped. free of a large one "
             "is munmap: the region is gone, and the next access finds none. Set the pointer to NULL "
             "after free.");
    return 0;
}
