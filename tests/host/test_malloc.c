/* SPDX-License-Identifier: MIT */
/* test_malloc.c - the allocator's promises, one by one: what the experiments show, and the interface.
 *
 * Each body runs in a process of its own, over the simulated machine of malloc/glue_host.h.
 */
/* sources: libc/malloc/chosen.c libc/malloc/shared.c libc/malloc/malloc.c libc/malloc/stats.c libc/malloc/words.c
 * libc/malloc/classic/check.c libc/malloc/classic/classic.c libc/malloc/classic/guard.c libc/malloc/classic/heap.c
 * libc/malloc/classic/large.c libc/malloc/classic/pool.c libc/malloc/classic/report.c libc/malloc/site.c tests/host/malloc/child.c tests/host/malloc/glue_host.c */
/* flags: -DMALLOC_PREFIXED -pthread -fno-strict-aliasing
 * -I libc -I libc/malloc -I tests/host/malloc */
#include <errno.h>
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

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define PAGE ((size_t)4096)

static size_t heap_bytes(void)
{
    return host_break() - host_arena();
}

static void first_step_is_132_kib(void *unused)
{
    (void)unused;
    must(heap_bytes() == 0);

    char *volatile p = malloc(1);

    must((uintptr_t)p == host_arena() + 0x10);
    must(heap_bytes() == 0x21000);
    must(host.break_moves == 1 && host.mappings == 0);
    must((((size_t *)p)[-1] & 0xffffffffffff) == 0x21);
    free(p);
    must(heap_bytes() == 0x21000 && host.break_moves == 1);
    must(malloc(1) == p);
}

static void growth_is_what_is_missing_plus_pad(void *unused)
{
    (void)unused;
    must(malloc(100 * KIB));
    must(heap_bytes() == ((100 * KIB + 16 + 128 * KIB + 32 + PAGE - 1) & ~(PAGE - 1)));

    size_t used = 100 * KIB + 16;
    size_t before = heap_bytes();

    while (heap_bytes() == before) {
        must(malloc(10000));
        used += 10016;
    }
    must(heap_bytes() == ((used + 128 * KIB + 32 + PAGE - 1) & ~(PAGE - 1)));
    must(!heap_check());
}

static void large_requests_have_their_own_mapping(void *unused)
{
    (void)unused;
    char *below = malloc(128 * KIB - 1);

    must(host.mappings == 0 && heap_bytes() > 0);

    char *at = malloc(128 * KIB);

    must(host.mappings == 1 && host.mapped_bytes == 132 * KIB);
    must((uintptr_t)at % PAGE == 0x10);
    memset(at, 1, 128 * KIB);
    free(at);
    must(host.mappings == 0);
    free(below);
    must(!heap_check());
}

static void environment_moves_the_threshold(void *unused)
{
    (void)unused;
    host.environment[0] = "MALLOC_MMAP_THRESHOLD_=1048576";
    host.environment[1] = "MALLOC_TOP_PAD_=0";
    must(malloc(100000 * sizeof(int)));
    must(host.mappings == 0 && heap_bytes() == 392 * KIB);
    must(malloc(MIB));
    must(host.mappings == 1);
}

static void mallopt_moves_the_threshold(void *unused)
{
    (void)unused;
    must(mallopt(M_MMAP_THRESHOLD, 0) == 1);
    must(malloc(1));
    must(host.mappings == 1 && heap_bytes() == 0);
    must(mallopt(M_MMAP_MAX, 0) == 1);
    must(malloc(MIB));
    must(host.mappings == 1 && heap_bytes() > MIB);
    must(mallopt(12345, 1) == 0);
}

