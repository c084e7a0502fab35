/* SPDX-License-Identifier: MIT */
/* test_swap.c - the slots of a swap disk against a model, and what goes over the wire to a disk in memory: which transfers, how many
 * pages when it refuses, and which headers are none.
 *
 * The kernel takes one disk, once. So the tests have an order: what is refused comes before it is taken, and the refused write, after
 * which it gets nothing any more, comes last. */
/* sources: kernel/mm/swap.c kernel/mm/slot.c kernel/mm/pmap.c kernel/mm/pt.c kernel/mm/page.c kernel/mm/buddy.c kernel/mm/bootmem.c
 *          tests/host/shim/machine.c tests/host/shim/disk.c */
/* flags: -isystem build/include -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/disk.h"
#include "shim/machine.h"

#include <asm-generic/errno.h>
#include <mm/pmap.h>
#include <mm/slot.h>
#include <mm/swap.h>

#define SLOTS 300U /* and the header */
#define MOST 5U    /* frames in a transfer */

static struct blkdev *dev;

/* ---- which disk is one ---- */

static void header_set(size_t offset, uint32_t value)
{
    memcpy(disk_slot(0) + offset, &value, sizeof(value));
}

static void assert_no_disk(void)
{
    assert_null(swap_state().name);
    assert_int_equal(swap_state().total, 0);
    assert_false(swap_has_room());
    assert_int_equal(slot_alloc(), 0);
}

/* Afterwards there is a good one again. */
static void assert_refused(int error)
{
    uint64_t used = machine_frames_used();

    assert_int_equal(swap_begin(dev), error);
    assert_int_equal(machine_frames_used(), used);
    assert_no_disk();
    dev = disk_make(SLOTS, MOST);
}

static void other_headers_are_refused(void **state)
{
    (void)state;
    disk_slot(0)[PAGE_SIZE - 1] = '1'; /* SWAPSPACE1: the old format */
    assert_refused(-EINVAL);
    memset(disk_slot(0), 0, PAGE_SIZE);
    assert_refused(-EINVAL);
    header_set(1024, 2); /* version */
    assert_refused(-EINVAL);
    header_set(1024, 0);
    assert_refused(-EINVAL);
    header_set(1032, 1); /* a bad slot: its list is not read */
    assert_refused(-EINVAL);
    header_set(1028, 0); /* the last slot: none */
    assert_refused(-EINVAL);
    header_set(1028, SLOTS + 1); /* one beyond the end of the disk */
    assert_refused(-EINVAL);
    header_set(1028, UINT32_MAX);
    assert_refused(-EINVAL);
    dev->sectors -= 1; /* its last slot would be cut off */
    assert_refused(-EINVAL);
    disk.no_reads = true;
    assert_refused(-EIO);
}

static void every_allocation_fails_once_then_it_is_taken(void **state)
{
    uint64_t used = machine_frames_used();
    bool failed = true;
    (void)state;

    for (unsigned long n = 1; failed; n++) {
        machine_fail_after(n);
        int error = swap_begin(dev);
        failed = machine_has_failed();
        machine_fail_after(0);
        assert_int_equal(error, failed ? -ENOMEM : 0);
        if (failed)
            assert_no_disk();
        assert_int_equal(machine_frames_used(), used + !failed);
    }
    assert_string_equal(swap_state().name, "vda");
    assert_int_equal(swap_state().total, SLOTS);
    assert_int_equal(swap_state().taken, 0);
    assert_true(swap_has_room());
}

/* ---- slots ---- */

static uint16_t shares[SLOTS + 1];
static uint32_t last, taken;

/* The next free one behind the last that was found, around the end if need be. */
static uint32_t next_fit(void)
{
    for (uint32_t i = 0, slot = last; i < SLOTS; i++) {
        slot = slot % SLOTS + 1;
        if (shares[slot] == 0)
            return slot;
    }
    return 0;
}

static void alloc_one(void)
{
    uint32_t slot = next_fit();

    assert_int_equal(slot_alloc(), slot);
    if (slot == 0)
        return;
    shares[slot] = 1;
    last = slot;
    taken++;
}

