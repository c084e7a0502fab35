/* SPDX-License-Identifier: MIT */
/* test_page.c - the frame allocator: no frame twice, all of them found again, the ledger exact at every step.
 */
/* sources: kernel/mm/page.c kernel/mm/buddy.c kernel/mm/bootmem.c tests/host/shim/machine.c */
/* flags: -isystem build/include -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "shim/machine.h"

/* Three sections, the last one not full; RAM ends with a block of order 6, whose buddy does not exist. */
#define RAM (300 * MIB - 256 * KIB)
#define FRAMES (RAM >> PAGE_SHIFT)

static uint8_t taken[FRAMES];

static void mark(const struct page *page, unsigned order, bool take)
{
    pfn_t pfn = page_to_pfn(page);

    assert_int_equal(pfn & ((1UL << order) - 1), 0);
    assert_true(pfn > 0 && pfn + (1UL << order) <= FRAMES);
    for (pfn_t i = pfn; i < pfn + (1UL << order); i++) {
        assert_int_equal(taken[i], !take);
        taken[i] = take;
    }
}

static void check(void)
{
    const char *broken = page_check();

    if (broken)
        fail_msg("page_check: %s", broken);
}

static void random_blocks(void **state)
{
    enum { HELD = 2000, STEPS = 60000 };
    static struct page *held[HELD];
    uint64_t used = machine_frames_used();
    (void)state;

    for (int step = 0; step < STEPS; step++) {
        struct page **slot = &held[machine_random(HELD)];
        if (*slot) {
            mark(*slot, (*slot)->order, false);
            page_put(*slot);
            *slot = NULL;
        } else {
            unsigned order = machine_random(4) ? 0 : (unsigned)machine_random(PAGE_MAX_ORDER + 1);
            *slot = page_alloc_order(PAGE_ANON, order);
            if (*slot) {
                assert_int_equal((*slot)->refs, 1);
                assert_int_equal((*slot)->maps, 0);
                mark(*slot, order, true);
            }
        }
        if (step % 5000 == 0)
            check();
    }
    for (int i = 0; i < HELD; i++)
        if (held[i]) {
            mark(held[i], held[i]->order, false);
            page_put(held[i]);
            held[i] = NULL;
        }
    check();
    assert_int_equal(machine_frames_used(), used);
}

static void exhaustion_and_refill(void **state)
{
    struct page *first = NULL;
    uint64_t count = 0, blocks[PAGE_MAX_ORDER + 1];
    struct page_ledger ledger;
    (void)state;

    page_ledger(&ledger);
    uint64_t free_frames = ledger.frames[PAGE_FREE];
    for (struct page *page; (page = page_alloc(PAGE_FILE)) != NULL; count++) {
        mark(page, 0, true);
        page->object = first;
        first = page;
    }
    assert_int_equal(count, free_frames);
    assert_null(page_alloc_order(PAGE_FILE, 3));
    check();
    for (struct page *page = first, *next; page; page = next) {
        next = page->object;
        mark(page, 0, false);
        page_put(page);
    }
    check();
    page_buddy_counts(blocks);
    assert_true(blocks[0] < 400); /* single frames: a CPU's cache, and what has its buddy there */

    /* All joined again: as many of the largest blocks as fit (the allocation that fails drains the CPU's cache first). */
    first = NULL;
    count = 0;
    for (struct page *page; (page = page_alloc_order(PAGE_FILE, PAGE_MAX_ORDER)) != NULL; count++) {
        page->object = first;
        first = page;
    }
    assert_true(count >= (free_frames >> PAGE_MAX_ORDER) - 2);
    for (struct page *page = first, *next; page; page = next) {
        next = page->object;
        page_put(page);
    }
    check();
}

/* An emptied page table is handed out again without being cleared; any other use gets it when nothing else is left. */
static void zeroed_frames_are_kept(void **state)
{
    enum { KEPT = 100 }; /* more than the list holds */
    static struct page *pages[KEPT];
    struct page_ledger before, after;
    uint64_t used = machine_frames_used(), count = 0;
    struct page *first = NULL;
    (void)state;

    for (int i = 0; i < KEPT; i++) {
        pages[i] = page_alloc_zeroed(PAGE_TABLE);
        mark(pages[i], 0, true);
    }
    for (int i = 0; i < KEPT; i++) {
        mark(pages[i], 0, false);
        page_put_zeroed(pages[i]);
        check();
    }
    assert_int_equal(machine_frames_used(), used);
    uint64_t *bytes = page_to_virt(pages[0]);
    bytes[511] = 1;
    assert_non_null(page_check());
    bytes[511] = 0;
    check();

    struct page *again = page_alloc_zeroed(PAGE_TABLE);
    for (int i = 0; i < 512; i++)
        assert_int_equal(((uint64_t *)page_to_virt(again))[i], 0);
    page_put_zeroed(again);

    page_ledger(&before);
    for (struct page *page; (page = page_alloc(PAGE_FILE)) != NULL; count++) {
        mark(page, 0, true);
        page->object = first;
        first = page;
    }
    assert_int_equal(count, before.frames[PAGE_FREE]);
    for (struct page *page = first, *next; page; page = next) {
        next = page->object;
        mark(page, 0, false);
        page_put(page);
    }
    page_ledger(&after);
    assert_memory_equal(&before, &after, sizeof(before));
    check();
}

static void references(void **state)
{
    struct page *page = page_alloc(PAGE_ANON);
    uint64_t used = machine_frames_used();
    (void)state;

    page_get(page);
    page_put(page);
    assert_int_equal(machine_frames_used(), used);
    page_put(page);
    assert_int_equal(machine_frames_used(), used - 1);
}

static void ledger_adds_up(void **state)
{
    struct page_ledger ledger;
    (void)state;

    page_ledger(&ledger);
    assert_int_equal(ledger.total, FRAMES);
    assert_int_equal(ledger.frames[PAGE_FIRMWARE], 1); /* frame 0 */
}

static void a_broken_ledger_is_noticed(void **state)
{
    struct page *page = page_alloc(PAGE_ANON);
    (void)state;

    page->owner = PAGE_FILE;
    assert_string_equal(page_check(), page_owner_name(PAGE_ANON));
    page->owner = PAGE_ANON;
    page->refs = 0;
    assert_non_null(page_check());
    page->refs = 1;
    check();
    page_put(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger_adds_up),         cmocka_unit_test(references),
        cmocka_unit_test(random_blocks),          cmocka_unit_test(exhaustion_and_refill),
        cmocka_unit_test(zeroed_frames_are_kept), cmocka_unit_test(a_broken_ledger_is_noticed),
    };

    machine_start(RAM);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
