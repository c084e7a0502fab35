/* SPDX-License-Identifier: MIT */
/* test_pmap.c - real x86-64 page tables in an arena, against a model: which frame each page has, and whether it may be written.
 */
/* sources: kernel/mm/pmap.c kernel/mm/slot.c kernel/mm/pt.c kernel/mm/page.c kernel/mm/buddy.c kernel/mm/bootmem.c tests/host/shim/machine.c */
/* flags: -isystem build/include -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/machine.h"

#include <asm-generic/errno.h>
#include <mm/pmap.h>
#include <mm/pt.h>
#include <x86/cpu.h>

#define PAGES 6000UL

/* Pages in six clusters that share tables on different levels. */
static vaddr_t address(uint64_t page)
{
    static const vaddr_t clusters[] = {0x400000,
                                       0x10000000 - 500 * PAGE_SIZE,
                                       0x40000000UL - 300 * PAGE_SIZE,
                                       0x7f8000000000UL - 700 * PAGE_SIZE,
                                       0x7ffff0000000UL,
                                       0x7ffffffff000UL - 1000 * PAGE_SIZE};
    return clusters[page / 1000] + page % 1000 * PAGE_SIZE;
}

struct expected {
    struct page *page; /* NULL: nothing */
    bool zero, write;
};
static struct expected model[PAGES];
static struct pmap pmap;

static void check(const struct pmap *which)
{
    const char *broken = pmap_check(which);

    if (!broken)
        broken = page_check();
    if (broken)
        fail_msg("%s", broken);
}

static void compare_all(void)
{
    for (uint64_t i = 0; i < PAGES; i++) {
        pte_t pte = pmap_lookup(&pmap, address(i));
        if (model[i].zero) {
            assert_true(pmap_is_zero_page(pte) && !(pte & PTE_WRITE));
            continue;
        }
        if (!model[i].page) {
            assert_int_equal(pte, 0);
            continue;
        }
        assert_true(pte & PTE_PRESENT && pte & PTE_USER);
        assert_int_equal(pte_pfn(pte), page_to_pfn(model[i].page));
        assert_int_equal(!!(pte & PTE_WRITE), model[i].write);
    }
}

static void enter_random(void)
{
    uint64_t i = machine_random(PAGES);

    if (machine_random(4) == 0) {
        if (pmap_enter(&pmap, address(i), zero_page, PTE_NX) == 0)
            model[i] = (struct expected){.zero = true};
        return;
    }
    struct page *page = page_alloc(machine_random(2) ? PAGE_ANON : PAGE_FILE);
    bool write = machine_random(2);
    assert_non_null(page);
    if (pmap_enter(&pmap, address(i), page, PTE_NX | (write ? PTE_WRITE : 0)) == 0)
        model[i] = (struct expected){page, false, write};
    else
        page_put(page);
}

static void remove_random(void)
{
    uint64_t cluster = machine_random(6) * 1000, first = machine_random(1000),
             count = 1 + machine_random(machine_random(9) ? 20 : 1000);

    count = MIN(count, 1000 - first);
    pmap_remove(&pmap, address(cluster + first), address(cluster + first) + count * PAGE_SIZE);
    for (uint64_t i = cluster + first; i < cluster + first + count; i++)
        model[i] = (struct expected){0};
}

static void protect_random(void)
{
    uint64_t first = machine_random(6) * 1000 + machine_random(900), count = 1 + machine_random(99);

    pmap_protect(&pmap, address(first), address(first) + count * PAGE_SIZE, PMAP_READ_ONLY, false);
    for (uint64_t i = first; i < first + count; i++)
        model[i].write = false;
}

static void everything_away(void)
{
    pmap_remove(&pmap, 0, 0x7ffffffff000UL);
    memset(model, 0, sizeof(model));
}

static void random_operations(void **state)
{
    uint64_t used = machine_frames_used();
    (void)state;

    assert_int_equal(pmap_create(&pmap), 0);
    shim_cr3 = pmap.cr3;
    for (int step = 0; step < 30000; step++) {
        uint64_t what = machine_random(10);
        if (what < 7)
            enter_random();
        else if (what < 9)
            remove_random();
        else
            protect_random();
        if (step % 1000 == 0) {
            check(&pmap);
            compare_all();
        }
    }
    everything_away();
    check(&pmap);
    assert_int_equal(pmap.tables, 0); /* no empty table is kept */
    pmap_destroy(&pmap);
    assert_int_equal(machine_frames_used(), used);
}