static void top_is_trimmed_but_not_for_nothing(void *unused)
{
    char *blocks[100];

    (void)unused;
    for (int i = 0; i < 100; i++)
        blocks[i] = malloc(10000);

    size_t full = heap_bytes();

    for (int i = 0; i < 99; i++)
        free(blocks[i]);
    must(heap_bytes() == full); /* the last block holds the break up: a hole of 990 000 bytes */
    must(mallinfo2().fordblks >= 990000);
    free(blocks[99]);
    must(heap_bytes() == 132 * KIB); /* all at once */

    size_t moves = host.break_moves;

    for (int i = 0; i < 1000; i++)
        free(malloc(10000));
    must(host.break_moves <= moves + 2); /* the pads keep the edge quiet */
    must(malloc_trim(0) == 1);
    must(heap_bytes() == PAGE);
    must(malloc_trim(0) == 0);
    must(!heap_check());
}

static void trim_can_be_turned_off(void *unused)
{
    (void)unused;
    must(mallopt(M_TRIM_THRESHOLD, -1) == 1);
    for (int i = 0; i < 2; i++) {
        char *p = malloc(100 * KIB);
        char *q = malloc(100 * KIB);

        free(q);
        free(p);
    }
    must(heap_bytes() == 232 * KIB);
}

static void neighbours_merge(void *unused)
{
    (void)unused;
    for (int order = 0; order < 6; order++) {
        static const char orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        char *p[3] = {malloc(100), malloc(200), malloc(300)};
        char *barrier = malloc(1);
        size_t all = malloc_usable_size(p[0]) + malloc_usable_size(p[1]) + malloc_usable_size(p[2]);

        for (int i = 0; i < 3; i++) {
            free(p[(int)orders[order][i]]);
            must(!heap_check());
        }
        must(malloc(all + 2 * 8) == p[0]); /* without the two heads that are needed no more */
        free(p[0]);
        free(barrier);
    }
    must(mallinfo2().ordblks == 1 && mallinfo2().uordblks == 0);
}

static void best_fit(void *unused)
{
    static const size_t sizes[] = {3000, 2100, 2600, 50, 2200, 2280, 60000};
    void *blocks[7];

    (void)unused;
    for (int i = 0; i < 7; i++) {
        blocks[i] = malloc(sizes[i]);
        must(malloc(1));
    }
    for (int i = 0; i < 7; i++)
        free(blocks[i]);
    must(malloc(2150) == blocks[4]);
    must(malloc(2500) == blocks[2]);
    must(malloc(50) == blocks[3]);
    must(malloc(2100) == blocks[1]);
    must(malloc(3000) == blocks[0]);
    must(malloc(30000) == blocks[6]);
    must(!heap_check());
}

static bool all_zero(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i])
            return false;
    return true;
}

static void calloc_leaves_untouched_pages_alone(void *unused)
{
    (void)unused;
    must(mallopt(M_MMAP_THRESHOLD, 64 << 20) == 1);
    must(malloc(1));

    size_t before = host_resident();
    char *p = calloc(1000, 10000);

    must(p && host_resident() <= before + 2); /* two headers: its own and the one of the top behind it */
    must(all_zero(p, 10000000));
    memset(p, 0xff, 10000000);
    free(p);
    must(mallinfo2().keepcost < 132 * KIB);
    p = calloc(1000, 10000); /* partly memory that was never given back to the kernel */
    must(all_zero(p, 10000000));
    memset(p, 0xff, 10000000);
    p = realloc(p, 5000000);
    char *q = calloc(4000000, 1);

    must(all_zero(q, 4000000));
    must(!heap_check());
}

static void calloc_after_foreign_bytes(void *unused)
{
    (void)unused;
    host_sbrk(3000);
    memset((void *)host_arena(), 0xff, 3000);
    host_sbrk(-2900); /* the page stays, dirty behind the break */

    char *p = calloc(1, 20000);

    must((uintptr_t)p >= host_arena() + 100 && all_zero(p, 20000));
    must(host_break() % PAGE == 0);
    must(!heap_check());
}

