/* SPDX-License-Identifier: MIT */
/* test_tables.c - page tables step by step: each case needs a little more of pmap.c than the one before. test_pmap.c does it all at once,
 * at random.
 *
 * `walk` here is a walker of its own: it knows the processor's rules and nothing of pmap.c. */
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

#define RAM (64 * MIB)
#define BASE 0x200000000000UL /* begins a table of every level but the highest */
#define USER_END 0x7ffffffff000UL

static struct pmap pmap;
static uint64_t used_before;

static int begin(void **state)
{
    (void)state;
    used_before = machine_frames_used();
    shim_cr3 = 0;
    return pmap_create(&pmap);
}

/* Whatever a case has done: all frames come back. */
static int end(void **state)
{
    (void)state;
    pmap_remove(&pmap, 0, USER_END);
    if (pmap.tables != 0)
        fail_msg("%lu page tables are left when nothing is mapped", (unsigned long)pmap.tables);
    pmap_destroy(&pmap);
    assert_int_equal(machine_frames_used(), used_before);
    return 0;
}

/* What the processor finds for va, rights of all levels taken together (SDM vol. 3, 4.6); 0: it faults. */
static pte_t walk(vaddr_t va)
{
    const pte_t *table = pmap.root;
    pte_t all = ~0UL, any = 0, entry = 0;

    for (int level = 4; level > 0; level--) {
        entry = table[va >> (3 + 9 * level) & 511];
        if (!(entry & 1))
            return 0;
        all &= entry;
        any |= entry;
        table = paddr_to_virt(entry & 0x000ffffffffff000UL);
    }
    return (entry & 0x000ffffffffff000UL) | (all & (1UL << 1 | 1UL << 2)) | (any & 1UL << 63) | 1;
}

static struct page *enter(vaddr_t va, pte_t flags)
{
    struct page *page = page_alloc(PAGE_ANON);

    assert_non_null(page);
    assert_int_equal(pmap_enter(&pmap, va, page, flags), 0);
    return page;
}

static void whole(void)
{
    const char *broken = pmap_check(&pmap);

    if (!broken)
        broken = page_check();
    if (broken)
        fail_msg("%s", broken);
}

/* ---- the cases ---- */

static void nothing_is_mapped_at_first(void **state)
{
    (void)state;
    assert_int_equal(pmap_walk(&pmap, 0), 0);
    assert_int_equal(pmap_walk(&pmap, BASE), 0);
    assert_int_equal(pmap_walk(&pmap, USER_END - PAGE_SIZE), 0);
    assert_int_equal(pmap.tables, 0);
}

static void one_page_takes_three_tables(void **state)
{
    struct page *page = enter(BASE + 5 * PAGE_SIZE, PTE_WRITE | PTE_NX);
    (void)state;

    assert_int_equal(walk(BASE + 5 * PAGE_SIZE), page_to_paddr(page) | PTE_NX | PTE_WRITE | PTE_USER | 1);
    assert_int_equal(pmap_walk(&pmap, BASE + 5 * PAGE_SIZE) & PTE_FRAME_MASK, page_to_paddr(page));
    assert_int_equal(walk(BASE + 4 * PAGE_SIZE), 0);
    assert_int_equal(walk(BASE + 6 * PAGE_SIZE), 0);
    assert_int_equal(pmap.tables, 3);
    whole();
}

/* => how many tables one page more there takes */
static uint64_t tables_for(vaddr_t va)
{
    uint64_t before = pmap.tables;

    enter(va, PTE_WRITE);
    assert_true(walk(va) & PTE_WRITE);
    return pmap.tables - before;
}

static void neighbours_share_tables(void **state)
{
    (void)state;
    assert_int_equal(tables_for(BASE), 3);
    assert_int_equal(tables_for(BASE + PAGE_SIZE), 0);
    assert_int_equal(tables_for(BASE + 511 * PAGE_SIZE), 0);
    assert_int_equal(tables_for(BASE + PT_SPAN(2)), 1);
    assert_int_equal(tables_for(BASE + PT_SPAN(3)), 2);
    assert_int_equal(tables_for(BASE - PAGE_SIZE), 3);
    assert_int_equal(tables_for(BASE + PT_SPAN(3) - PAGE_SIZE), 1);
    whole();
}

static void frames_are_counted(void **state)
{
    struct page *page = enter(BASE, PTE_WRITE);
    (void)state;

    assert_true(page->refs == 1 && page->maps == 1 && pmap.resident[PAGE_ANON] == 1);
    assert_int_equal(pmap_enter(&pmap, BASE + PAGE_SIZE, zero_page, PTE_NX), 0);
    assert_int_equal(pmap.resident[PAGE_ANON], 1); /* the zero page is never resident */
    assert_false(walk(BASE + PAGE_SIZE) & PTE_WRITE);
    assert_true(walk(BASE + PAGE_SIZE) & PTE_NX);
    whole();
}

