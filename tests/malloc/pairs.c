/* SPDX-License-Identifier: MIT */
/* pairs [none|malloc] PAIRS - malloc and free in pairs, for the counting plugin: a path for each line of the plan below.
 *
 *     hot      take one, free it                            lifo    take a hundred, free them backwards
 *     fifo     a queue: free the oldest, take a new one     random  one of the live blocks, by chance, is replaced
 *     mixed    random, of sizes from 1 to the one given     new     hot, by C++'s new and the delete that knows the size
 *     aligned  hot, at a multiple of 64
 *
 * First the path's whole work unmarked, so that caches are warm and the heap has grown; then again, counted. With `none` two
 * functions stand for malloc and free that do nothing in 3 instructions: what is left is the loop, to be taken off.
 * Without arguments it prints the plan: the pattern and the size of each path.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK(word) __asm__ volatile(".byte 0x0f, 0x1f, 0x80\n\t.long " #word ::: "memory")
#define DEEP 100
#define LIVE 1000

void *nothing_take(size_t bytes);
void *nothing_take_aligned(size_t alignment, size_t bytes) __asm__("nothing_take");
void nothing_give(void *p);
void nothing_destroy(void *p, size_t bytes) __asm__("nothing_give");
extern char nothing[16];
char nothing[16];

/* In assembly, so that they are 3 instructions whatever compiles the rest. */
__asm__(".text\n"
        "nothing_take:\n\tlea nothing(%rip), %rax\n\tret\n"
        "nothing_give:\n\tret\n");

void *cpp_new(size_t bytes) __asm__("_Znwm");
void cpp_delete(void *p, size_t bytes) __asm__("_ZdlPvm");

static void *(*take)(size_t bytes) = malloc;
static void (*give)(void *p) = free;
static void *(*take_aligned)(size_t alignment, size_t bytes) = memalign;
static void *(*make)(size_t bytes) = cpp_new;
static void (*destroy)(void *p, size_t bytes) = cpp_delete;
static char *blocks[LIVE];
static uint64_t random_state;

static size_t below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 16) % limit;
}

static char *touched(size_t bytes)
{
    char *p = take(bytes);

    *(volatile char *)p = 1;
    return p;
}

static void hot(size_t size, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++)
        give(touched(size));
}

static void by_new(size_t size, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        char *p = make(size);

        *(volatile char *)p = 1;
        destroy(p, size);
    }
}

static void aligned(size_t size, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        char *p = take_aligned(64, size);

        *(volatile char *)p = 1;
        give(p);
    }
}

static void lifo(size_t size, size_t pairs)
{
    for (size_t i = 0; i < pairs; i += DEEP) {
        for (int k = 0; k < DEEP; k++)
            blocks[k] = touched(size);
        for (int k = DEEP - 1; k >= 0; k--)
            give(blocks[k]);
    }
}

static void fifo(size_t size, size_t pairs)
{
    size_t at = 0;

    for (size_t i = 0; i < pairs; i++) {
        give(blocks[at]);
        blocks[at] = touched(size);
        if (++at == LIVE)
            at = 0;
    }
}

static void replace(size_t size, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        size_t at = below(LIVE);

        give(blocks[at]);
        blocks[at] = touched(size);
    }
}

static void mixed(size_t size, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        size_t at = below(LIVE);

        give(blocks[at]);
        blocks[at] = touched(below(size) + 1);
    }
}

static const struct {
    const char *name;
    void (*body)(size_t size, size_t pairs);
    int filled; /* begins with LIVE blocks */
} patterns[] = {{"hot", hot, 0},     {"lifo", lifo, 0},  {"fifo", fifo, 1},      {"random", replace, 1},
                {"mixed", mixed, 1}, {"new", by_new, 0}, {"aligned", aligned, 0}};

static const size_t sizes[] = {16, 64, 128, 256, 512, 1024, 4096, 65536, 204800};

#define NUMBER(array) (sizeof(array) / sizeof(*(array)))

static void run(size_t pattern, size_t size, size_t pairs)
{
    random_state = 88172645463325252u;
    for (size_t i = 0; patterns[pattern].filled && i < LIVE; i++)
        blocks[i] = touched(size);
    patterns[pattern].body(size, pairs);
    MARK(0x464c0001);
    patterns[pattern].body(size, pairs);
    MARK(0x464c0002);
    for (size_t i = 0; patterns[pattern].filled && i < LIVE; i++)
        give(blocks[i]);
    MARK(0x464c0003);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "none") == 0) {
        take = nothing_take;
        give = nothing_give;
        take_aligned = nothing_take_aligned;
        make = nothing_take;
        destroy = nothing_destroy;
    }
    for (size_t pattern = 0; pattern < NUMBER(patterns); pattern++)
        for (size_t i = 0; i < NUMBER(sizes); i++)
            if (argc == 3)
                run(pattern, sizes[i], strtoul(argv[2], NULL, 10));
            else
                printf("%s %zu\n", patterns[pattern].name, sizes[i]);
    return 0;
}
