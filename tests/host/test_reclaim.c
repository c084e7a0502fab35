/* SPDX-License-Identifier: MIT */
/* test_reclaim.c - memory larger than RAM, one thing at a time: who leaves and who stays, where the hand goes on, what a full disk or a bad
 * one does. (test_reclaim_model.c does everything at random.)
 *
 * After a refused write the kernel gives nothing to its disk any more: that test has a process of its own. */
/* sources: kernel/mm/mmap.c kernel/mm/mremap.c kernel/mm/madvise.c kernel/mm/mlock.c kernel/mm/commit.c kernel/mm/fault.c kernel/mm/tell.c
 *          kernel/mm/tellfault.c kernel/mm/stack.c kernel/mm/anon.c kernel/mm/filemap.c kernel/mm/aspace.c kernel/mm/access.c kernel/mm/vma.c
 *          kernel/mm/pmap.c kernel/mm/pt.c kernel/mm/kmem.c kernel/mm/page.c kernel/mm/buddy.c kernel/mm/slot.c kernel/mm/swap.c
 *          kernel/mm/swapin.c kernel/mm/reclaim.c kernel/mm/bootmem.c tests/host/shim/machine.c tests/host/shim/disk.c
 *          tests/host/shim/source.c tests/host/shim/space.c */
/* flags: -isystem build/include -Wl,--wrap=page_alloc -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/machine.h"
#include "shim/source.h"
#include "shim/space.h"

#include <asm-generic/errno.h>
#include <mm/access.h>
#include <mm/fault.h>
#include <mm/kmap.h>
#include <mm/kmem.h>
#include <mm/mmap.h>
#include <mm/reclaim.h>
#include <mm/slot.h>
#include <mm/swap.h>
#include <x86/cpu.h>

#include <linux/mman.h>

static void assert_number(struct aspace *aspace, uint64_t i, uint64_t number)
{
    uint64_t found;
    uint8_t *page;

    assert_int_equal(touch(aspace, address(i), ACCESS_READ, &page), 0);
    memcpy(&found, page + i % 500 * 8, sizeof(found));
    assert_int_equal(found, number);
}

static bool is_on_disk(struct aspace *aspace, uint64_t i)
{
    return pmap_lookup(&aspace->pmap, address(i)) & PTE_SWAPPED;
}

/* After fork nothing is anybody's own: still the first call finds what is needed. */
static void shared_pages_leave_when_all_is_shared(void **state)
{
    struct balance before = balance();
    struct aspace *parent = with_region(1000), *child;
    uint64_t pages = 0;
    (void)state;

    for (; free_frames() > 150; pages++)
        assert_int_equal(write_number(parent, pages, pages), 0);
    child = aspace_fork(parent);
    assert_non_null(child);
    assert_true(reclaim() > 0);
    assert_true(free_frames() >= 190);
    for (uint64_t i = 0; i < pages; i++) {
        assert_number(child, i, i);
        assert_int_equal(write_number(child, i, i + 5), 0);
    }
    for (uint64_t i = 0; i < pages; i++) {
        assert_number(parent, i, i);
        assert_number(child, i, i + 5);
    }
    check(parent);
    check(child);
    aspace_put(parent);
    aspace_put(child);
    assert_all_is_back(&before);
}

/* What is used all the time stays. */
static void the_used_stays(void **state)
{
    struct aspace *aspace = with_region(1600);
    uint64_t majors = 0;
    (void)state;

    for (uint64_t i = 0; i < 1600; i++) {
        assert_int_equal(write_number(aspace, i, i), 0);
        uint64_t before = aspace->major_faults;
        for (uint64_t j = 0; j < 40; j++)
            assert_number(aspace, j, j < i ? j : j == i ? i : 0);
        majors += aspace->major_faults - before;
    }
    assert_true(aspace->pmap.swapped > 800);
    assert_true(majors < 20); /* of 64 000 touches */
    for (uint64_t i = 0; i < 1600; i++)
        assert_number(aspace, i, i);
    aspace_put(aspace);
}

static bool is_used(struct aspace *aspace, uint64_t i)
{
    return pmap_lookup(&aspace->pmap, address(i)) & PTE_ACCESSED;
}

