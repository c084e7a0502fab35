/* SPDX-License-Identifier: MIT */
/* regions - one address of each kind, and the row of /proc/self/maps that it lies in.
 *
 * From low to high: text, read-only data, data, bss, heap, mappings, stack. Static objects have their place
 * from the start, automatic ones live on the stack as long as their function runs, dynamic ones come from
 * malloc or mmap. Text cannot be written; the stack may grow to RLIMIT_STACK, which a process can change for
 * itself. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/heap.h"
#include "lib/look.h"

#define ADDRESSES 7

static const int read_only_object = 1;
static int data_object = 2;
static int bss_object;

struct place {
    const char *kind, *what;
    const void *address;
};

static void show_place(const struct place *place)
{
    struct map_row row;
    char line[40];

    snprintf(line, sizeof(line), "  %-8s %s", place->kind, demo_address(place->address));
    if (look_row(place->address, &row))
        printf("%-27s %s  %-8s %s\n", line, row.perms,
               row.name[0] == '[' ? row.name
               : row.name[0]      ? "program"
                                  : "-",
               place->what);
    else
        printf("%-27s in no row\n", line);
}

/* The heap's own address: malloc's block when it lies in [heap], else (musl) a page that the break is moved
 * by. */
static const void *heap_address(const void *block)
{
    struct map_row row;

    if (look_row(block, &row) && strcmp(row.name, "[heap]") == 0)
        return block;
    return heap_move((long)PAGE_SIZE);
}

static void show_places(void)
{
    int local = 3;
    void *block = demo_opaque(malloc(1));
    const struct place places[ADDRESSES] = {
        {"text", "a function", (const void *)(uintptr_t)&show_place},
        {"rodata", "static const int", &read_only_object},
        {"data", "static int = 2", &data_object},
        {"bss", "static int, no value: zero", &bss_object},
        {"heap", "brk, malloc(1)", heap_address(block)},
        {"mapping", "mmap, one page", mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)},
        {"stack", "int, automatic", &local},
    };
    bool ascending = true;

    for (int i = 0; i < ADDRESSES; i++) {
        show_place(&places[i]);
        ascending &= i == 0 || (uintptr_t)places[i - 1].address < (uintptr_t)places[i].address;
    }
    printf("  each lies above the one before: %s\n", ascending ? "yes" : "NO");
    free(block);
}

static void write_text(void *function)
{
    *(volatile char *)function = 0;
}

static void show_text_is_read_only(void)
{
    struct verdict verdict;

    child_try(write_text, (void *)(uintptr_t)&show_place, &verdict);
    printf("  a child writes to text: %s\n", verdict_text(&verdict));
}

/* Uses `bytes` of stack: one page in each call, touched from the top down as calls do. */
static __attribute__((noinline)) int use_stack(size_t bytes)
{
    volatile char page[PAGE_SIZE];

    page[0] = 1;
    return bytes > PAGE_SIZE ? use_stack(bytes - PAGE_SIZE) + page[0] : page[0];
}

static void use_two_mib(void *limit)
{
    struct rlimit stack;

    if (limit && getrlimit(RLIMIT_STACK, &stack) == 0) {
        stack.rlim_cur = *(size_t *)limit;
        if (setrlimit(RLIMIT_STACK, &stack) != 0)
            printf("  (setrlimit is refused)\n");
    }
    use_stack(2 * MIB);
}

static void show_stack_limit(void)
{
    struct rlimit stack;
    struct verdict verdict;
    size_t one_mib = MIB;

    if (getrlimit(RLIMIT_STACK, &stack) != 0)
        printf("  getrlimit is refused\n");
    else if (stack.rlim_cur == RLIM_INFINITY)
        printf("  RLIMIT_STACK: no limit\n");
    else
        printf("  RLIMIT_STACK: %s\n", demo_size(stack.rlim_cur));
    child_try(use_two_mib, NULL, &verdict);
    printf("  a child uses 2 MiB of stack: %s\n", verdict_text(&verdict));
    child_try(use_two_mib, &one_mib, &verdict);
    printf("  another sets its limit to 1 MiB first: %s\n", verdict_text(&verdict));
}

int main(int argc, char **argv)
{
    demo_start(argc, argv, "text, data, bss, heap, mappings, stack", "");
    demo_head("one address of each");
    show_places();
    demo_head("the rows");
    look_show_rows();
    demo_head("text is read-only, the stack has a limit");
    show_text_is_read_only();
    show_stack_limit();

    demo_article("six segments from low to high; text is read-only; the stack is 8 MB by default and "
                 "adjustable.");
    demo_here("the same order, each with its own permissions. No row may be both written and executed.");
    demo_why("a region is a range with one kind and one set of permissions; the CPU checks every access "
             "against the page table. The stack's row is small and grows with use, up to the limit.");
    return 0;
}