static void slots_compare(void)
{
    assert_int_equal(slots_count().total, SLOTS);
    assert_int_equal(slots_count().taken, taken);
    assert_int_equal(swap_has_room(), taken < SLOTS);
    for (uint32_t slot = 1; slot <= SLOTS; slot++)
        assert_int_equal(slot_shares(slot), shares[slot]);
    assert_int_equal(slot_shares(0), 0);
    assert_int_equal(slot_shares(SLOTS + 1), 0);
    assert_int_equal(slot_shares(UINT32_MAX), 0);
}

static void put_one(uint32_t slot)
{
    slot_put(slot);
    taken -= --shares[slot] == 0;
}

static void put_all(void)
{
    for (uint32_t slot = 1; slot <= SLOTS; slot++)
        while (shares[slot] > 0)
            put_one(slot);
    slots_compare();
}

/* Now more come than go, now fewer: from none to all and back. */
static void slots_follow_the_model(void **state)
{
    (void)state;
    for (int step = 0; step < 60000; step++) {
        uint32_t slot = 1 + (uint32_t)machine_random(SLOTS);
        if (machine_random(10) < (step / 2000 % 2 ? 3 : 6))
            alloc_one();
        else if (shares[slot] > 0 && machine_random(4) == 0)
            assert_true(slot_get(slot)), shares[slot]++;
        else if (shares[slot] > 0)
            put_one(slot);
        if (step % 100 == 0)
            slots_compare();
    }
    put_all();
}

static void all_slots_can_be_taken(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < SLOTS; i++)
        alloc_one();
    slots_compare();
    alloc_one(); /* none */
    put_one(SLOTS / 2);
    alloc_one();
    assert_int_equal(last, SLOTS / 2);
    put_all();
}

static void a_slot_counts_to_65535(void **state)
{
    (void)state;
    alloc_one();
    for (; shares[last] < UINT16_MAX; shares[last]++)
        assert_true(slot_get(last));
    assert_false(slot_get(last));
    slots_compare();
    put_one(last);
    assert_true(slot_get(last));
    shares[last]++;
    assert_false(slot_get(last));
    put_all();
}

/* ---- transfers ---- */

static struct transfer {
    bool write;
    uint32_t slot;
    unsigned count;
} seen[64];
static unsigned seen_count;
static int (*transfer_really)(struct blkdev *, bool, uint64_t, const uint32_t *, unsigned);

static int transfer_seen(struct blkdev *on, bool write, uint64_t sector, const uint32_t *pfns, unsigned count)
{
    assert_true(seen_count < ARRAY_SIZE(seen));
    seen[seen_count++] = (struct transfer){write, (uint32_t)(sector / (PAGE_SIZE / SECTOR_SIZE)), count};
    return transfer_really(on, write, sector, pfns, count);
}

static void assert_transfers(bool write, const struct transfer *expected, unsigned count)
{
    assert_int_equal(seen_count, count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(seen[i].write, write);
        assert_int_equal(seen[i].slot, expected[i].slot);
        assert_int_equal(seen[i].count, expected[i].count);
    }
    seen_count = 0;
}

#define FRAMES 40U
static uint32_t frames[FRAMES]; /* in no order */

static uint64_t *words(uint32_t pfn)
{
    return page_to_virt(pfn_to_page(pfn));
}

static void frame_fill(uint32_t pfn, uint64_t with)
{
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(with); i++)
        words(pfn)[i] = with * 0x9e3779b97f4a7c15UL + i;
}

static bool frame_holds(uint32_t pfn, uint64_t with)
{
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(with); i++)
        if (words(pfn)[i] != with * 0x9e3779b97f4a7c15UL + i)
            return false;
    return true;
}

static void frames_fill(uint64_t with)
{
    for (unsigned i = 0; i < FRAMES; i++)
        frame_fill(frames[i], with + i);
}

