/* SPDX-License-Identifier: MIT */
/* test_malloc_textbook.c - what the README says of bump.c and list.c: where the next block comes from, what a free gives back,
 * which mistakes the tags show, which invariant heap_check names.
 *
 * Each body runs in a process of its own, over the simulated machine of malloc/glue_host.h.
 */
/* sources: libc/malloc/bump.c libc/malloc/list.c libc/malloc/chosen.c libc/malloc/shared.c libc/malloc/malloc.c libc/malloc/stats.c libc/malloc/words.c
 * libc/malloc/classic/check.c libc/malloc/classic/classic.c libc/malloc/classic/guard.c libc/malloc/classic/heap.c
 * libc/malloc/classic/large.c libc/malloc/classic/pool.c libc/malloc/classic/report.c libc/malloc/site.c tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocator.h"
#include "child.h"
#include "glue_host.h"
#include "inspect.h"
#include "interface.h"

#define FIRST_STEP ((size_t)132 * 1024)
#define PAGE ((size_t)4096)

static const struct allocator *const listed[] = {&allocator_implicit, &allocator_first, &allocator_list};

/* The compiler must not reason about these pointers: some of what follows is wrong on purpose. */
static char *volatile p, *volatile q, *volatile r;

static size_t heap_bytes(void)
{
    return host_break() - host_arena();
}

static size_t word(const char *block, int distance)
{
    return ((const size_t *)block)[distance];
}

static int count_fence(const struct heap_block *block, void *context)
{
    *(unsigned *)context += block->state == HEAP_FENCE;
    return 0;
}

static unsigned segments(void)
{
    unsigned fences = 0;

    must(heap_walk(count_fence, &fences) == 0);
    return fences;
}

static size_t free_blocks(void)
{
    must(!heap_check());
    return mallinfo2().ordblks;
}

/* --- bump --- */
static void bump_goes_up(void *unused)
{
    (void)unused;
    p = malloc(24);
    must((uintptr_t)p == host_arena() + 16 && word(p, -1) == 32);
    must(heap_bytes() == FIRST_STEP && malloc_usable_size(p) == 24);
    free(p);
    q = malloc(25);
    must(q == p + 32 && malloc_usable_size(q) == 40);
    free(q);
    free(q); /* nothing is noticed, and nothing happens */
    must((char *)malloc(1) == q + 48);
    must(!heap_check() && segments() == 0 && mallinfo2().arena == 0);
}

static void bump_needs_the_sum(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        p = calloc(1, 1000);
        for (int k = 0; k < 1000; k++)
            must(p[k] == 0);
        memset(p, 0xff, 1000);
        free(p);
    }
    must(heap_bytes() > 1000000 && heap_bytes() < 1020000 + FIRST_STEP);
}

static void bump_resizes(void *unused)
{
    (void)unused;
    p = malloc(100);
    memset(p, 'A', 100);
    must((char *)realloc(p, 104) == p && (char *)realloc(p, 1) == p);
    q = realloc(p, 105);
    must(q != p && q[0] == 'A' && q[99] == 'A');
}

/* The rest of the old memory is used as long as the new follows on it; otherwise it stays behind. */
static void bump_grows(void *unused)
{
    (void)unused;
    p = malloc(100);
    q = malloc(FIRST_STEP);
    must(q == p + 112);

    size_t before = heap_bytes();

    host_sbrk(100);
    r = malloc(2 * FIRST_STEP);
    must((uintptr_t)r == host_arena() + before + PAGE + 16);
    host.refuse_break = true;
    must(malloc(2 * FIRST_STEP) && host.mappings == 1);
    host.refuse_map = true;
    errno = 0;
    must(!malloc(2 * FIRST_STEP) && errno == ENOMEM);
    must(malloc(100) && !heap_check());
}

/* --- list.c: tags, neighbours --- */
static void one_block(void *unused)
{
    (void)unused;
    p = malloc(100);
    must((uintptr_t)p == host_arena() + 16 && malloc_usable_size(p) >= 100);
    must(heap_bytes() == FIRST_STEP && segments() == 1 && !heap_check());
    memset(p, 0xff, malloc_usable_size(p));
    must(!heap_check());
}

static void two_words_in_front(void *unused)
{
    (void)unused;
    p = malloc(1);
    must((uintptr_t)p == host_arena() + 16 && heap_bytes() == FIRST_STEP);
    must(word(p, -2) == 0 && word(p, -1) == 0x21 && malloc_usable_size(p) == 16);
    q = malloc(17);
    must(q == p + 32 && word(q, -2) == 0x20 && word(q, -1) == 0x31);
    r = malloc(0);
    must(r == q + 48 && word(r, -1) == 0x21);
    free(q);
    must(word(q, -1) == 0x30 && word(r, -2) == 0x30);
}

