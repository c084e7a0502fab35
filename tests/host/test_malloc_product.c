/* SPDX-License-Identifier: MIT */
/* test_malloc_product.c - what the product promises beyond the model: caches, arenas, malloc(0), rows, and memory that goes back or
 * stays. What it says of wrong pointers: test_malloc_mistakes.c.
 *
 * Each body runs in a process of its own, over the simulated machine of malloc/glue_host.h. */
/* sources: libc/malloc/malloc.c libc/malloc/stats.c libc/malloc/words.c libc/malloc/site.c libc/malloc/product/api.c
 * libc/malloc/product/cache.c libc/malloc/product/nothing.c libc/malloc/product/slab.c libc/malloc/product/table.c
 * libc/malloc/classic/check.c libc/malloc/classic/guard.c libc/malloc/classic/heap.c libc/malloc/classic/large.c
 * libc/malloc/classic/pool.c libc/malloc/classic/report.c tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "child.h"
#include "glue_host.h"
#include "inspect.h"
#include "interface.h"
#include "product/product.h"

#define KIB ((size_t)1024)

/* The compiler must not reason about these pointers: some of what follows is wrong on purpose. */
static char *volatile p, *volatile q;

static void first_step_is_132_kib(void *unused)
{
    (void)unused;
    p = malloc(1);
    must(host_break() - host_arena() == 132 * KIB && host.break_moves == 1);
    free(p);
    must(host_break() - host_arena() == 132 * KIB);
}

static void a_row_goes_at_its_first_free(void *unused)
{
    size_t before;

    (void)unused;
    p = malloc(128 * KIB);
    must(host.mappings == 1 && host.mapped_bytes == 132 * KIB && (uintptr_t)p % PAGE == 0x10);
    free(p);
    must(host.mappings == 0);
    for (int i = 0; i < 10; i++)
        free(malloc(200 * KIB));
    before = host.requests;
    for (int i = 0; i < 1000; i++)
        free(malloc(200 * KIB));
    must(host.requests == before &&
         host.mappings == 0); /* a loop gets it from the heap, and makes no calls */
    p = memset(malloc(200 * KIB), 1, 200 * KIB);
    free(p);
    p = calloc(1, 200 * KIB);
    for (size_t i = 0; i < 200 * KIB; i++)
        must(p[i] == 0);
    q = malloc(33 << 20);
    must(host.mappings == 1); /* a longer one is a row, as before */
    free(q);
    free(p);
    must(host.mappings == 0 && malloc_trim(0) && host_break() - host_arena() < 200 * KIB && !heap_check());
}

/* Who has set a threshold, by mallopt or by the environment, keeps it. */
static void a_threshold_that_was_set_stays(void *unused)
{
    (void)unused;
    must(mallopt(M_TOP_PAD, 128 * 1024) == 1);
    for (int i = 0; i < 20; i++) {
        p = malloc(200 * KIB);
        must(host.mappings == 1);
        free(p);
    }
}

static void nothing_has_addresses(void *unused)
{
    static char *nothings[5000];

    (void)unused;
    for (int i = 0; i < 5000; i++) {
        nothings[i] = malloc(0);
        must(nothings[i] && (i == 0 || nothings[i] != nothings[i - 1]));
    }
    must(malloc_usable_size(nothings[0]) == 0);
    for (int i = 0; i < 5000; i++)
        free(nothings[i]);
    free(malloc(10));
    must(malloc_usable_size(q = malloc(0)) == 0); /* also when there is a small block that nobody has */
    free(q);
    p = realloc(malloc(0), 100);
    memset(p, 1, 100);
    must(!heap_check());
}

static void empty_slabs_and_the_top_go_back(void *unused)
{
    static char *blocks[40000];

    (void)unused;
    for (int i = 0; i < 40000; i++)
        blocks[i] = memset(malloc((size_t)(i % 128) + 1), i, (size_t)(i % 128) + 1);
    must(!heap_check());
    for (int i = 0; i < 40000; i++)
        free(blocks[i]);
    must(!heap_check() && malloc_trim(0) == 1 && !heap_check());
    must(host_break() - host_arena() < 200 * KIB);
}