/* Memory is not short: each call lets one batch leave, the next begins behind it. */
static void the_hand_goes_on_where_it_stopped(void **state)
{
    struct aspace *first = with_region(200), *second = with_region(100);
    (void)state;

    for (uint64_t i = 0; i < 200; i++)
        assert_int_equal(write_number(first, i, i), 0);
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(write_number(second, i, i), 0);
    assert_int_equal(reclaim(), EVICT_MOST); /* the first round took the marks */
    for (uint64_t from = EVICT_MOST; from + EVICT_MOST <= 200; from += EVICT_MOST) {
        assert_number(first, from - EVICT_MOST, from - EVICT_MOST); /* back, with up to seven others */
        assert_int_equal(reclaim(), EVICT_MOST);
        for (uint64_t i = from; i < from + EVICT_MOST; i++)
            assert_true(is_on_disk(first, i));
        for (uint64_t i = 0; i < from; i += EVICT_MOST)
            assert_true(is_used(first, i)); /* it has not come by here */
    }
    assert_int_equal(second->pmap.swapped, 0);
    assert_int_equal(reclaim(), 200 % EVICT_MOST + EVICT_MOST); /* the rest was too little */
    assert_int_equal(second->pmap.swapped, EVICT_MOST);
    aspace_put(first);
    assert_int_equal(reclaim(), EVICT_MOST);
    assert_int_equal(second->pmap.swapped, 2 * EVICT_MOST);
    for (uint64_t i = 0; i < 100; i++)
        assert_number(second, i, i);
    aspace_put(second);
}

/* What a private mapping of a file has written is on the disk, the rest is the file's. */
static void copies_of_a_file_leave(void **state)
{
    struct aspace *aspace = with_region(1000);
    struct mmap_file what = {.source = &file};
    vaddr_t at = address(1200);
    (void)state;

    assert_int_equal(mm_mmap(aspace, at, FILE_PAGES * PAGE_SIZE, READ_WRITE, MAP_PRIVATE | MAP_FIXED, &what),
                     at);
    for (uint64_t i = 0; i < FILE_PAGES; i++)
        if (i % 2)
            assert_int_equal(write_number(aspace, 1200 + i, i), 0);
        else
            assert_number(aspace, 1200 + i, file_byte(i) * 0x0101010101010101UL);
    for (uint64_t i = 0; i < 3000; i++) /* the hand comes around */
        assert_int_equal(write_number(aspace, i % 1000, i), 0);
    for (uint64_t i = 0; i < FILE_PAGES; i++)
        assert_int_equal(is_on_disk(aspace, 1200 + i), i % 2);
    struct aspace *child = aspace_fork(aspace);
    assert_non_null(child);
    for (uint64_t i = 1; i < FILE_PAGES; i += 2) {
        assert_number(child, 1200 + i, i);
        assert_number(aspace, 1200 + i, i);
    }
    check(child);
    aspace_put(child);
    check(aspace);
    aspace_put(aspace);
}

/* MADV_POPULATE_WRITE and mlock go over more than there is: frames do not run out on the way. */
static void ranges_leave_some_frames(void **state)
{
    struct aspace *aspace = with_region(1500);
    (void)state;

    fewest_frames = UINT64_MAX;
    assert_int_equal(mm_madvise(aspace, BASE, 1500 * PAGE_SIZE, MADV_POPULATE_WRITE), 0);
    assert_true(aspace->pmap.swapped > 700);
    assert_true(fewest_frames > 32);
    assert_int_equal(mm_mlock(aspace, BASE, 300 * PAGE_SIZE, VMA_LOCKED), 0);
    for (uint64_t i = 0; i < 300; i++)
        assert_false(is_on_disk(aspace, i));
    assert_int_equal(mm_mlock(aspace, BASE, 1500 * PAGE_SIZE, VMA_LOCKED),
                     -EAGAIN); /* that is more than RAM */
    assert_true(swap_has_room());
    check(aspace);
    aspace_put(aspace);
}

