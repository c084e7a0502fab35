/* SPDX-License-Identifier: MIT */
/* bug-small - a buffer that is one byte too small.
 *
 * The classic: malloc(strlen(s)) and then strcpy, which writes one byte more, the NUL. malloc rounds up, so
 * mostly the byte falls into room that nobody uses and all seems well. When the request fills its chunk, the
 * byte falls into the bookkeeping of the next one. Each length is tried in a child; with MALLOC_CHECK_=1 in
 * the environment the checking mode of our libc reports the first case too. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/child.h"
#include "lib/demo.h"

/* Copies a text of `length` characters into a buffer without room for its NUL, then frees it and its
 * neighbour. */
static void copy_too_much(void *argument)
{
    size_t length = *(size_t *)argument;
    char *text = demo_opaque(malloc(length + 1));
    char *buffer = demo_opaque(malloc(length));
    char *neighbour = demo_opaque(malloc(length));

    if (!text || !buffer || !neighbour)
        return;
    memset(text, 'a', length);
    text[length] = '\0';
    memset(neighbour, 'n', length);
    strcpy(demo_opaque(buffer), text);
    free(neighbour);
    free(buffer);
    free(text);
}

static int show(size_t length)
{
    char *buffer = demo_opaque(malloc(length));
    size_t usable = buffer ? malloc_usable_size(buffer) : 0;
    struct verdict verdict;

    free(buffer);
    child_try(copy_too_much, &length, &verdict);
    printf("  malloc(%2zu)  %5zu  %8zu   %-22s %s\n", length, length + 1, usable,
           length < usable ? "falls into spare room" : "falls behind the block", verdict_text(&verdict));
    return verdict.signal != 0;
}

int main(int argc, char **argv)
{
    int noticed = 0;

    demo_start(argc, argv, "a buffer one byte too small", "");
    printf("\n  buffer      written  usable   the last byte          and at free\n");
    noticed += show(5);
    noticed += show(20);
    noticed += show(24);
    noticed += show(32);
    noticed += show(40);

    demo_article("a buffer that is too small is written beyond its end.");
    demo_here("%d of 5 were noticed, all at free. Where the byte falls into rounding it does no harm, today "
              "and with this libc; elsewhere it falls into malloc's own bookkeeping.",
              noticed);
    demo_why("neither CPU nor kernel knows where a block ends: the page is there and writable. A string "
             "of n characters needs n + 1 bytes. MALLOC_CHECK_=1 puts a known byte behind the end and "
             "looks at free.");
    return 0;
}