/* Three neighbours become one block again in whatever order they go. */
static void neighbours_merge(void *unused)
{
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    char *three[3];

    (void)unused;
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        for (int k = 0; k < 3; k++)
            three[k] = malloc(100);
        p = malloc(100);
        for (int k = 0; k < 3; k++) {
            free(three[orders[i][k]]);
            must(!heap_check());
        }
        must(free_blocks() == 2);
        q = malloc(3 * 128 - 16);
        if (allocator_chosen != &allocator_first || i == 0)
            must(q == three[0]);
        free(q);
        free(p);
        must(free_blocks() == 1 && mallinfo2().fordblks == FIRST_STEP - 32);
    }
}

static void resized_in_place(void *unused)
{
    (void)unused;
    p = malloc(100);
    q = malloc(200);
    r = malloc(10);
    memset(p, 'A', 100);
    free(q);
    must((char *)realloc(p, 250) == p && p[99] == 'A' && malloc_usable_size(p) == 256);
    must((char *)realloc(p, 100) == p && free_blocks() == 2);
    must((char *)malloc(200) == q);
    q = realloc(p, 250);
    must(q != p && q[99] == 'A');
    must(!heap_check());
}

static void cleared_when_used_before(void *unused)
{
    (void)unused;
    p = malloc(100);
    memset(p, 0xff, 100);
    free(p);
    q = calloc(1, 100);
    must(q == p);
    for (int i = 0; i < 100; i++)
        must(q[i] == 0);
}

/* What lies before an aligned block is a block, too. */
static void aligned(void *unused)
{
    (void)unused;
    for (size_t alignment = 32; alignment <= 8 * PAGE; alignment *= 2) {
        p = memalign(alignment, 100);
        must((uintptr_t)p % alignment == 0);
        must((uintptr_t)p == host_arena() + 16 || free_blocks() == 2);
        free(p);
        must(free_blocks() == 1);
    }
    p = memalign(64, 48); /* with its header as long as its alignment: the next lies right behind it */
    q = memalign(64, 48);
    must(allocator_chosen == &allocator_first || q == p + 64);
}

/* --- list.c: segments --- */
static void grows_as_one_segment(void *unused)
{
    (void)unused;
    p = malloc(100);
    q = malloc(FIRST_STEP);
    must(q == p + 128 && segments() == 1 && free_blocks() == 1);
}

static void goes_on_behind_foreign_memory(void *unused)
{
    (void)unused;
    p = malloc(100);
    host_sbrk(100);
    q = malloc(FIRST_STEP);
    must((uintptr_t)q == host_arena() + FIRST_STEP + PAGE + 16 && segments() == 2);
    free(p);
    free(q);
    must(free_blocks() == 2);
}

static void goes_on_in_mappings(void *unused)
{
    (void)unused;
    p = malloc(100);
    host.refuse_break = true;
    q = malloc(FIRST_STEP);
    must(q && host.mappings == 1 && segments() == 2);
    host.refuse_map = true;
    errno = 0;
    must(!malloc(2 * FIRST_STEP) && errno == ENOMEM);
    must(!realloc(q, 2 * FIRST_STEP) && !heap_check());
    free(q);
    free(p);
    must(free_blocks() == 2 && host.mappings == 1); /* nothing goes back */
}

/* --- the three ways to look for a free block --- */
static void each_finds_its_own(void *unused)
{
    char *thousand = malloc(1000), *fence1 = malloc(1), *five = malloc(500), *fence2 = malloc(1),
         *one = malloc(100), *fence3 = malloc(1), *six = malloc(600), *fence4 = malloc(1);
    bool implicit = allocator_chosen == &allocator_implicit, first = allocator_chosen == &allocator_first;

    (void)unused;
    must(fence1 && fence2 && fence3 && fence4);
    free(thousand);
    free(one);
    free(six);
    free(five);
    must((char *)malloc(90) == (implicit ? thousand : first ? five : one));
    must((char *)malloc(490) == (implicit ? thousand + 112 : first ? six : five));
    must(!heap_check());
}

/* --- heap_check --- */
static void three_blocks(void)
{
    p = malloc(100);
    q = malloc(100);
    r = malloc(100);
    must(!heap_check());
}

static void names(const char *invariant)
{
    const char *broken = heap_check();

    if (!broken || strcmp(broken, invariant) != 0)
        fprintf(stderr, "not named: %s\n", invariant);
    must(broken && strcmp(broken, invariant) == 0);
}

static void invariants_are_named(void *unused)
{
    (void)unused;
    three_blocks();
    ((size_t *)q)[-1] ^= 2;
    names("a tag is a multiple of 16 and the bit \"used\"");
    ((size_t *)q)[-1] ^= 2;
    ((size_t *)q)[-2] += 16;
    names("a block knows the size of the one before");
    ((size_t *)q)[-2] -= 16;
    ((size_t *)q)[-1] ^= 1;
    names("every free block is in the list");
    ((size_t *)p)[-1] ^= 1;
    names("two free blocks never touch");
    ((size_t *)p)[-1] ^= 1;
    ((size_t *)q)[-1] ^= 1;
    free(q);
    must(!heap_check());
    ((size_t *)q)[1] ^= 16;
    names("the list is doubly linked and holds free blocks");
    ((size_t *)q)[1] ^= 16;
    ((size_t *)q)[-1] ^= 1;
    names("the list is doubly linked and holds free blocks");
}

