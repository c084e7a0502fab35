/* SPDX-License-Identifier: MIT */
/* test_vma.c - the set of regions against a model that is a plain array of pages: of 4 KiB, and of 32 GiB, with which regions and gaps
 * are as large as an address space can hold. */
/* sources: kernel/mm/vma.c kernel/mm/kmem.c kernel/mm/page.c kernel/mm/buddy.c kernel/mm/bootmem.c tests/host/shim/machine.c */
/* flags: -isystem build/include -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/machine.h"

#include <mm/vma.h>

#define PAGES 4000UL
#define BASE (1UL << 30)

static struct vma_set set;
static struct vma *model[PAGES]; /* who has the page */
static uint64_t page_size;

static vaddr_t address(uint64_t page)
{
    return BASE + page * page_size;
}

static uint64_t pages_of(const struct vma *vma)
{
    return (vma->end - vma->start) / page_size;
}

static void check(void)
{
    const char *broken = vma_set_check(&set);

    if (broken)
        fail_msg("vma_set_check: %s", broken);
}

static bool free_run(uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        if (i >= PAGES || model[i])
            return false;
    return true;
}

static void fill(uint64_t first, uint64_t count, struct vma *vma)
{
    for (uint64_t i = first; i < first + count; i++)
        model[i] = vma;
}

static void insert_at(uint64_t first, uint64_t count)
{
    struct vma *vma = vma_alloc();

    vma->source = NULL;
    vma->start = address(first);
    vma->end = address(first + count);
    vma_insert(&set, vma);
    fill(first, count, vma);
}

static void insert_random(void)
{
    uint64_t count = 1 + machine_random(machine_random(5) ? 4 : 60);
    uint64_t first = machine_random(PAGES - count);

    assert_int_equal(vma_range_free(&set, address(first), address(first + count)), free_run(first, count));
    if (free_run(first, count))
        insert_at(first, count);
}

static void remove_random(void)
{
    struct vma *vma = model[machine_random(PAGES)];

    if (!vma)
        return;
    fill((vma->start - BASE) / page_size, pages_of(vma), NULL);
    vma_remove(&set, vma);
    vma_free(vma);
}

static void resize_random(void)
{
    struct vma *vma = model[machine_random(PAGES)];

    if (!vma || pages_of(vma) < 2)
        return;
    uint64_t first = (vma->start - BASE) / page_size, count = pages_of(vma);
    fill(first, count, NULL);
    uint64_t cut = machine_random(count);
    if (machine_random(2))
        vma_resize(&set, vma, vma->start + cut * page_size, vma->end);
    else
        vma_resize(&set, vma, vma->start, vma->end - cut * page_size);
    fill((vma->start - BASE) / page_size, pages_of(vma), vma);
}

static void find_random(void)
{
    uint64_t page = machine_random(PAGES), above = page;

    assert_ptr_equal(vma_find(&set, address(page) + machine_random(page_size)), model[page]);
    while (above < PAGES && !model[above])
        above++;
    assert_ptr_equal(vma_find_from(&set, address(page)), above < PAGES ? model[above] : NULL);
}

/* The highest run of `count` free pages within [low, high), by looking at every page. */
static vaddr_t gap_by_model(uint64_t count, uint64_t low, uint64_t high)
{
    for (uint64_t first = high - count + 1; first-- > low;)
        if (free_run(first, count))
            return address(first);
    return 0;
}

static void gap_random(void)
{
    uint64_t low = machine_random(PAGES / 2), high = low + 1 + machine_random(PAGES - low - 1);

    if (machine_random(2)) { /* as mmap asks: the set remembers where the last search ended */
        low = 0;
        high = PAGES - 100;
    }
    uint64_t count = 1 + machine_random(MIN(high - low, machine_random(2) ? 3UL : 40UL));

    vaddr_t place = vma_gap_below(&set, count * page_size, address(low), address(high));
    assert_int_equal(place, gap_by_model(count, low, high));
    if (place && machine_random(2))
        insert_at((place - BASE) / page_size, count);
}

static void random_operations(uint64_t size, bool search)
{
    page_size = size;
    memset(model, 0, sizeof(model));
    vma_set_init(&set);
    for (int step = 0; step < 60000; step++) {
        switch (machine_random(8)) {
        case 0:
        case 1:
        case 2:
            insert_random();
            break;
        case 3:
        case 4:
            remove_random();
            break;
        case 5:
            resize_random();
            break;
        case 6:
            find_random();
            break;
        default:
            if (search)
                gap_random();
        }
        if (step % 500 == 0)
            check();
    }
    check();
    while (!TAILQ_EMPTY(&set.list)) {
        struct vma *vma = TAILQ_FIRST(&set.list);
        vma_remove(&set, vma);
        vma_free(vma);
    }
    check();
}

static int depth(const struct vma *vma)
{
    if (!vma)
        return 0;
    int left = depth(RB_LEFT(vma, node)), right = depth(RB_RIGHT(vma, node));
    return 1 + MAX(left, right);
}

/* 65 530 regions (Linux's limit) stay a shallow tree: at most 2 log2(n + 1) levels. */
static void many_regions(void **state)
{
    (void)state;
    vma_set_init(&set);
    for (uint64_t i = 0; i < 65530; i++) {
        struct vma *vma = vma_alloc();
        assert_non_null(vma);
        vma->source = NULL;
        vma->start = BASE + 2 * i * PAGE_SIZE;
        vma->end = vma->start + PAGE_SIZE;
        vma_insert(&set, vma);
    }
    check();
    assert_true(depth(RB_ROOT(&set.tree)) <= 32);
    assert_int_equal(vma_gap_below(&set, PAGE_SIZE, BASE, BASE + 2 * 65530 * PAGE_SIZE),
                     BASE + (2 * 65530UL - 1) * PAGE_SIZE);
    assert_int_equal(vma_gap_below(&set, 2 * PAGE_SIZE, BASE, BASE + 2 * 65530 * PAGE_SIZE), 0);
}

/* The set alone, without the search for room. */
static void regions_are_found(void **state)
{
    (void)state;
    random_operations(PAGE_SIZE, false);
}

static void random_operations_on_pages(void **state)
{
    (void)state;
    random_operations(PAGE_SIZE, true);
}

static void random_operations_on_all_there_is(void **state)
{
    (void)state;
    random_operations(32 * GIB, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_found), cmocka_unit_test(random_operations_on_pages),
        cmocka_unit_test(random_operations_on_all_there_is), cmocka_unit_test(many_regions)};

    machine_start(64 * MIB);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