/* Who takes and frees the same again and again gets it from what is there; before it is seen to be so, memory goes back each time. */
static void a_swing_is_noticed(void *unused)
{
    enum { BLOCKS = 100, SIZE = 60 * 1024 };
    static char *blocks[BLOCKS];
    unsigned long requests = 0;

    (void)unused;
    for (int round = 0; round < 20; round++) {
        if (round == 10)
            requests = host.requests;
        for (int i = 0; i < BLOCKS; i++)
            blocks[i] = memset(malloc(SIZE), i, SIZE);
        for (int i = 0; i < BLOCKS; i++)
            free(blocks[i]);
        if (round < 2)
            must(host_break() - host_arena() < 2048 * KIB);
    }
    must(host.requests == requests && host_break() - host_arena() > SIZE * BLOCKS);
    must(host_resident() < 10240 * KIB / PAGE);
    malloc_trim(0);
    must(host_break() - host_arena() < 1024 * KIB && !heap_check());
}

/* A random order of frees leaves no row of free pages before nearly everything is free, and each block that a cache keeps
 * holds a page. */
static void a_flush_in_random_order_gives_pages_back(void *unused)
{
    enum { BLOCKS = 60000 };
    static char *blocks[BLOCKS];
    unsigned random = 1;

    (void)unused;
    for (int i = 0; i < BLOCKS; i++) {
        size_t size = 100 + (size_t)i * 7919 % 500;

        blocks[i] = memset(malloc(size), i, size);
    }

    size_t full = host_resident();

    for (int left = BLOCKS - 1; left > 0; left--) { /* all but one */
        random = random * 1664525 + 1013904223;

        int chosen = (int)((uint64_t)random * (unsigned)left >> 32);
        char *block = blocks[chosen];

        blocks[chosen] = blocks[left - 1];
        free(block);
    }
    must(!heap_check());
    must(full > 5000 && host_resident() < full / 4);
}

/* Chunks of the two next classes serve before the heap is asked, no larger ones; slabs' blocks do not. */
static void a_kept_block_serves_a_little_less(void *unused)
{
    (void)unused;
    free(p = malloc(504));
    must(malloc(440 - 1) == p);
    free(p);
    must(malloc(440 - 64) != p);
    free(p = malloc(64));
    must(malloc(48) != p && malloc(64) == p);
    must(!heap_check());
}

/* What delete(p, size), posix_memalign and realloc need in most calls: no lock, no search. */
static void the_relatives_have_short_ways(void *unused)
{
    (void)unused;
    for (size_t bytes = 1; bytes < 3000; bytes += 37) {
        p = malloc(bytes);
        must(malloc_usable_size(p) >= bytes && realloc(p, bytes) == p);
        must(realloc(p, malloc_usable_size(p)) == p && realloc(p, bytes) == p);
        free_sized(p, bytes);
        must(malloc(bytes) == p);
        free_sized(p, malloc_usable_size(p));
    }
    for (size_t bytes = 200; bytes < 60000; bytes *= 2) {
        for (int i = 0; i < 20; i++)
            free(aligned_alloc(64, bytes)); /* until the list takes it */
        p = aligned_alloc(64, bytes);
        free(p);
        must((uintptr_t)p % 64 == 0 && aligned_alloc(64, bytes) == p);
        q = aligned_alloc(64, bytes);
        must(q != p && (uintptr_t)q % 64 == 0);
        free(p);
        free(q);
    }
    must(!heap_check());
}

static void a_lower_threshold_is_obeyed_at_once(void *unused)
{
    (void)unused;
    must(mallopt(M_MMAP_THRESHOLD, 1000) == 1);
    p = malloc(1000);
    q = malloc(999);
    must(host.mappings == 1 && (uintptr_t)p % PAGE == 0x10);
    free(p);
    free(q);
    must(host.mappings == 0 && !heap_check());
}