/* fork: frames are shared, both sides lose the right to write, a copy ends the sharing. */
static void copy_shares(void **state)
{
    struct pmap child;
    uint64_t used = machine_frames_used();
    (void)state;

    pmap_create(&pmap);
    for (uint64_t i = 0; i < 600; i++)
        assert_int_equal(pmap_enter(&pmap, address(i), page_alloc(PAGE_ANON), PTE_WRITE), 0);
    pmap_enter(&pmap, address(700), zero_page, 0);
    pmap_create(&child);
    assert_int_equal(pmap_copy(&child, &pmap, address(0), address(999)), 0);
    for (uint64_t i = 0; i < 600; i++) {
        pte_t ours = pmap_lookup(&pmap, address(i)), theirs = pmap_lookup(&child, address(i));
        assert_int_equal(pte_pfn(ours), pte_pfn(theirs));
        assert_false((ours | theirs) & PTE_WRITE);
        assert_int_equal(pfn_to_page(pte_pfn(ours))->maps, 2);
    }
    assert_true(pmap_is_zero_page(pmap_lookup(&child, address(700))));
    assert_int_equal(child.resident[PAGE_ANON], 600);
    check(&pmap);
    check(&child);
    pmap_remove(&child, 0, 0x7ffffffff000UL);
    pmap_destroy(&child);
    pmap_protect(&pmap, address(0), address(600), PMAP_WRITE_PRIVATE, false);
    assert_true(pmap_lookup(&pmap, address(5)) & PTE_WRITE);
    everything_away();
    pmap_destroy(&pmap);
    assert_int_equal(machine_frames_used(), used);
}

static void no_access_keeps_frames(void **state)
{
    (void)state;
    pmap_create(&pmap);
    pmap_enter(&pmap, address(3), page_alloc(PAGE_ANON), PTE_WRITE | PTE_DIRTY);
    pte_t before = pmap_lookup(&pmap, address(3));
    pmap_protect(&pmap, address(3), address(4), PMAP_NO_ACCESS, false);
    assert_false(pmap_lookup(&pmap, address(3)) & PTE_PRESENT);
    assert_int_equal(pte_pfn(pmap_lookup(&pmap, address(3))), pte_pfn(before));
    assert_int_equal(pmap_resident_pages(&pmap), 1);
    check(&pmap);
    pmap_protect(&pmap, address(3), address(4), PMAP_WRITE_PRIVATE, true);
    assert_int_equal(pmap_lookup(&pmap, address(3)) & (PTE_PRESENT | PTE_WRITE | PTE_NX),
                     PTE_PRESENT | PTE_WRITE);
    everything_away();
    pmap_destroy(&pmap);
}

static void an_entry_is_flushed_before_its_frame_goes(void **state)
{
    (void)state;
    pmap_create(&pmap);
    shim_cr3 = pmap.cr3;
    pmap_enter(&pmap, address(1), page_alloc(PAGE_ANON), PTE_WRITE);
    unsigned long before = shim_flushes;
    pmap_remove(&pmap, address(1), address(2));
    assert_true(shim_flushes > before);
    /* not loaded: no flush is needed */
    shim_cr3 = 0;
    pmap_enter(&pmap, address(1), page_alloc(PAGE_ANON), PTE_WRITE);
    before = shim_flushes;
    pmap_remove(&pmap, address(1), address(2));
    assert_int_equal(shim_flushes, before);
    pmap_destroy(&pmap);
}

/* Every frame allocation fails once: -ENOMEM, and nothing is lost or left half done. */
static void every_allocation_fails_once(void **state)
{
    uint64_t used = machine_frames_used();
    struct pmap child;
    (void)state;

    for (unsigned long n = 1;; n++) {
        machine_fail_after(n);
        bool made = pmap_create(&pmap) == 0;
        for (uint64_t i = 0; made && i < PAGES; i += 250) {
            struct page *page = page_alloc(PAGE_ANON);
            if (page && pmap_enter(&pmap, address(i), page, PTE_WRITE) == -ENOMEM)
                page_put(page);
        }
        if (made && pmap_create(&child) == 0) {
            pmap_copy(&child, &pmap, 0, 0x7ffffffff000UL);
            check(&child);
            pmap_remove(&child, 0, 0x7ffffffff000UL);
            pmap_destroy(&child);
        }
        bool failed = machine_has_failed();
        machine_fail_after(0);
        if (made) {
            check(&pmap);
            everything_away();
            pmap_destroy(&pmap);
        }
        assert_int_equal(machine_frames_used(), used);
        if (!failed)
            break;
    }
}

static void ranges_are_walked_by_runs(void **state)
{
    (void)state;
    pmap_create(&pmap);
    pmap_enter(&pmap, 0x400000, page_alloc(PAGE_ANON), 0);
    pmap_enter(&pmap, 0x7ffffffde000UL, page_alloc(PAGE_ANON), 0);
    struct pt_run run;
    pt_range(&run, pmap.root, 0, 0x7ffffffff000UL);
    assert_true(pt_next_run(&run));
    assert_int_equal(run.va, 0x400000);
    assert_int_equal(run.count, 512);
    assert_true(pt_next_run(&run));
    assert_int_equal(run.va, 0x7fffffe00000UL);
    assert_int_equal(run.count, 511); /* the range ends a page before the table does */
    assert_false(pt_next_run(&run));
    everything_away();
    pmap_destroy(&pmap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations),
        cmocka_unit_test(copy_shares),
        cmocka_unit_test(no_access_keeps_frames),
        cmocka_unit_test(an_entry_is_flushed_before_its_frame_goes),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(ranges_are_walked_by_runs),
    };

    machine_start(128 * MIB);
    pmap_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
