/* SPDX-License-Identifier: MIT */
/* test_pmap.c - real x86-64 page tables in an arena, against a model: which frame or which slot of the disk each page has, whether it may
 * be written, whether it was used. Two address spaces share frames and slots; nothing is written to a disk here. */
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
#include <mm/slot.h>
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

/* ---- the model: two address spaces, as after a fork ---- */

struct expected {
    struct page *page; /* NULL: nothing, the zero page, or a slot */
    uint32_t slot;     /* 0: none */
    bool zero, write, accessed, no_access;
};
static struct expected model[2][PAGES];
static struct pmap pmaps[2];
static struct pmap pmap; /* of the tests that need no model */

#define RAM (128 * MIB)
#define SLOTS 500U
static uint16_t maps[RAM >> PAGE_SHIFT]; /* entries that show a frame */
static uint16_t shares[SLOTS + 1];       /* entries that lead to a slot */
static uint32_t slots_taken, last_slot;
static uint64_t resident[2], swapped[2];

#define HELD 24
static struct page *held[HELD]; /* frames that somebody else needs, too */

static bool is_held(const struct page *page)
{
    for (int i = 0; i < HELD; i++)
        if (held[i] == page)
            return true;
    return false;
}

/* The model's only writer. */
static void expect(int side, uint64_t i, struct expected next)
{
    struct expected *now = &model[side][i];

    if (now->page)
        maps[page_to_pfn(now->page)]--, resident[side]--;
    if (now->slot)
        slots_taken -= --shares[now->slot] == 0, swapped[side]--;
    *now = next;
    if (now->page)
        maps[page_to_pfn(now->page)]++, resident[side]++;
    if (now->slot)
        slots_taken += shares[now->slot]++ == 0, swapped[side]++;
}

static void expect_nothing(int side, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        expect(side, i, (struct expected){0});
}

static void check(const struct pmap *which)
{
    const char *broken = pmap_check(which);

    if (!broken)
        broken = page_check();
    if (broken)
        fail_msg("%s", broken);
}

static void compare_one(pte_t pte, const struct expected *expected)
{
    if (expected->slot) {
        assert_int_equal(pte, pte_of_slot(expected->slot));
        return;
    }
    if (!expected->page && !expected->zero) {
        assert_int_equal(pte, 0);
        return;
    }
    assert_int_equal(pte & (PTE_HAS_FRAME | PTE_SWAPPED), expected->no_access ? PTE_NO_ACCESS : PTE_PRESENT);
    assert_true(pte & PTE_USER);
    assert_int_equal(pmap_is_zero_page(pte), expected->zero);
    assert_int_equal(!!(pte & PTE_WRITE), expected->write);
    assert_int_equal(!!(pte & PTE_ACCESSED), expected->accessed);
    if (expected->page)
        assert_int_equal(pte_pfn(pte), page_to_pfn(expected->page));
}

static void compare_all(void)
{
    for (int side = 0; side < 2; side++) {
        for (uint64_t i = 0; i < PAGES; i++)
            compare_one(pmap_lookup(&pmaps[side], address(i)), &model[side][i]);
        assert_int_equal(pmap_resident_pages(&pmaps[side]), resident[side]);
        assert_int_equal(pmaps[side].swapped, swapped[side]);
        check(&pmaps[side]);
    }
    for (uint64_t i = 0; i < PAGES; i++)
        if (model[0][i].page)
            assert_int_equal(model[0][i].page->maps, maps[page_to_pfn(model[0][i].page)]);
    assert_int_equal(slots_count().taken, slots_taken);
    for (uint32_t slot = 1; slot <= SLOTS; slot++)
        assert_int_equal(slot_shares(slot), shares[slot]);
}

/* ---- what is done to both ---- */

static void random_range(uint64_t *first, uint64_t *count)
{
    uint64_t within = machine_random(1000);

    *count = 1 + machine_random(machine_random(9) ? 20 : 1000);
    *count = MIN(*count, 1000 - within);
    *first = machine_random(6) * 1000 + within;
}