static void a_page_replaces_another(void **state)
{
    uint64_t used;
    (void)state;

    assert_int_equal(pmap_enter(&pmap, BASE, zero_page, 0), 0);
    used = machine_frames_used();
    struct page *page = enter(BASE, PTE_WRITE);
    assert_int_equal(walk(BASE), page_to_paddr(page) | PTE_WRITE | PTE_USER | 1);
    assert_int_equal(machine_frames_used(), used + 1);
    enter(BASE, 0);
    assert_int_equal(machine_frames_used(), used + 1); /* the one before is free again */
    assert_true(pmap.tables == 3 && pmap.resident[PAGE_ANON] == 1);
    assert_false(walk(BASE) & PTE_WRITE);
    pmap_make_writable(&pmap, BASE);
    assert_true(walk(BASE) & PTE_WRITE && pmap_walk(&pmap, BASE) & PTE_DIRTY);
    whole();
}

static void tables_that_cannot_be_had(void **state)
{
    (void)state;
    for (unsigned long n = 1; n <= 3; n++) {
        struct page *page = page_alloc(PAGE_ANON);

        machine_fail_after(n);
        assert_int_equal(pmap_enter(&pmap, BASE, page, PTE_WRITE), -ENOMEM);
        machine_fail_after(0);
        assert_int_equal(page->refs, 1); /* still ours */
        page_put(page);
        assert_int_equal(pmap.tables, 0); /* those that had been made are gone */
        assert_int_equal(walk(BASE), 0);
        whole();
    }
}

static void ranges_go_by_runs(void **state)
{
    static const struct {
        vaddr_t va;
        size_t count;
    } expected[] = {{BASE - PT_SPAN(2), 512}, {BASE + PAGE_SIZE * 3, 509}, {BASE + PT_SPAN(3), 7}};
    struct pt_run run;
    size_t found = 0;
    (void)state;

    enter(BASE - PAGE_SIZE, 0);
    pt_range(&run, pmap.root, BASE - PT_SPAN(2), BASE);
    assert_true(pt_next_run(&run) && run.va == expected[0].va && run.count == expected[0].count);
    assert_int_equal(run.entry[511] & PTE_FRAME_MASK, walk(BASE - PAGE_SIZE) & PTE_FRAME_MASK);
    assert_false(pt_next_run(&run));
    enter(BASE, 0);
    enter(BASE + PT_SPAN(3), 0);
    pt_range(&run, pmap.root, BASE + PAGE_SIZE * 3, BASE + PT_SPAN(3) + 7 * PAGE_SIZE);
    for (; pt_next_run(&run); found++)
        assert_true(found < 2 && run.va == expected[found + 1].va && run.count == expected[found + 1].count);
    assert_int_equal(found, 2);
    pt_range(&run, pmap.root, BASE + PT_SPAN(2), BASE + PT_SPAN(3));
    assert_false(pt_next_run(&run));
}

static void what_is_removed_is_gone(void **state)
{
    uint64_t used = machine_frames_used();
    (void)state;

    for (vaddr_t i = 0; i < 20; i++)
        enter(BASE + i * PAGE_SIZE, PTE_WRITE);
    pmap_remove(&pmap, BASE + 5 * PAGE_SIZE, BASE + 8 * PAGE_SIZE);
    for (vaddr_t i = 0; i < 20; i++)
        assert_int_equal(walk(BASE + i * PAGE_SIZE) != 0, i < 5 || i >= 8);
    assert_true(pmap.resident[PAGE_ANON] == 17 && pmap.tables == 3);
    whole();
    pmap_remove(&pmap, BASE - PT_SPAN(3), BASE + PT_SPAN(3));
    assert_true(pmap.resident[PAGE_ANON] == 0 && pmap.tables == 0);
    assert_int_equal(machine_frames_used(), used);
    whole();
}

static void an_empty_table_goes_and_no_other(void **state)
{
    (void)state;
    enter(BASE, 0);
    enter(BASE + PT_SPAN(2), 0);
    enter(BASE + PT_SPAN(3), 0);
    assert_int_equal(pmap.tables, 6);
    pmap_remove(&pmap, BASE + PT_SPAN(2), BASE + PT_SPAN(2) + PAGE_SIZE);
    assert_int_equal(pmap.tables, 5);
    pmap_remove(&pmap, BASE + PT_SPAN(3), BASE + PT_SPAN(3) + PAGE_SIZE);
    assert_int_equal(pmap.tables, 3);
    whole();
    enter(BASE + PT_SPAN(3), 0); /* where a table was: nothing may remember the old one */
    assert_int_equal(pmap.tables, 5);
    assert_true(walk(BASE) != 0);
    whole();
}

static void tlbs_hear_of_it_first(void **state)
{
    (void)state;
    shim_cr3 = pmap.cr3; /* as if this CPU ran here */
    enter(BASE, PTE_WRITE);

    unsigned long flushes = shim_flushes;

    enter(BASE, PTE_WRITE);
    assert_true(shim_flushes > flushes);
    flushes = shim_flushes;
    pmap_protect(&pmap, BASE, BASE + PAGE_SIZE, PMAP_READ_ONLY, false);
    assert_true(shim_flushes > flushes);
    flushes = shim_flushes;
    pmap_protect(&pmap, BASE, BASE + PAGE_SIZE, PMAP_READ_ONLY, false);
    assert_int_equal(shim_flushes, flushes); /* nothing has changed */
    pmap_remove(&pmap, BASE, BASE + PAGE_SIZE);
    assert_true(shim_flushes > flushes);
}

