/* SPDX-License-Identifier: MIT */
/* model.h - each allocator: random operations against a model that remembers every block.
 *
 * The model knows of each block its address, size and the seed of its contents, and keeps a shadow of the
 * arena with the owner of each 16 bytes. After every operation: alignment, usable size, no overlap with any
 * other block; at every free and realloc: the contents, first byte to last; at intervals: heap_check.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocator.h"
#include "child.h"
#include "glue_host.h"
#include "inspect.h"
#include "interface.h"

#define SLOTS 2000
#define GRANULE ((size_t)16)

struct plan {
    const char *name;
    unsigned operations;
    unsigned check_every;
    size_t small, large; /* sizes: up to `small`, one in sixteen up to `large` */
    unsigned aligned_in; /* one in so many with an alignment above 16; 0: none */
    unsigned foreign_in; /* one in so many operations moves the break from outside; 0: never */
    bool refuse_break;
    bool refuse_remap;
    const char *environment;
};

struct block {
    unsigned char *bytes;
    size_t size;
    unsigned char seed;
};

static struct block blocks[SLOTS];
static uint16_t shadow[ARENA_BYTES / 16];
static uint64_t random_state;

/* Instead of chosen.c: the plans run with each of MODEL_ALLOCATORS. */
static const struct allocator *const allocators[] = {MODEL_ALLOCATORS};
extern const struct allocator *allocator_chosen;

static size_t random_below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return limit ? (random_state >> 11) % limit : 0;
}

static size_t random_size(const struct plan *plan)
{
    return random_below((random_below(16) == 0 ? plan->large : plan->small) + 1);
}

/* Marks the arena's part of [bytes, bytes + size) as `owner`'s; it must have been `before`'s. */
static void shadow_move(const unsigned char *bytes, size_t size, uint16_t before, uint16_t owner)
{
    uintptr_t at = (uintptr_t)bytes - host_arena();

    if ((uintptr_t)bytes < host_arena() || at >= ARENA_BYTES)
        return;
    must(at + size <= host_break() - host_arena());
    for (size_t i = at / GRANULE; i < (at + size + GRANULE - 1) / GRANULE; i++) {
        must(shadow[i] == before);
        shadow[i] = owner;
    }
}

static void fill(struct block *block)
{
    block->seed = (unsigned char)random_below(256);
    for (size_t i = 0; i < block->size; i++)
        block->bytes[i] = (unsigned char)(block->seed + i);
}

static void verify(const unsigned char *bytes, size_t size, unsigned char seed)
{
    for (size_t i = 0; i < size; i++)
        must(bytes[i] == (unsigned char)(seed + i));
}

static void enter(struct block *block, void *p, size_t size)
{
    must(p && (uintptr_t)p % 16 == 0 && malloc_usable_size(p) >= size);
    block->bytes = p;
    block->size = size;
    shadow_move(p, size, 0, (uint16_t)(block - blocks + 1));
    fill(block);
}

static void forget(struct block *block)
{
    verify(block->bytes, block->size, block->seed);
    shadow_move(block->bytes, block->size, (uint16_t)(block - blocks + 1), 0);
    block->bytes = NULL;
}

static void take(const struct plan *plan, struct block *block)
{
    size_t size = random_size(plan);
    size_t alignment = (size_t)32 << random_below(9);

    if (plan->aligned_in && random_below(plan->aligned_in) == 0) {
        enter(block, memalign(alignment, size), size);
        must((uintptr_t)block->bytes % alignment == 0);
    } else if (random_below(4) == 0) {
        unsigned char *p = calloc(1, size);

        for (size_t i = 0; i < size; i++)
            must(p[i] == 0);
        enter(block, p, size);
    } else {
        enter(block, malloc(size), size);
    }
}

static void resize(const struct plan *plan, struct block *block)
{
    struct block old = *block;
    size_t size = random_size(plan) + 1;

    forget(block);

    unsigned char *p = realloc(old.bytes, size);

    must(p);
    verify(p, old.size < size ? old.size : size, old.seed);
    enter(block, p, size);
}