static void enter_one(int side, uint64_t i)
{
    struct expected next = {.accessed = true};

    if (machine_random(4) == 0) {
        next.zero = true;
        assert_int_equal(pmap_enter(&pmaps[side], address(i), zero_page, PTE_NX), 0);
    } else {
        next.page = page_alloc(machine_random(3) ? PAGE_ANON : PAGE_FILE);
        next.write = machine_random(2);
        assert_non_null(next.page);
        assert_int_equal(
            pmap_enter(&pmaps[side], address(i), next.page, PTE_NX | (next.write ? PTE_WRITE : 0)), 0);
    }
    expect(side, i, next);
}

static void enter_random(int side)
{
    uint64_t first, count;

    random_range(&first, &count);
    for (uint64_t i = first; i < first + count; i += 1 + machine_random(3))
        enter_one(side, i);
}

static void remove_range(int side, uint64_t first, uint64_t count)
{
    (side ? pmap_drop : pmap_remove)(&pmaps[side], address(first), address(first) + count * PAGE_SIZE);
    expect_nothing(side, first, count);
}

static void remove_random(int side)
{
    uint64_t first, count;

    random_range(&first, &count);
    remove_range(side, first, count);
}

/* The CPU has used some of the pages. */
static void use_random(int side)
{
    uint64_t first, count;
    pte_t *way[PT_LEVELS + 1];

    random_range(&first, &count);
    for (uint64_t i = first; i < first + count; i++) {
        struct expected next = model[side][i];
        if (!(next.page || next.zero) || next.no_access)
            continue;
        assert_true(pt_way(pmaps[side].root, address(i), way) == 2);
        pt_table(*way[2])[PT_INDEX(address(i), 1)] |= PTE_ACCESSED;
        next.accessed = true;
        expect(side, i, next);
    }
}

static void protect_random(int side)
{
    static const enum pmap_protection protections[] = {PMAP_READ_ONLY, PMAP_WRITE_PRIVATE, PMAP_NO_ACCESS};
    enum pmap_protection protection = protections[machine_random(3)];
    uint64_t first, count;

    random_range(&first, &count);
    pmap_protect(&pmaps[side], address(first), address(first) + count * PAGE_SIZE, protection, false);
    for (uint64_t i = first; i < first + count; i++) {
        struct expected next = model[side][i];
        if (!next.page && !next.zero)
            continue;
        next.no_access = protection == PMAP_NO_ACCESS;
        next.write = protection == PMAP_WRITE_PRIVATE && next.page && next.page->owner == PAGE_ANON &&
                     maps[page_to_pfn(next.page)] == 1 && !is_held(next.page);
        expect(side, i, next);
    }
}

static void copy_random(int side)
{
    uint64_t first, count;

    random_range(&first, &count);
    remove_range(!side, first, count);
    assert_int_equal(
        pmap_copy(&pmaps[!side], &pmaps[side], address(first), address(first) + count * PAGE_SIZE), 0);
    for (uint64_t i = first; i < first + count; i++) {
        struct expected next = model[side][i];
        next.write = false;
        expect(side, i, next);
        next.accessed = false;
        expect(!side, i, next);
    }
}

static void move_random(int side)
{
    uint64_t first, count, to = machine_random(5) * 1000;

    random_range(&first, &count);
    to += (to / 1000 >= first / 1000) * 1000 + machine_random(1001 - count); /* another cluster */
    remove_range(side, to, count);
    assert_int_equal(pmap_move(&pmaps[side], address(first), address(to), count * PAGE_SIZE), 0);
    for (uint64_t i = 0; i < count; i++) {
        expect(side, to + i, model[side][first + i]);
        expect(side, first + i, (struct expected){0});
    }
}

static void hold_random(int side)
{
    struct page **slot = &held[machine_random(HELD)], *page = model[side][machine_random(PAGES)].page;

    if (*slot)
        page_put(*slot);
    *slot = NULL;
    if (!page || is_held(page))
        return;
    page_get(page);
    *slot = page;
}

/* ---- eviction ---- */

static uint32_t next_slot(void)
{
    for (uint32_t i = 0, slot = last_slot; i < SLOTS; i++) {
        slot = slot % SLOTS + 1;
        if (shares[slot] == 0)
            return slot;
    }
    return 0;
}