/* --- mistakes --- */
static void free_twice(void)
{
    free(q);
    free(q);
}

static void free_twice_merged(void)
{
    free(p);
    free(q);
    free(q);
}

static void free_twice_swallowed(void)
{
    free(q);
    p = realloc(p, 200);
    free(q);
}

static void realloc_freed(void)
{
    free(p);
    p = realloc(p, 200);
}

static void size_of_freed(void)
{
    free(p);
    (void)malloc_usable_size(p);
}

static void free_not_aligned(void)
{
    free(p + 8);
}

static void write_in_front(void)
{
    memset(q - 16, 'A', 16);
    free(q);
}

static void write_past_the_end(void)
{
    p[malloc_usable_size(p)] ^= 1;
    free(p);
}

static const struct mistake {
    const char *name;
    void (*make)(void);
    const char *words[2]; /* the first line's end, and what the second says */
} mistakes[] = {
#define DOUBLE_FREE                                                                                          \
    "free(): double free detected in tcache 2\nmalloc: free(0x", ": the block here is free already.\n"
    {"free twice", free_twice, {DOUBLE_FREE}},
    {"free twice, merged", free_twice_merged, {DOUBLE_FREE}},
    {"free twice, swallowed", free_twice_swallowed, {DOUBLE_FREE}},
    {"realloc of a free block", realloc_freed, {DOUBLE_FREE}},
    {"size of a free block", size_of_freed, {DOUBLE_FREE}},
    {"not aligned",
     free_not_aligned,
     {"free(): invalid pointer\nmalloc: free(0x",
      ": every block starts at a multiple of 16, this address is none.\n"}},
    {"write in front",
     write_in_front,
     {"free(): invalid size\nmalloc: free(0x", ": its header was overwritten.\n"}},
    {"write past the end",
     write_past_the_end,
     {"corrupted size vs. prev_size\nmalloc: free(0x", ": the program wrote past the end of the block.\n"}},
};

static void make(void *argument)
{
    three_blocks();
    ((const struct mistake *)argument)->make();
}

/* --- all of them, with each allocator --- */
static void test_bump(void **state)
{
    (void)state;
    allocator_chosen = &allocator_bump;
    child_passes(bump_goes_up, NULL);
    child_passes(bump_needs_the_sum, NULL);
    child_passes(bump_resizes, NULL);
    child_passes(bump_grows, NULL);
}

/* Of list.c each body with each allocator is a case of its own, which labs/6-malloc counts. */
static const struct body {
    const char *name;
    void (*run)(void *unused);
} bodies[] = {
#define BODY(body)                                                                                           \
    {                                                                                                        \
#body, body                                                                                          \
    }
    BODY(one_block),
    BODY(two_words_in_front),
    BODY(neighbours_merge),
    BODY(resized_in_place),
    BODY(cleared_when_used_before),
    BODY(aligned),
    BODY(grows_as_one_segment),
    BODY(goes_on_behind_foreign_memory),
    BODY(goes_on_in_mappings),
    BODY(each_finds_its_own),
    BODY(invariants_are_named),
};

#define LISTED (sizeof(listed) / sizeof(*listed))
#define BODIES (sizeof(bodies) / sizeof(*bodies))

static struct one {
    const struct allocator *allocator;
    const struct body *body;
    char name[64];
} ones[LISTED * BODIES];

static void test_list(void **state)
{
    const struct one *one = *state;

    allocator_chosen = one->allocator;
    child_passes(one->body->run, NULL);
}

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(listed) / sizeof(*listed); i++)
        for (const struct mistake *m = mistakes; m < mistakes + sizeof(mistakes) / sizeof(*mistakes); m++) {
            allocator_chosen = listed[i];

            struct child_end end = child_run(make, (void *)(uintptr_t)m);

            if ((end.status & 0x7f) != SIGABRT || strncmp(end.text, m->words[0], strlen(m->words[0])) != 0 ||
                !strstr(end.text, m->words[1]))
                fail_msg("%s, %s: wait status 0x%x\n%s", listed[i]->name, m->name, (unsigned)end.status,
                         end.text);
        }
}

int main(void)
{
    static struct CMUnitTest tests[LISTED * BODIES + 2];
    size_t i = 0;

    for (; i < LISTED * BODIES; i++) {
        struct one *one = &ones[i];

        one->allocator = listed[i / BODIES];
        one->body = &bodies[i % BODIES];
        snprintf(one->name, sizeof(one->name), "%s_%s", one->body->name, one->allocator->name);
        tests[i] = (struct CMUnitTest){.name = one->name, .test_func = test_list, .initial_state = one};
    }
    tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_bump);
    tests[i] = (struct CMUnitTest)cmocka_unit_test(test_mistakes);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