static void foreign_break_moves_are_survived(void *unused)
{
    char *blocks[300];
    char *foreign[300];

    (void)unused;
    for (int i = 0; i < 300; i++) {
        blocks[i] = malloc(5000);
        memset(blocks[i], i, 5000);
        foreign[i] = (char *)host_break();
        if (i % 7 == 0) {
            host_sbrk(100);
            memset(foreign[i], 0xee, 100);
        }
        must(!heap_check());
    }
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 5000; k++)
            must(blocks[i][k] == (char)i);
        free(blocks[i]);
        must(!heap_check());
    }
    for (int i = 0; i < 300; i += 7)
        for (int k = 0; k < 100; k++)
            must(foreign[i][k] == (char)0xee);
    must(mallinfo2().uordblks == 0);
}

static void trim_leaves_foreign_memory_alone(void *unused)
{
    (void)unused;
    char *p = malloc(120 * KIB);
    char *q = malloc(120 * KIB);
    char *foreign = (char *)host_break();

    host_sbrk(100);
    memset(foreign, 0xee, 100);
    free(q);
    free(p);
    must(malloc_trim(0) == 1); /* pages below it were given back, the break stays */
    must((uintptr_t)foreign + 100 == host_break() && foreign[99] == (char)0xee);
    must(!heap_check());
}

static void without_brk_mappings_serve(void *unused)
{
    static char *blocks[3000];

    (void)unused;
    host.refuse_break = true;
    for (int i = 0; i < 3000; i++) {
        blocks[i] = malloc(1000);
        must(blocks[i]);
        memset(blocks[i], i, 1000);
    }
    must(heap_bytes() == 0 && host.mappings == 0); /* in reserved addresses, which are no rows of their own */
    must(!heap_check());
    for (int i = 2999; i >= 0; i--) {
        must(blocks[i][999] == (char)i);
        free(blocks[i]);
    }
    must(!heap_check());
    must(malloc_trim(0) == 1 && host_resident() < 10);
    host.refuse_break = false;
    must(malloc(100 * KIB * 9));
    must(!heap_check());
}

static void brk_stops_in_the_middle(void *unused)
{
    (void)unused;
    char *p = malloc(100 * KIB);

    host.refuse_break = true;
    char *q = malloc(127 * KIB);
    char *r = malloc(127 * KIB);

    must(p && q && r);
    must(host.mappings == 0);
    must(!heap_check());
    host.refuse_break = false;
    for (int i = 0; i < 20; i++)
        must(malloc(100 * KIB));
    must(!heap_check());
    free(p);
    free(q);
    free(r);
    must(!heap_check());
}

static void aligned_blocks(void *unused)
{
    (void)unused;
    for (size_t alignment = 1; alignment <= MIB; alignment *= 2) {
        for (size_t size = 0; size < 300 * KIB; size = size * 3 + 1) {
            char *p = memalign(alignment, size);

            must(p && (uintptr_t)p % alignment == 0 && malloc_usable_size(p) >= size);
            memset(p, 1, size);
            must(!heap_check());
            if (size % 2)
                free(p);
        }
    }
    must((uintptr_t)valloc(1) % PAGE == 0);
    must(malloc_usable_size(pvalloc(PAGE + 1)) >= 2 * PAGE);

    void *result = &result;

    must(posix_memalign(&result, 24, 1) == EINVAL && posix_memalign(&result, 4, 1) == EINVAL);
    must(posix_memalign(&result, 64, (size_t)1 << 50) == ENOMEM && result == &result);
    must(posix_memalign(&result, 64, 1) == 0 && (uintptr_t)result % 64 == 0);
    errno = 0;
    must(!aligned_alloc(48, 96) && errno == EINVAL);
    must(!heap_check());
}

static void realloc_stays_where_it_can(void *unused)
{
    (void)unused;
    char *p = malloc(100);
    char *q = malloc(1000);
    char *r = malloc(100);

    memset(p, 'p', 100);
    free(q);
    must(realloc(p, 1100) == p); /* into the free neighbour */
    must(realloc(p, 50) == p);   /* the rest is a chunk again */
    must(malloc(1000) == p + 64);
    char *moved = realloc(p, 2000);

    must(moved != p && moved[0] == 'p' && moved[49] == 'p');
    must(realloc(moved, 120 * KIB) == moved); /* the last one grows into the top, and raises the break */
    must(realloc(moved, 10) == moved);
    must(realloc(r, 0) == NULL);
    must(!heap_check());
}

