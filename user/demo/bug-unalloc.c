/* SPDX-License-Identifier: MIT */
/* bug-unalloc - a write through a pointer that was never set to allocated memory.
 *
 * What happens depends on what the pointer happens to hold: NULL, a small number, an address in no region, or
 * (the worst) an address that belongs to something else. Each is tried in a child. `bug-unalloc -here` lets
 * this very process die of the first. */
#include <stdint.h>
#include <stdio.h>

#include "lib/child.h"
#include "lib/demo.h"

static int somebody_elses = 42;

struct record {
    char name[16];
    int number;
};

static void write_through(void *pointer)
{
    int *never_allocated = pointer;

    *never_allocated = 7;
}

static void write_field(void *pointer)
{
    struct record *record = pointer;

    record->number = 7;
}

static void write_elsewhere(void *pointer)
{
    *(int *)pointer = 7;
    printf("    a variable that has nothing to do with it: 42 became %d\n", somebody_elses);
}

static void show(const char *what, void (*act)(void *), void *pointer)
{
    struct verdict verdict;

    printf("  %s\n", what);
    child_try(act, pointer, &verdict);
    printf("    %s", verdict_text(&verdict));
    if (verdict.detailed)
        printf(" at address 0x%lx", verdict.address);
    putchar('\n');
}

int main(int argc, char **argv)
{
    demo_start(argc, argv, "a write through an unallocated pointer", "[-here]");
    putchar('\n');
    if (demo_option(argc, argv, "-here"))
        write_through(demo_opaque(NULL));
    show("int *p = NULL; *p = 7;", write_through, NULL);
    show("struct record *r = NULL; r->number = 7;", write_field, NULL);
    show("int *p holds what was left there: 0x123456789000", write_through, (void *)0x123456789000);
    show("int *p holds an address of something else", write_elsewhere, &somebody_elses);

    demo_article("a pointer that was never given memory is used: the program may crash, or may not.");
    demo_here("outside every region: SIGSEGV, SEGV_MAPERR. Inside one: no word, and somebody else's "
              "value is gone.");
    demo_why("the kernel knows regions, not variables. A small address is NULL plus the offset of a "
             "field or of an index. Set pointers when you declare them, and check what malloc returns.");
    return 0;
}