static bool may_leave(const struct expected *now, enum pmap_eviction which)
{
    return now->page && now->page->owner == PAGE_ANON && !is_held(now->page) &&
           (which == EVICT_SHARED || maps[page_to_pfn(now->page)] == 1);
}

/* An entry of it has left just now: whoever writes it to the disk holds it. */
static bool is_leaving(const struct page *page, const struct evicted *evicted, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (evicted->pfns[i] == page_to_pfn(page))
            return true;
    return false;
}

/* What pmap_evict must have done, page by page. => where it must have stopped */
static uint64_t expect_eviction(int side, uint64_t first, uint64_t end, enum pmap_eviction which,
                                const struct evicted *evicted)
{
    uint64_t seen = 0;
    unsigned count = 0;

    for (; first < end; first++) {
        struct expected now = model[side][first];
        if (!may_leave(&now, which) || is_leaving(now.page, evicted, count))
            continue;
        seen++;
        if (now.accessed && which != EVICT_ANY) {
            now.accessed = false;
            expect(side, first, now);
            continue;
        }
        uint32_t slot = next_slot();
        if (count == EVICT_MOST || slot == 0)
            break;
        last_slot = slot;
        assert_true(count < evicted->count);
        assert_int_equal(evicted->va[count], address(first));
        assert_int_equal(evicted->pfns[count], page_to_pfn(now.page));
        assert_int_equal(evicted->slots[count++], slot);
        expect(side, first, (struct expected){.slot = slot});
    }
    assert_int_equal(evicted->count, count);
    assert_int_equal(evicted->seen, seen);
    return first;
}

/* The frames are the caller's now. Some come back, as if the disk had refused them. */
static void evicted_leave(int side, uint64_t first, const struct evicted *evicted)
{
    bool refused = machine_random(8) == 0;

    for (unsigned i = 0; i < evicted->count; i++) {
        struct page *page = pfn_to_page(evicted->pfns[i]);
        uint64_t at = first + ((evicted->va[i] - address(first)) >> PAGE_SHIFT);
        assert_true(page->refs == maps[evicted->pfns[i]] + 1U && page->maps == maps[evicted->pfns[i]]);
        if (refused && i >= evicted->count / 2) {
            assert_int_equal(pmap_enter(&pmaps[side], address(at), page, PTE_NX), 0);
            expect(side, at, (struct expected){.page = page, .accessed = true});
        } else {
            page_put(page);
        }
    }
}

static void evict_random(int side)
{
    enum pmap_eviction which = (enum pmap_eviction)machine_random(3);
    uint64_t first, count;
    struct evicted evicted = {.count = 0};

    random_range(&first, &count);
    unsigned long flushes = shim_flushes;
    vaddr_t stopped =
        pmap_evict(&pmaps[side], address(first), address(first) + count * PAGE_SIZE, which, &evicted);
    if (evicted.count > 0 && side == 0)
        assert_true(shim_flushes > flushes); /* before anybody reads the frame to write it to the disk */
    uint64_t end = expect_eviction(side, first, first + count, which, &evicted);
    assert_int_equal(stopped, address(first) + (end - first) * PAGE_SIZE);
    evicted_leave(side, first, &evicted);
}

static void everything_away(void)
{
    pmap_remove(&pmap, 0, 0x7ffffffff000UL);
}

