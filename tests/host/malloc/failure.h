/* SPDX-License-Identifier: MIT */
/* failure.h - every request to the machine refused in turn.
 *
 * One script of operations runs again and again: with the first request for memory refused, with the second,
 * and so on until no more happen; then the same with all requests from the n-th on refused. Each time: an
 * operation that fails says so with NULL and ENOMEM, no block loses a byte, heap_check holds, and once memory
 * is there again everything works and everything can be freed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "allocator.h"
#include "child.h"
#include "glue_host.h"
#include "inspect.h"
#include "interface.h"

#define BLOCKS 120
#define KIB ((size_t)1024)
#define NEVER_REFUSED 2 /* the child's exit status when the script made fewer requests */

static unsigned char *blocks[BLOCKS];
static size_t sizes[BLOCKS];
static size_t failed;

/* Of a large block only every 61st byte is written and looked at: several hundred runs have to be quick. */
static size_t step_of(size_t size)
{
    return size > 4 * KIB ? 61 : 1;
}

static void fill(int i)
{
    for (size_t k = 0; k < sizes[i]; k += step_of(sizes[i]))
        blocks[i][k] = (unsigned char)(i + (int)k);
}

static void verify(int i, size_t size)
{
    for (size_t k = 0; k < size; k += step_of(sizes[i]))
        must(blocks[i][k] == (unsigned char)(i + (int)k));
}

static void check_failure(void)
{
    must(errno == ENOMEM);
    failed++;
}

static void take(int i, size_t size)
{
    static void *(*const zeroed)(size_t number, size_t bytes) = calloc;

    errno = 0;
    blocks[i] = i % 3 == 0   ? malloc(size)
                : i % 3 == 1 ? zeroed(1, size)
                             : memalign((size_t)64 << i % 8, size);
    if (!blocks[i]) {
        check_failure();
        return;
    }
    sizes[i] = size;
    for (size_t k = 0; i % 3 == 1 && k < size; k += step_of(size))
        must(blocks[i][k] == 0);
    fill(i);
}

static void resize(int i, size_t size)
{
    if (!blocks[i])
        return;
    errno = 0;

    unsigned char *p = realloc(blocks[i], size);
    size_t kept = size < sizes[i] ? size : sizes[i];

    if (!p) {
        check_failure();
        verify(i, sizes[i]);
        return;
    }
    blocks[i] = p;
    verify(i, kept);
    sizes[i] = size;
    fill(i);
}

static void drop(int i)
{
    if (blocks[i])
        verify(i, sizes[i]);
    free(blocks[i]);
    blocks[i] = NULL;
}

static size_t size_of_step(int i)
{
    if (i % 20 == 5)
        return 140 * KIB + (size_t)i * 100;
    return i % 7 == 0 ? 19000 + (size_t)i * 100 : (size_t)i * 6;
}

static void script(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        size_t failed_before = failed;

        take(i, size_of_step(i));
        if (i % 5 == 0)
            resize(i / 2, size_of_step(BLOCKS - i) + 1);
        if (i % 20 == 6)
            resize(i - 1, 300 * KIB);
        if (i % 20 == 8)
            resize(i - 3, 130 * KIB);
        if (i % 4 == 0)
            drop(i / 3);
        if (i % 16 == 0 || failed > failed_before)
            must(!heap_check());
    }
}

static void run(void *environment)
{
    host.environment[0] = environment;
    script();

    bool reached = host.requests >= (host.fail_at ? host.fail_at : host.fail_from);

    host.fail_at = 0;
    host.fail_from = 0;
    must(!heap_check());
    for (int i = 0; i < BLOCKS; i++)
        if (!blocks[i])
            take(i, size_of_step(i));
    for (int i = 0; i < BLOCKS; i++) {
        must(blocks[i]);
        drop(i);
    }
    must(!heap_check());
    must(mallinfo2().uordblks == 0 && mallinfo2().hblks == 0);
    _exit(reached ? 0 : NEVER_REFUSED);
}

struct refusal {
    size_t at, from;
    const char *environment;
};

static void run_refused(void *argument)
{
    const struct refusal *refusal = argument;

    host.fail_at = refusal->at;
    host.fail_from = refusal->from;
    run((void *)(uintptr_t)refusal->environment);
}

/* => how many requests were refused in turn */
static size_t refuse_each(bool for_good, const char *environment)
{
    for (size_t n = 1; n < 10000; n++) {
        struct refusal refusal = {for_good ? 0 : n, for_good ? n : 0, environment};
        struct child_end end = child_run(run_refused, &refusal);

        if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == NEVER_REFUSED)
            return n - 1;
        if (end.status != 0)
            fail_msg("request %zu refused%s: wait status 0x%x\n%s", n, for_good ? " and all later ones" : "",
                     (unsigned)end.status, end.text);
    }
    fail_msg("the script never ended");
    return 0;
}

static void test_each_alone(void **state)
{
    (void)state;
    assert_true(refuse_each(false, NULL) > 15);
    assert_true(refuse_each(false, "MALLOC_TOP_PAD_=0") > 25);
    assert_true(refuse_each(false, "MALLOC_MMAP_THRESHOLD_=500") > 50);
    assert_true(refuse_each(false, "MALLOC_CHECK_=3") > 15);
}

static void test_all_from_one_on(void **state)
{
    (void)state;
    assert_true(refuse_each(true, NULL) > 15);
    assert_true(refuse_each(true, "MALLOC_TOP_PAD_=0") > 25);
    assert_true(refuse_each(true, "MALLOC_MMAP_THRESHOLD_=500") > 50);
}

static void nothing_at_all(void *unused)
{
    (void)unused;
    host.fail_from = 1;
    script();
    must(failed == BLOCKS && host.break_moves == 0 && host.mappings == 0);
    must(!heap_check());
}

static void test_nothing_at_all(void **state)
{
    (void)state;
    child_passes(nothing_at_all, NULL);
}

#ifdef SIMPLE_ONES
static void test_the_simple_ones(void **state)
{
    static const struct allocator *const simple[] = {&allocator_bump, &allocator_implicit, &allocator_first,
                                                     &allocator_list};

    (void)state;
    for (size_t i = 0; i < sizeof(simple) / sizeof(*simple); i++) {
        allocator_chosen = simple[i];
        assert_true(refuse_each(false, NULL) > 5);
        assert_true(refuse_each(true, NULL) > 5);
        child_passes(nothing_at_all, NULL);
    }
    allocator_chosen = &allocator_classic;
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_alone),
        cmocka_unit_test(test_all_from_one_on),
        cmocka_unit_test(test_nothing_at_all),
#ifdef SIMPLE_ONES
        cmocka_unit_test(test_the_simple_ones),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