static void operate(const struct plan *plan)
{
    struct block *block = &blocks[random_below(SLOTS)];

    if (!block->bytes) {
        take(plan, block);
    } else if (random_below(4) == 0) {
        resize(plan, block);
    } else {
        unsigned char *p = block->bytes;

        forget(block);
        free(p);
    }
    if (plan->foreign_in && random_below(plan->foreign_in) == 0)
        host_sbrk((intptr_t)random_below(200));
}

/* Everything must have come back. */
static void empty(void)
{
    for (struct block *block = blocks; block < blocks + SLOTS; block++)
        if (block->bytes) {
            unsigned char *p = block->bytes;

            forget(block);
            free(p);
        }
    must(!heap_check() && mallinfo2().uordblks == 0 && mallinfo2().hblks == 0);
}

static void run(void *argument)
{
    const struct plan *plan = argument;

    if (getenv("SHOW"))
        fprintf(stderr, "%s, %s\n", allocator_chosen->name, plan->name);
    random_state = 0x9e3779b97f4a7c15u ^ plan->operations ^ plan->large;
    host.refuse_break = plan->refuse_break;
    host.refuse_remap = plan->refuse_remap;
    host.environment[0] = plan->environment;
    for (unsigned i = 1; i <= plan->operations; i++) {
        operate(plan);
        if (i % plan->check_every == 0) {
            const char *broken = heap_check();

            if (broken)
                fprintf(stderr, "%s, %s, operation %u: %s\n", allocator_chosen->name, plan->name, i, broken);
            must(!broken);
        }
        if (i % 50000 == 0 || i == plan->operations)
            empty();
    }
}

static void test_random(void **state)
{
    static const struct plan plans[] = {
        {.name = "small",
         .operations = 500000,
         .check_every = 5000,
         .small = 128,
         .large = 1024,
         .aligned_in = 50},
        {.name = "every step checked",
         .operations = 5000,
         .check_every = 1,
         .small = 600,
         .large = 9000,
         .aligned_in = 10},
        {.name = "middle",
         .operations = 300000,
         .check_every = 5000,
         .small = 400,
         .large = 6000,
         .aligned_in = 20},
        {.name = "large",
         .operations = 50000,
         .check_every = 1000,
         .small = 2000,
         .large = 60000,
         .aligned_in = 20,
         .environment = "MALLOC_MMAP_THRESHOLD_=30000"},
        {.name = "no mremap",
         .operations = 50000,
         .check_every = 1000,
         .small = 2000,
         .large = 60000,
         .refuse_remap = true,
         .environment = "MALLOC_MMAP_THRESHOLD_=30000"},
        {.name = "no brk",
         .operations = 100000,
         .check_every = 5000,
         .small = 600,
         .large = 9000,
         .aligned_in = 20,
         .refuse_break = true},
        {.name = "foreign sbrk",
         .operations = 100000,
         .check_every = 2000,
         .small = 400,
         .large = 9000,
         .aligned_in = 20,
         .foreign_in = 50},
        {.name = "no pad",
         .operations = 100000,
         .check_every = 5000,
         .small = 400,
         .large = 6000,
         .environment = "MALLOC_TOP_PAD_=0"},
        {.name = "checking",
         .operations = 100000,
         .check_every = 5000,
         .small = 400,
         .large = 6000,
         .aligned_in = 20,
         .environment = "MALLOC_CHECK_=3"},
    };

    const struct allocator *const *allocator = *state;

    for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++) {
        struct plan plan = plans[i];

        allocator_chosen = *allocator;
        if (IS_SLOW(allocator_chosen)) /* their searches are slow, and they are simple */
            plan.operations = (plan.operations + 9) / 10;
        child_passes(run, &plan);
    }
}

/* A case for each allocator, by its name. */
int main(void)
{
    static struct CMUnitTest tests[sizeof(allocators) / sizeof(*allocators)];

    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
        tests[i] = (struct CMUnitTest){.name = allocators[i]->name,
                                       .test_func = test_random,
                                       .initial_state = (void *)(uintptr_t)&allocators[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