static void random_operations(void **state)
{
    static void (*const operations[])(int side) = {
        enter_random,   enter_random, enter_random, remove_random, use_random,  copy_random, move_random,
        protect_random, evict_random, evict_random, evict_random,  hold_random, hold_random};
    uint64_t used = machine_frames_used();
    (void)state;

    assert_int_equal(pmap_create(&pmaps[0]), 0);
    assert_int_equal(pmap_create(&pmaps[1]), 0);
    shim_cr3 = pmaps[0].cr3;
    for (int step = 0; step < 100000; step++) {
        operations[machine_random(ARRAY_SIZE(operations))]((int)machine_random(2));
        if (step % 500 == 0)
            compare_all();
    }
    compare_all();
    for (int i = 0; i < HELD; i++) {
        if (held[i])
            page_put(held[i]);
        held[i] = NULL;
    }
    for (int side = 0; side < 2; side++) {
        (side ? pmap_drop : pmap_remove)(&pmaps[side], 0, 0x7ffffffff000UL);
        expect_nothing(side, 0, PAGES);
        check(&pmaps[side]);
        assert_int_equal(pmaps[side].tables, 0); /* no empty table is kept */
        pmap_destroy(&pmaps[side]);
    }
    assert_int_equal(slots_count().taken, 0);
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
    pmap_protect(&pmap, address(0), address(600), PMAP_WRITE_PRIVATE,
                 false); /* not while the child has them, too */
    assert_false(pmap_lookup(&pmap, address(5)) & PTE_WRITE);
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
        struct evicted evicted = {.count = 0};
        if (made)
            pmap_evict(&pmap, 0, address(PAGES / 2), EVICT_ANY, &evicted);
        for (unsigned i = 0; i < evicted.count; i++)
            page_put(pfn_to_page(evicted.pfns[i]));
        uint64_t swapped_before = pmap.swapped, resident_before = pmap.resident[PAGE_ANON];
        if (made && pmap_create(&child) == 0) {
            bool copied = pmap_copy(&child, &pmap, 0, 0x7ffffffff000UL) == 0;
            check(&child);
            if (copied)
                assert_true(child.swapped == swapped_before && child.resident[PAGE_ANON] == resident_before);
            pmap_remove(&child, 0, 0x7ffffffff000UL);
            pmap_destroy(&child);
        }
        if (made) {
            bool moved = pmap_move(&pmap, address(0), address(0) + GIB, 1000 * PAGE_SIZE) == 0;
            for (uint64_t i = 0; i < 1000 && !moved; i++)
                assert_int_equal(pmap_lookup(&pmap, address(i) + GIB), 0);
            assert_true(pmap.swapped == swapped_before && pmap.resident[PAGE_ANON] == resident_before);
        }
        bool failed = machine_has_failed();
        machine_fail_after(0);
        if (made) {
            check(&pmap);
            everything_away();
            pmap_destroy(&pmap);
        }
        assert_int_equal(slots_count().taken, 0);
        assert_int_equal(machine_frames_used(), used);
        if (!failed)
            break;
    }
}

/* fork of a page whose slot cannot be shared once more: refused, and what was copied before goes as it came. */
static void copy_needs_a_share_of_each_slot(void **state)
{
    struct evicted evicted = {.count = 0};
    struct pmap child;
    uint64_t used = machine_frames_used();
    (void)state;

    pmap_create(&pmap);
    pmap_create(&child);
    for (uint64_t i = 0; i < 8; i++)
        pmap_enter(&pmap, address(i), page_alloc(PAGE_ANON), PTE_WRITE);
    pmap_evict(&pmap, address(2), address(6), EVICT_ANY, &evicted);
    assert_int_equal(evicted.count, 4);
    for (unsigned i = 0; i < evicted.count; i++)
        page_put(pfn_to_page(evicted.pfns[i]));
    while (slot_get(evicted.slots[2]))
        ;
    assert_int_equal(pmap_copy(&child, &pmap, address(0), address(8)), -ENOMEM);
    check(&child);
    check(&pmap);
    assert_false(pmap_lookup(&pmap, address(0)) & PTE_WRITE);
    pmap_remove(&child, address(0), address(8));
    assert_int_equal(child.tables, 0);
    assert_int_equal(slot_shares(evicted.slots[0]), 1);
    assert_int_equal(slot_shares(evicted.slots[2]), UINT16_MAX);

    slot_put(evicted.slots[2]);
    assert_int_equal(pmap_copy(&child, &pmap, address(0), address(8)), 0);
    assert_int_equal(child.swapped, 4);
    check(&child);
    pmap_drop(&child, address(0), address(8));
    pmap_destroy(&child);
    while (slot_shares(evicted.slots[2]) > 1)
        slot_put(evicted.slots[2]);
    everything_away();
    pmap_destroy(&pmap);
    assert_int_equal(slots_count().taken, 0);
    assert_int_equal(machine_frames_used(), used);
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
        cmocka_unit_test(copy_needs_a_share_of_each_slot),
        cmocka_unit_test(ranges_are_walked_by_runs),
    };

    machine_start(RAM);
    pmap_init();
    slots_begin(SLOTS + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
