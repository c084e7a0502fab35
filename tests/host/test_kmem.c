/* SPDX-License-Identifier: MIT */
/* test_kmem.c - slabs and kmalloc: objects never overlap, everything comes back, every allocation may fail.
 */
/* sources: kernel/mm/kmem.c kernel/mm/page.c kernel/mm/buddy.c kernel/mm/bootmem.c tests/host/shim/machine.c */
/* flags: -isystem build/include -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/machine.h"

#include <mm/kmem.h>

struct thing {
    char bytes[200];
};
static struct kmem_cache things = KMEM_CACHE("thing", struct thing);
static struct kmem_cache large = {.name = "large", .size = 3000};

static void check(void)
{
    const char *broken = kmem_check();

    if (!broken)
        broken = page_check();
    if (broken)
        fail_msg("%s", broken);
}

/* Each object is filled with its own number; a neighbour's write would show. */
static void objects_are_distinct(void **state)
{
    enum { COUNT = 3000 };
    static struct {
        unsigned char *memory;
        size_t size;
    } held[COUNT];
    (void)state;

    for (int step = 0; step < 40000; step++) {
        unsigned i = (unsigned)machine_random(COUNT);
        if (held[i].memory) {
            for (size_t at = 0; at < held[i].size; at++)
                assert_int_equal(held[i].memory[at], (unsigned char)i);
            kfree(held[i].memory);
            held[i].memory = NULL;
        } else {
            held[i].size = 1 + machine_random(machine_random(20) ? 300 : 20000);
            held[i].memory = kmalloc(held[i].size);
            assert_non_null(held[i].memory);
            assert_int_equal((uintptr_t)held[i].memory % 16, 0);
            memset(held[i].memory, (int)i, held[i].size);
        }
        if (step % 4000 == 0)
            check();
    }
    for (int i = 0; i < COUNT; i++)
        kfree(held[i].memory);
    check();
    for (struct kmem_cache *cache = kmem_first(); cache; cache = cache->next)
        assert_int_equal(cache->in_use, 0);
}

static void slabs_come_back(void **state)
{
    static struct thing *held[500];
    (void)state;

    for (int i = 0; i < 500; i++)
        held[i] = kmem_zalloc(&things);
    for (size_t i = 0; i < sizeof(held[7]->bytes); i++)
        assert_int_equal(held[7]->bytes[i], 0);
    assert_int_equal(things.in_use, 500);
    for (int i = 0; i < 500; i++)
        kmem_free(&things, held[i]);
    assert_int_equal(things.in_use, 0);
    assert_int_equal(things.slabs, 1); /* one empty slab is kept */
    void *object = kmem_alloc(&large);
    assert_non_null(object);
    kmem_free(&large, object);
    check();
}

static void every_allocation_fails_once(void **state)
{
    static void *held[200];
    (void)state;

    for (unsigned long n = 1;; n++) {
        uint64_t in_use = things.in_use;
        int got = 0;
        machine_fail_after(n);
        for (int i = 0; i < 200; i++) {
            held[i] = i % 3 ? kmem_alloc(&things) : kmalloc(5000);
            if (held[i])
                got++;
        }
        bool failed = machine_has_failed();
        assert_true(failed == (got < 200));
        machine_fail_after(0);
        for (int i = 0; i < 200; i++) {
            if (!held[i])
                continue;
            if (i % 3)
                kmem_free(&things, held[i]);
            else
                kfree(held[i]);
        }
        check();
        assert_int_equal(things.in_use, in_use);
        if (!failed)
            break;
    }
}

static void limits(void **state)
{
    (void)state;
    kfree(NULL);
    assert_null(kmalloc(4 * MIB + 1));
    void *block = kmalloc(4 * MIB);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % PAGE_SIZE, 0);
    kfree(block);
    check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_distinct),
        cmocka_unit_test(slabs_come_back),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(limits),
    };

    machine_start(128 * MIB);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