static int frames_take(void **state)
{
    (void)state;
    transfer_really = dev->transfer;
    dev->transfer = transfer_seen;
    seen_count = 0;
    for (unsigned i = 0; i < FRAMES; i++)
        frames[i] = (uint32_t)page_to_pfn(page_alloc(PAGE_ANON));
    for (unsigned i = 0; i < FRAMES; i++) {
        unsigned other = (unsigned)machine_random(FRAMES);
        uint32_t pfn = frames[i];
        frames[i] = frames[other];
        frames[other] = pfn;
    }
    return 0;
}

static int frames_give(void **state)
{
    (void)state;
    dev->transfer = transfer_really;
    for (unsigned i = 0; i < FRAMES; i++)
        page_put(pfn_to_page(frames[i]));
    return 0;
}

static void slots_in_a_row_are_one_transfer(void **state)
{
    static const uint32_t slots[] = {1, 2, 3, 4, 5, 6, 7, 9, 10, 20, 19, 18, SLOTS};
    static const struct transfer expected[] = {{.slot = 1, .count = 5},    {.slot = 6, .count = 2},
                                               {.slot = 9, .count = 2},    {.slot = 20, .count = 1},
                                               {.slot = 19, .count = 1},   {.slot = 18, .count = 1},
                                               {.slot = SLOTS, .count = 1}};
    struct swap_state before = swap_state();
    (void)state;

    frames_fill(1000);
    assert_int_equal(swap_write(frames, slots, ARRAY_SIZE(slots)), ARRAY_SIZE(slots));
    assert_transfers(true, expected, ARRAY_SIZE(expected));
    frames_fill(0);
    assert_int_equal(swap_read(frames, slots, ARRAY_SIZE(slots)), ARRAY_SIZE(slots));
    assert_transfers(false, expected, ARRAY_SIZE(expected));
    for (unsigned i = 0; i < FRAMES; i++)
        assert_true(frame_holds(frames[i], i < ARRAY_SIZE(slots) ? 1000 + i : i));
    assert_int_equal(swap_state().pages_out, before.pages_out + ARRAY_SIZE(slots));
    assert_int_equal(swap_state().pages_in, before.pages_in + ARRAY_SIZE(slots));
    assert_int_equal(swap_write(frames, slots, 0), 0);
    assert_int_equal(swap_read(frames, slots, 0), 0);
    assert_int_equal(seen_count, 0);
}

/* => the transfers that so many slots need */
static unsigned split(const uint32_t *slots, unsigned count, struct transfer *transfers)
{
    unsigned rows = 0;

    for (unsigned i = 0; i < count; i++) {
        bool follows = i > 0 && slots[i] == slots[i - 1] + 1 && transfers[rows - 1].count < MOST;
        if (!follows)
            transfers[rows++] = (struct transfer){.slot = slots[i]};
        transfers[rows - 1].count++;
    }
    return rows;
}

/* Rising numbers with gaps; then any of them is bad, and what comes before its transfer has been moved. */
static void random_rows_come_back(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 300; round++) {
        uint32_t slots[FRAMES], slot = 0;
        struct transfer expected[FRAMES];
        unsigned count = 1 + (unsigned)machine_random(FRAMES), moved = 0, done = 0;

        for (unsigned i = 0; i < count; i++)
            slots[i] = slot += machine_random(5) ? 1 : 1 + (uint32_t)machine_random(6);
        unsigned rows = split(slots, count, expected);
        frames_fill(round * FRAMES);
        assert_int_equal(swap_write(frames, slots, count), count);
        assert_transfers(true, expected, rows);

        frames_fill(0);
        disk.bad_slot = slots[machine_random(count)];
        while (expected[done].slot + expected[done].count <= disk.bad_slot)
            moved += expected[done++].count;
        assert_int_equal(swap_read(frames, slots, count), moved);
        assert_transfers(false, expected, done + 1); /* nothing behind the bad one is tried */
        for (unsigned i = 0; i < moved; i++)
            assert_true(frame_holds(frames[i], round * FRAMES + i));
        disk.bad_slot = 0;
        assert_int_equal(swap_read(frames, slots, count), count);
        for (unsigned i = 0; i < count; i++)
            assert_true(frame_holds(frames[i], round * FRAMES + i));
        seen_count = 0;
    }
    assert_true(swap_has_room()); /* who cannot read may still write */
}

