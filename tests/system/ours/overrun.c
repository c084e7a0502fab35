/* SPDX-License-Identifier: MIT */
/* overrun.c - a name that is longer than its block: it runs over the header of the next one. free() notices, much later
 * and somewhere else; who did it, only going back can tell. */
#include <stdio.h>
#include <stdlib.h>

struct name {
    char text[152]; /* all that its chunk has room for */
};

struct name *first, *second;

static void set_name(struct name *name, const char *text)
{
    char *to = name->text;

    while (*text)
        *to++ = *text++; /* the bug: nobody looks how long it is */
    *to = 0;
}

int main(void)
{
    struct name *one = malloc(sizeof(*one)), *other = malloc(sizeof(*other));

    first = one < other ? one : other; /* neighbours, in the order that malloc likes */
    second = one < other ? other : one;
    set_name(second, "Grace");
    set_name(
        first,
        "Augusta Ada King, Countess of Lovelace, who wrote down the first program for a machine that was never "
        "built, and saw that it could do more than calculate");
    printf("%s\n", first->text);
    for (size_t i = 0; i < 100; i++)
        free(malloc(i * 100));
    free(second);
    puts("nobody noticed");
    return 0;
}