/* /proc/<pid>/mem of pages that are on the disk, whatever their region allows. */
static void other_memory_comes_from_the_disk(void **state)
{
    static const int prots[] = {PROT_NONE, PROT_READ, READ_WRITE};
    struct aspace *aspace = with_region(30);
    uint64_t found, number = 77;
    uint8_t *page;
    (void)state;

    for (uint64_t i = 0; i < 30; i++)
        assert_int_equal(write_number(aspace, i, i + 1), 0);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(mm_mprotect(aspace, address(i * 10), 10 * PAGE_SIZE, (uint64_t)prots[i]), 0);
    for (uint64_t i = 5; i < 30; i += 10) {
        assert_int_equal(mm_madvise(aspace, BASE, 30 * PAGE_SIZE, MADV_PAGEOUT), 0);
        assert_int_equal(aspace->pmap.swapped, 30);
        assert_int_equal(access_read(aspace, address(i) + i * 8, &found, 8), 8);
        assert_int_equal(found, i + 1);
        assert_true(aspace->pmap.swapped < 30);
        assert_int_equal(mm_madvise(aspace, BASE, 30 * PAGE_SIZE, MADV_PAGEOUT), 0);
        assert_int_equal(aspace->pmap.swapped, 30);
        assert_int_equal(access_write(aspace, address(i) + i * 8, &number, 8, true), i < 10 ? 0 : 8);
        assert_int_equal(access_read(aspace, address(i) + i * 8, &found, 8), 8);
        assert_int_equal(found, i < 10 ? i + 1 : number);
        check(aspace);
    }
    assert_int_equal(touch(aspace, address(5), ACCESS_READ, &page), -EACCES);
    assert_int_equal(touch(aspace, address(15), ACCESS_WRITE, &page), -EACCES);
    assert_int_equal(mm_mprotect(aspace, BASE, 30 * PAGE_SIZE, PROT_READ), 0);
    for (uint64_t i = 0; i < 30; i++)
        assert_number(aspace, i, i == 15 || i == 25 ? number : i + 1);
    aspace_put(aspace);
}

static void a_full_disk_ends_memory(void **state)
{
    struct balance before = balance();
    struct aspace *aspace = with_region(4000);
    uint64_t pages = 0;
    (void)state;

    while (write_number(aspace, pages, pages + 7) == 0)
        assert_true(++pages < 4000);
    assert_int_equal(write_number(aspace, pages, 0), -ENOMEM);
    assert_int_equal(slots_count().taken, SLOTS);
    assert_false(swap_has_room());
    assert_true(pages > SLOTS + 400);
    check(aspace);
    slots_compare();
    uint64_t kept = pages - 300;
    assert_int_equal(mm_munmap(aspace, address(kept), (4000 - kept) * PAGE_SIZE), 0);
    for (uint64_t i = 0; i < kept; i++)
        assert_number(aspace, i, i + 7);
    check(aspace);
    aspace_put(aspace);
    assert_all_is_back(&before);
}

/* Of a row one page cannot be read: the others can, and so can it when the disk works again. */
static void a_bad_slot_is_one_page(void **state)
{
    struct aspace *aspace = with_region(16);
    uint8_t *page;
    (void)state;

    for (uint64_t i = 0; i < 16; i++)
        assert_int_equal(write_number(aspace, i, i + 1), 0);
    assert_int_equal(mm_madvise(aspace, BASE, 16 * PAGE_SIZE, MADV_PAGEOUT), 0);
    assert_int_equal(aspace->pmap.swapped, 16);
    disk.bad_slot = pte_slot(pmap_lookup(&aspace->pmap, address(5)));
    for (uint64_t i = 0; i < 16; i++)
        if (i != 5)
            assert_number(aspace, i, i + 1);
    uint64_t faults = aspace->faults + aspace->major_faults;
    for (int tries = 0; tries < 3; tries++) {
        assert_int_equal(touch(aspace, address(5), ACCESS_READ, &page), -EIO);
        assert_int_equal(access_read(aspace, address(5), &faults, 1), 0);
    }
    assert_int_equal(mm_mlock(aspace, BASE, 16 * PAGE_SIZE, VMA_LOCKED), -ENOMEM);
    assert_int_equal(aspace->pmap.swapped, 1);
    check(aspace);
    disk.bad_slot = 0;
    assert_number(aspace, 5, 6);
    assert_int_equal(aspace->pmap.swapped, 0);
    aspace_put(aspace);
    assert_int_equal(slots_count().taken, 0);
}

/* Write, page out, fork, read and write back, lock, move: with the n-th frame allocation failing, and no number lost.
 * => an allocation has failed */
static bool life(unsigned long n)
{
    const vaddr_t far = address(600);
    struct aspace *aspace = with_region(24);
    uint8_t *page;

    for (uint64_t i = 0; i < 24; i++)
        assert_int_equal(write_number(aspace, i, i + 1), 0);
    assert_int_equal(mm_madvise(aspace, BASE, 20 * PAGE_SIZE, MADV_PAGEOUT), 0);
    machine_fail_after(n);
    struct aspace *child = aspace_fork(aspace);
    bool good = child && touch(child, address(0), ACCESS_READ, &page) >= 0;
    bool child_wrote = good && write_number(child, 9, 100) == 0;
    good = child_wrote && mm_mlock(aspace, address(9), 4 * PAGE_SIZE, VMA_LOCKED) == 0;
    bool moved = good && mm_mremap(aspace, BASE, 8 * PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
                                   far) == (int64_t)far;
    good = moved && touch(aspace, far, ACCESS_WRITE, &page) == 0;
    bool failed = machine_has_failed();
    machine_fail_after(0);
    assert_true(good || failed);

    check(aspace);
    slots_compare();
    for (uint64_t i = 0; i < 24; i++) {
        if (child)
            assert_number(child, i, i == 9 && child_wrote ? 100 : i + 1);
        if (i >= 8 || !moved)
            assert_number(aspace, i, i + 1);
    }
    for (uint64_t i = 0; i < 8 && moved; i++) {
        assert_int_equal(touch(aspace, far + i * PAGE_SIZE, ACCESS_READ, &page), 0);
        assert_int_equal(page[i * 8], i + 1);
    }
    if (child)
        aspace_put(child);
    aspace_put(aspace);
    return failed;
}