/* ---- rows that come back together ---- */

#define ROW_PAGES 24U
#define ROW_BASE (0x40000000UL - 10 * PAGE_SIZE) /* in two page tables */
static struct pmap pmap;

static vaddr_t row_va(unsigned page)
{
    return ROW_BASE + page * PAGE_SIZE;
}

static vaddr_t row_end(void)
{
    return row_va(ROW_PAGES);
}

/* Pages that are on the disk, in slots that follow each other, but for page 15, which is in memory; 19 and 20 have left before all
 * others. */
static int row_make(void **state)
{
    struct evicted evicted = {.count = 0};
    (void)state;

    frames_take(NULL);
    assert_int_equal(pmap_create(&pmap), 0);
    for (unsigned i = 0; i < ROW_PAGES; i++) {
        struct page *page = page_alloc(PAGE_ANON);
        frame_fill((uint32_t)page_to_pfn(page), 500 + i);
        assert_int_equal(pmap_enter(&pmap, row_va(i), page, PTE_WRITE), 0);
    }
    pmap_evict(&pmap, row_va(19), row_va(21), EVICT_ANY, &evicted);
    pmap_evict(&pmap, row_va(0), row_va(15), EVICT_ANY, &evicted);
    pmap_evict(&pmap, row_va(16), row_end(), EVICT_ANY, &evicted);
    assert_int_equal(evicted.count, ROW_PAGES - 1);
    assert_int_equal(swap_write(evicted.pfns, evicted.slots, evicted.count), evicted.count);
    for (unsigned i = 0; i < evicted.count; i++)
        page_put(pfn_to_page(evicted.pfns[i]));
    seen_count = 0;
    return 0;
}

static int row_leave(void **state)
{
    assert_null(pmap_check(&pmap));
    pmap_remove(&pmap, ROW_BASE, row_end());
    pmap_destroy(&pmap);
    assert_int_equal(slots_count().taken, 0);
    return frames_give(state);
}

/* The row from a page on, below another one: how many come, and that they are the right ones. They are put again. */
static void assert_row(unsigned first, unsigned below, unsigned count)
{
    struct swap_row row;
    uint64_t used = machine_frames_used();
    pte_t pte = pmap_lookup(&pmap, row_va(first));

    assert_int_equal(swap_row_read(&row, &pmap, row_va(first), row_va(below), pte), 0);
    assert_int_equal(row.count, count);
    assert_int_equal(machine_frames_used(), used + count); /* those that did not come have been put */
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(row.slots[i], pte_slot(pmap_lookup(&pmap, row_va(first + i))));
        assert_true(frame_holds(row.pfns[i], 500 + first + i));
        assert_int_equal(pfn_to_page(row.pfns[i])->owner, PAGE_ANON);
        assert_int_equal(pfn_to_page(row.pfns[i])->refs, 1);
        page_put(pfn_to_page(row.pfns[i]));
    }
    assert_int_equal(pmap_lookup(&pmap, row_va(first)), pte);
}

static void assert_no_row(unsigned first, int error)
{
    struct swap_row row;
    uint64_t used = machine_frames_used();
    pte_t pte = pmap_lookup(&pmap, row_va(first));

    assert_int_equal(swap_row_read(&row, &pmap, row_va(first), row_end(), pte), error);
    assert_int_equal(machine_frames_used(), used);
    assert_int_equal(pmap_lookup(&pmap, row_va(first)), pte);
}

static void a_row_ends_where_slots_or_region_do(void **state)
{
    (void)state;
    assert_row(0, ROW_PAGES, SWAP_ROW);
    assert_row(5, ROW_PAGES, SWAP_ROW); /* across two page tables */
    assert_row(9, ROW_PAGES, 6);        /* up to the page that is in memory */
    assert_row(14, ROW_PAGES, 1);
    assert_row(16, ROW_PAGES, 3); /* up to those that left before */
    assert_row(19, ROW_PAGES, 2);
    assert_row(21, ROW_PAGES, 3); /* up to what was never touched */
    assert_row(0, 4, 4);
    assert_row(0, 1, 1);
}