/* Many free runs at once, each between two blocks that stay: no call gives all of them back. */
static void a_sweep_is_many_short_calls(void *unused)
{
    enum { RUNS = 6000 };
    static char *runs[RUNS];

    (void)unused;
    for (int i = 0; i < RUNS; i++) {
        runs[i] = memset(malloc(20 * KIB), i, 20 * KIB);
        memset(malloc(2000), i, 2000); /* one at a time */
    }

    size_t full = host_resident(), most = 0;

    for (int i = 0; i < RUNS; i++) {
        size_t before = host.discards;

        free(runs[i]);
        most = host.discards - before > most ? host.discards - before : most;
    }
    for (int i = 0; i < 400000; i++) /* whatever goes on */
        free(runs[i % RUNS] = malloc((size_t)i * 7919 % 1000));
    must(!heap_check());
    must(most > 10 && most <= 64);
    must(host_resident() < full / 2);
}

/* Eight threads on two arenas, each frees what another one took. */
#define SLOTS 2000
static char *slots[SLOTS];

static void *work(void *seed)
{
    unsigned random = *(unsigned *)seed;

    for (int i = 0; i < 30000; i++) {
        random = random * 1664525 + 1013904223;

        size_t size = random >> 28 == 0 ? random >> 18 : random >> 23;
        char *mine = malloc(size + 1);

        must(mine && malloc_usable_size(mine) > size);
        memset(mine, (int)(size & 0x7f), size + 1 < 64 ? size + 1 : 64);

        char *other = __atomic_exchange_n(&slots[random % SLOTS], mine, __ATOMIC_ACQ_REL);

        if (other)
            must(other[0] == other[malloc_usable_size(other) > 63 && other[1] == other[0] ? 1 : 0]);
        free(other);
    }
    cache_leave();
    return NULL;
}

static void threads_free_what_others_took(void *unused)
{
    unsigned seeds[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    pthread_t threads[8];

    (void)unused;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 8; i++)
            must(pthread_create(&threads[i], NULL, work, &seeds[i]) == 0);
        for (int i = 0; i < 8; i++)
            must(pthread_join(threads[i], NULL) == 0);
    }
    must(pool.used == 2);
    for (int i = 0; i < SLOTS; i++)
        free(slots[i]);
    must(mallinfo2().uordblks == 0 && mallinfo2().hblks == 0);
    must(!heap_check());
}

#define CHILD_TEST(name)                                                                                     \
    static void test_##name(void **state)                                                                    \
    {                                                                                                        \
        (void)state;                                                                                         \
        child_passes(name, NULL);                                                                            \
    }

CHILD_TEST(first_step_is_132_kib)
CHILD_TEST(a_row_goes_at_its_first_free)
CHILD_TEST(a_threshold_that_was_set_stays)
CHILD_TEST(nothing_has_addresses)
CHILD_TEST(empty_slabs_and_the_top_go_back)
CHILD_TEST(a_swing_is_noticed)
CHILD_TEST(a_flush_in_random_order_gives_pages_back)
CHILD_TEST(a_kept_block_serves_a_little_less)
CHILD_TEST(a_lower_threshold_is_obeyed_at_once)
CHILD_TEST(the_relatives_have_short_ways)
CHILD_TEST(a_sweep_is_many_short_calls)
CHILD_TEST(threads_free_what_others_took)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_step_is_132_kib),
        cmocka_unit_test(test_a_row_goes_at_its_first_free),
        cmocka_unit_test(test_a_threshold_that_was_set_stays),
        cmocka_unit_test(test_nothing_has_addresses),
        cmocka_unit_test(test_empty_slabs_and_the_top_go_back),
        cmocka_unit_test(test_a_swing_is_noticed),
        cmocka_unit_test(test_a_flush_in_random_order_gives_pages_back),
        cmocka_unit_test(test_a_kept_block_serves_a_little_less),
        cmocka_unit_test(test_a_lower_threshold_is_obeyed_at_once),
        cmocka_unit_test(test_the_relatives_have_short_ways),
        cmocka_unit_test(test_a_sweep_is_many_short_calls),
        cmocka_unit_test(test_threads_free_what_others_took),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