static void realloc_leaves_a_whole_top(void *unused)
{
    (void)unused;
    must(mallopt(M_TOP_PAD, 0) == 1 && mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1);
    for (size_t rest = 0; rest < 100; rest++) {
        char *p = malloc(200);

        p = realloc(p, malloc_usable_size(p) + mallinfo2().keepcost - rest);
        must(p && !heap_check());
        must(mallinfo2().keepcost >= 32);
    }
}

static void realloc_of_mappings(void *no_mremap)
{
    host.refuse_remap = *(bool *)no_mremap;

    char *p = malloc(100 * KIB);

    for (size_t i = 0; i < 100 * KIB; i++)
        p[i] = (char)(i * 7);
    p = realloc(p, 200 * KIB);
    must(host.mappings == 1);
    p = realloc(p, 5 * MIB);
    must(host.mappings == 1 && malloc_usable_size(p) >= 5 * MIB);
    p = realloc(p, 150 * KIB);
    for (size_t i = 0; i < 100 * KIB; i++)
        must(p[i] == (char)(i * 7));
    if (!host.refuse_remap)
        must(host.mapped_bytes == 152 * KIB);
    free(p);
    must(host.mappings == 0 && !heap_check());
}

static void limits(void *unused)
{
    static const size_t absurd[] = {(size_t)PTRDIFF_MAX,  (size_t)PTRDIFF_MAX + 1, SIZE_MAX,
                                    SIZE_MAX - 15,        SIZE_MAX - 4096,         (size_t)1 << 47,
                                    ((size_t)1 << 47) - 1};
    volatile size_t huge = SIZE_MAX / 2 + 1;
    char *p = malloc(0);
    char *q = malloc(0);

    (void)unused;
    must(p && q && p != q);
    free(p);
    free(q);
    free(NULL);
    must(malloc_usable_size(NULL) == 0);
    p = malloc(10);
    for (size_t i = 0; i < sizeof(absurd) / sizeof(*absurd); i++) {
        errno = 0;
        must(!malloc(absurd[i]) && errno == ENOMEM);
        errno = 0;
        must(!realloc(p, absurd[i]) && errno == ENOMEM);
        errno = 0;
        must(!memalign(4096, absurd[i]) && errno == ENOMEM);
        must(!memalign((size_t)1 << 62, absurd[i]) && !pvalloc(absurd[i]));
    }
    errno = 0;
    must(!calloc(huge, 2) && errno == ENOMEM);
    errno = 0;
    must(!reallocarray(p, huge, 2) && errno == ENOMEM);
    must(reallocarray(p, 10, 2) == p);
    errno = 77;
    free(malloc(128 * KIB));
    free(p);
    must(errno == 77 && !heap_check());
}

static void many_mappings(void *unused)
{
    static char *blocks[3000];

    (void)unused;
    must(mallopt(M_MMAP_THRESHOLD, 1000) == 1);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3000; i++) {
            blocks[i] = calloc(1, 1000 + (size_t)i);
            memset(blocks[i], i, 1000);
        }
        must(!heap_check() && mallinfo2().hblks == 3000);
        for (int i = 0; i < 3000; i += 1 + round) {
            must(blocks[i][0] == (char)i && blocks[i][999] == (char)i);
            free(blocks[i]);
        }
        must(!heap_check());
    }
    must(mallinfo2().hblks == 1500);
}

static int collect(const struct heap_block *block, void *context)
{
    enum heap_state **at = context;

    *(*at)++ = block->state;
    return 0;
}

static void walk_shows_everything(void *unused)
{
    enum heap_state seen[8];
    enum heap_state *at = seen;

    (void)unused;
    char *p = malloc(10);

    must(malloc(10) && malloc(MIB));
    free(p);
    must(heap_walk(collect, &at) == 0);
    must(at == seen + 4 && seen[0] == HEAP_FREE && seen[1] == HEAP_USED && seen[2] == HEAP_TOP &&
         seen[3] == HEAP_MAPPED);
}