static void a_row_takes_what_frames_there_are(void **state)
{
    (void)state;
    for (unsigned long n = 1; n <= SWAP_ROW + 1; n++) {
        machine_fail_after(n);
        if (n == 1)
            assert_no_row(0, -ENOMEM);
        else
            assert_row(0, ROW_PAGES, (unsigned)n - 1);
        machine_fail_after(0);
    }
    page_scarce = true;
    assert_row(0, ROW_PAGES, 1);
    page_scarce = false;
}

static void a_bad_slot_spoils_no_other_page(void **state)
{
    struct swap_state before = swap_state();
    (void)state;

    disk.bad_slot = pte_slot(pmap_lookup(&pmap, row_va(2)));
    assert_row(0, ROW_PAGES, 1); /* the transfer fails as a whole, the page that is needed does not */
    assert_row(1, ROW_PAGES, 1);
    assert_int_equal(swap_state().pages_in, before.pages_in + 2);
    assert_no_row(2, -EIO);
    assert_row(3, ROW_PAGES, SWAP_ROW);
    disk.bad_slot = pte_slot(pmap_lookup(&pmap, row_va(MOST)));
    assert_row(0, ROW_PAGES, MOST); /* the second transfer fails */
    disk.bad_slot = 0;
    disk.no_reads = true;
    assert_no_row(0, -EIO);
    disk.no_reads = false;
    assert_row(0, ROW_PAGES, SWAP_ROW);
    assert_row(2, ROW_PAGES, SWAP_ROW);
}

/* ---- the last write ---- */

static void a_refused_write_is_the_last_one(void **state)
{
    static const uint32_t slots[] = {1, 2, 3, 4, 5, 6, 7, 8, 20, 21};
    struct swap_state before = swap_state();
    (void)state;

    frames_fill(7000);
    disk.bad_slot = 7;
    assert_int_equal(swap_write(frames, slots, ARRAY_SIZE(slots)), MOST);
    assert_int_equal(seen_count, 2);
    assert_int_equal(swap_state().pages_out, before.pages_out + MOST);
    assert_false(swap_has_room());
    disk.bad_slot = 0;

    seen_count = 0;
    assert_int_equal(swap_write(frames, slots, ARRAY_SIZE(slots)), 0);
    assert_int_equal(seen_count, 0); /* it is not asked again */
    assert_false(swap_has_room());
    assert_int_equal(swap_state().pages_out, before.pages_out + MOST);
    frames_fill(0);
    assert_int_equal(swap_read(frames, slots, MOST), MOST); /* what it has can still be read */
    for (unsigned i = 0; i < MOST; i++)
        assert_true(frame_holds(frames[i], 7000 + i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_headers_are_refused),
        cmocka_unit_test(every_allocation_fails_once_then_it_is_taken),
        cmocka_unit_test(slots_follow_the_model),
        cmocka_unit_test(all_slots_can_be_taken),
        cmocka_unit_test(a_slot_counts_to_65535),
        cmocka_unit_test_setup_teardown(slots_in_a_row_are_one_transfer, frames_take, frames_give),
        cmocka_unit_test_setup_teardown(random_rows_come_back, frames_take, frames_give),
        cmocka_unit_test_setup_teardown(a_row_ends_where_slots_or_region_do, row_make, row_leave),
        cmocka_unit_test_setup_teardown(a_row_takes_what_frames_there_are, row_make, row_leave),
        cmocka_unit_test_setup_teardown(a_bad_slot_spoils_no_other_page, row_make, row_leave),
        cmocka_unit_test_setup_teardown(a_refused_write_is_the_last_one, frames_take, frames_give),
    };

    machine_start(16 * MIB);
    pmap_init();
    dev = disk_make(SLOTS, MOST);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