static void every_allocation_fails_once(void **state)
{
    struct balance before = balance();
    (void)state;

    for (unsigned long n = 1; life(n); n++)
        assert_all_is_back(&before);
    assert_all_is_back(&before);
}

/* ---- a disk that takes nothing any more ---- */

static void a_refused_page_stays(void **state)
{
    struct balance before = balance();
    struct aspace *aspace = with_region(40);
    (void)state;

    for (uint64_t i = 0; i < 40; i++)
        assert_int_equal(write_number(aspace, i, i + 1), 0);
    assert_int_equal(mm_mprotect(aspace, address(20), 4 * PAGE_SIZE, PROT_NONE), 0);
    assert_int_equal(mm_mprotect(aspace, address(30), 4 * PAGE_SIZE, PROT_READ), 0);
    /* The first two transfers of the first region are done, the third is not; the other regions' are not tried. */
    assert_int_equal(mm_madvise(aspace, BASE, PAGE_SIZE, MADV_PAGEOUT), 0);
    disk.bad_slot = pte_slot(pmap_lookup(&aspace->pmap, BASE)) + 2 * MOST + 1;
    uint64_t writes = disk.writes, refused = disk.refused;
    assert_int_equal(mm_madvise(aspace, BASE, 40 * PAGE_SIZE, MADV_PAGEOUT), 0);
    assert_int_equal(disk.writes, writes + 2);
    assert_int_equal(disk.refused, refused + 1);
    assert_int_equal(aspace->pmap.swapped, 1 + 2 * MOST);
    assert_false(swap_has_room());
    disk.bad_slot = 0;
    assert_int_equal(mm_madvise(aspace, BASE, 40 * PAGE_SIZE, MADV_PAGEOUT), 0);
    assert_int_equal(reclaim(), 0);
    assert_int_equal(disk.writes, writes + 2); /* nothing more is given to it */
    check(aspace);
    slots_compare();

    for (uint64_t i = 0; i < 40; i++) {
        uint8_t *page;
        assert_int_equal(is_on_disk(aspace, i), i <= 2 * MOST);
        if (i >= 20 && i < 24) {
            assert_true(pmap_lookup(&aspace->pmap, address(i)) & PTE_NO_ACCESS);
            assert_int_equal(touch(aspace, address(i), ACCESS_READ, &page), -EACCES);
        }
    }
    assert_int_equal(mm_mprotect(aspace, BASE, 40 * PAGE_SIZE, READ_WRITE), 0);
    uint64_t frames = free_frames();
    for (uint64_t i = 0; i < 40; i++) {
        assert_number(aspace, i, i + 1);
        assert_int_equal(write_number(aspace, i, i + 2), 0);
        assert_number(aspace, i, i + 2);
    }
    assert_int_equal(free_frames(), frames - 1 - 2 * MOST); /* what came back as it was is not copied */
    check(aspace);
    aspace_put(aspace);
    assert_all_is_back(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_pages_leave_when_all_is_shared),
        cmocka_unit_test(the_used_stays),
        cmocka_unit_test(the_hand_goes_on_where_it_stopped),
        cmocka_unit_test(copies_of_a_file_leave),
        cmocka_unit_test(ranges_leave_some_frames),
        cmocka_unit_test(other_memory_comes_from_the_disk),
        cmocka_unit_test(a_full_disk_ends_memory),
        cmocka_unit_test(a_bad_slot_is_one_page),
        cmocka_unit_test(every_allocation_fails_once),
    };
    const struct CMUnitTest stays = cmocka_unit_test(a_refused_page_stays);

    space_start();
    int failed = run_apart(&stays, 1);
    return cmocka_run_group_tests(tests, NULL, NULL) || failed;
}