static void *work(void *seed)
{
    unsigned random = *(unsigned *)seed;

    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;

        size_t size = random >> 20;
        char *p = malloc(size + 1);

        must(p);
        p[0] = p[size] = (char)random;
        char *q = realloc(p, 2 * size + 1);

        must(q && q[0] == (char)random && q[size] == (char)random);
        free(q);
    }
    return NULL;
}

static void the_lock_is_held(void *unused)
{
    unsigned seeds[4] = {1, 2, 3, 4};
    pthread_t threads[4];

    (void)unused;
    for (int i = 0; i < 4; i++)
        must(pthread_create(&threads[i], NULL, work, &seeds[i]) == 0);
    for (int i = 0; i < 4; i++)
        must(pthread_join(threads[i], NULL) == 0);
    must(!heap_check() && mallinfo2().uordblks == 0);
}

#define CHILD_TEST(name)                                                                                     \
    static void test_##name(void **state)                                                                    \
    {                                                                                                        \
        (void)state;                                                                                         \
        child_passes(name, NULL);                                                                            \
    }

CHILD_TEST(first_step_is_132_kib)
CHILD_TEST(growth_is_what_is_missing_plus_pad)
CHILD_TEST(large_requests_have_their_own_mapping)
CHILD_TEST(environment_moves_the_threshold)
CHILD_TEST(mallopt_moves_the_threshold)
CHILD_TEST(top_is_trimmed_but_not_for_nothing)
CHILD_TEST(trim_can_be_turned_off)
CHILD_TEST(neighbours_merge)
CHILD_TEST(best_fit)
CHILD_TEST(calloc_leaves_untouched_pages_alone)
CHILD_TEST(calloc_after_foreign_bytes)
CHILD_TEST(foreign_break_moves_are_survived)
CHILD_TEST(trim_leaves_foreign_memory_alone)
CHILD_TEST(realloc_leaves_a_whole_top)
CHILD_TEST(without_brk_mappings_serve)
CHILD_TEST(brk_stops_in_the_middle)
CHILD_TEST(aligned_blocks)
CHILD_TEST(realloc_stays_where_it_can)
CHILD_TEST(limits)
CHILD_TEST(many_mappings)
CHILD_TEST(walk_shows_everything)
CHILD_TEST(the_lock_is_held)

static void test_realloc_of_mappings(void **state)
{
    bool no_mremap[] = {false, true};

    (void)state;
    child_passes(realloc_of_mappings, &no_mremap[0]);
    child_passes(realloc_of_mappings, &no_mremap[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_step_is_132_kib),
        cmocka_unit_test(test_growth_is_what_is_missing_plus_pad),
        cmocka_unit_test(test_large_requests_have_their_own_mapping),
        cmocka_unit_test(test_environment_moves_the_threshold),
        cmocka_unit_test(test_mallopt_moves_the_threshold),
        cmocka_unit_test(test_top_is_trimmed_but_not_for_nothing),
        cmocka_unit_test(test_trim_can_be_turned_off),
        cmocka_unit_test(test_neighbours_merge),
        cmocka_unit_test(test_best_fit),
        cmocka_unit_test(test_calloc_leaves_untouched_pages_alone),
        cmocka_unit_test(test_calloc_after_foreign_bytes),
        cmocka_unit_test(test_foreign_break_moves_are_survived),
        cmocka_unit_test(test_trim_leaves_foreign_memory_alone),
        cmocka_unit_test(test_realloc_leaves_a_whole_top),
        cmocka_unit_test(test_without_brk_mappings_serve),
        cmocka_unit_test(test_brk_stops_in_the_middle),
        cmocka_unit_test(test_aligned_blocks),
        cmocka_unit_test(test_realloc_stays_where_it_can),
        cmocka_unit_test(test_realloc_of_mappings),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_mappings),
        cmocka_unit_test(test_walk_shows_everything),
        cmocka_unit_test(test_the_lock_is_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
