/* SPDX-License-Identifier: MIT */
/* bug-dfree - memory that is freed twice.
 *
 * The second free would put a block on the list of free blocks that is there already, or that has a new owner
 * by now. Good allocators notice and end the program; each case is tried in a child, whose last words go to
 * standard error. `bug-dfree -here` lets this very process die of the first. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/child.h"
#include "lib/demo.h"

static void free_twice(void *size)
{
    char *block = demo_opaque(malloc(*(size_t *)size));
    char *stale = demo_opaque(block);

    free(block);
    free(stale);
}

/* Between the two another block of the same kind is freed: this fools a check that only looks at the last
 * one. */
static void free_around(void *size)
{
    char *block = demo_opaque(malloc(*(size_t *)size));
    char *other = demo_opaque(malloc(*(size_t *)size));
    char *stale = demo_opaque(block);

    free(block);
    free(other);
    free(stale);
}

static void free_inside(void *size)
{
    char *block = demo_opaque(malloc(*(size_t *)size));

    free(demo_opaque(block + 16));
}

static int show(const char *what, void (*act)(void *), size_t size)
{
    struct verdict verdict;

    child_try(act, &size, &verdict);
    printf("  %-42s %s\n", what, verdict.signal ? signal_words(verdict.signal) : verdict_text(&verdict));
    return verdict.signal != 0;
}

int main(int argc, char **argv)
{
    size_t small = 64;
    int noticed = 0;

    demo_start(argc, argv, "memory freed twice", "[-here]");
    putchar('\n');
    if (demo_option(argc, argv, "-here"))
        free_twice(&small);
    noticed += show("free(p); free(p), 64 bytes", free_twice, 64);
    noticed += show("free(p); free(q); free(p), 64 bytes", free_around, 64);
    noticed += show("free(p); free(p), 4000 bytes", free_twice, 4000);
    noticed += show("free(p); free(p), 256 KiB", free_twice, 256 * KIB);
    noticed += show("free(p + 16): not what malloc gave", free_inside, 64);

    demo_article("freeing twice corrupts malloc's lists; the program crashes now, later or never.");
    demo_here("%d of 5 were noticed at once by this C library.", noticed);
    demo_why("the header before the block says \"free\" already, or the block lies on a list, or no "
             "header is there. Who checks that at each free ends the program at the error and not hours "
             "later.");
    return 0;
}