static void protection_reaches_what_is_mapped(void **state)
{
    struct page *mine = enter(BASE, PTE_WRITE | PTE_DIRTY), *shared = enter(BASE + PAGE_SIZE, 0);
    (void)state;

    page_get(shared); /* somebody else has it, too */
    pmap_enter(&pmap, BASE + 2 * PAGE_SIZE, zero_page, 0);
    pmap_protect(&pmap, BASE, BASE + 4 * PAGE_SIZE, PMAP_READ_ONLY, true);
    assert_int_equal(walk(BASE), page_to_paddr(mine) | PTE_USER | 1);
    assert_true(pmap_walk(&pmap, BASE) & PTE_DIRTY);
    pmap_protect(&pmap, BASE, BASE + 4 * PAGE_SIZE, PMAP_WRITE_PRIVATE, false);
    assert_int_equal(walk(BASE), page_to_paddr(mine) | PTE_WRITE | PTE_USER | PTE_NX | 1);
    assert_false(walk(BASE + PAGE_SIZE) & PTE_WRITE);
    assert_false(walk(BASE + 2 * PAGE_SIZE) & PTE_WRITE);
    assert_int_equal(pmap_walk(&pmap, BASE + 3 * PAGE_SIZE), 0);
    pmap_protect(&pmap, BASE, BASE + 4 * PAGE_SIZE, PMAP_NO_ACCESS, false);
    assert_int_equal(walk(BASE), 0);
    assert_int_equal(pmap_walk(&pmap, BASE) & PTE_FRAME_MASK, page_to_paddr(mine));
    assert_int_equal(pmap.resident[PAGE_ANON], 2);
    whole();
    pmap_protect(&pmap, BASE, BASE + 4 * PAGE_SIZE, PMAP_READ_ONLY, false);
    assert_int_equal(walk(BASE), page_to_paddr(mine) | PTE_USER | PTE_NX | 1);
    page_put(shared);
}

/* Random pages come, change and go, in clusters that share tables; the processor's walk agrees with a list at every step. */
static void random_pages(void **state)
{
    enum { CLUSTER = 64, CLUSTERS = 5, SLOTS = CLUSTER * CLUSTERS };
    static const vaddr_t bases[CLUSTERS] = {PAGE_SIZE, BASE - 32 * PAGE_SIZE,
                                            BASE + PT_SPAN(3) - 40 * PAGE_SIZE, BASE + PT_SPAN(4),
                                            USER_END - 64 * PAGE_SIZE};
    static pte_t expected[SLOTS];
    (void)state;

    memset(expected, 0, sizeof(expected));
    for (int step = 0; step < 20000; step++) {
        uint64_t first = machine_random(SLOTS), most = 1 + machine_random(20);
        uint64_t count = MIN(most, CLUSTER - first % CLUSTER);
        vaddr_t va = bases[first / CLUSTER] + first % CLUSTER * PAGE_SIZE;
        uint64_t act = machine_random(4);

        if (act == 0)
            pmap_remove(&pmap, va, va + count * PAGE_SIZE);
        if (act == 1)
            pmap_protect(&pmap, va, va + count * PAGE_SIZE, PMAP_READ_ONLY, false);
        for (uint64_t i = 0; i < count; i++) {
            if (act == 0)
                expected[first + i] = 0;
            else if (act == 1 && expected[first + i])
                expected[first + i] = (expected[first + i] & ~PTE_WRITE) | PTE_NX;
            else if (act > 1)
                expected[first + i] = page_to_paddr(enter(va + i * PAGE_SIZE, PTE_WRITE)) | PTE_WRITE |
                                      PTE_USER | 1;
        }
        for (uint64_t i = 0; i < SLOTS && step % 50 == 0; i++)
            assert_int_equal(walk(bases[i / CLUSTER] + i % CLUSTER * PAGE_SIZE), expected[i]);
        if (step % 500 == 0)
            whole();
    }
}

int main(void)
{
/* Where nothing can be removed yet, what a case has mapped stays. */
#define EARLY(name) cmocka_unit_test_setup(name, begin)
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        EARLY(nothing_is_mapped_at_first), EARLY(one_page_takes_three_tables),
        EARLY(neighbours_share_tables),    EARLY(frames_are_counted),
        EARLY(a_page_replaces_another),    EARLY(ranges_go_by_runs),
        CASE(what_is_removed_is_gone),     CASE(an_empty_table_goes_and_no_other),
        CASE(tables_that_cannot_be_had),   CASE(protection_reaches_what_is_mapped),
        CASE(tlbs_hear_of_it_first),       CASE(random_pages),
    };

    machine_start(RAM);
    pmap_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
