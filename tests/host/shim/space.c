/* SPDX-License-Identifier: MIT */
/* space.c - see space.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine.h"
#include "source.h"
#include "space.h"

#include <asm-generic/errno.h>
#include <mm/fault.h>
#include <mm/kmem.h>
#include <mm/mmap.h>
#include <mm/pt.h>
#include <mm/reclaim.h>
#include <mm/slot.h>
#include <mm/swap.h>

#include <linux/mman.h>

void check(struct aspace *aspace)
{
    const char *broken = aspace_check(aspace);

    if (!broken)
        broken = page_check();
    if (broken)
        fail_msg("%s", broken);
}

void slots_compare(void)
{
    static uint16_t shares[SLOTS + 1];
    uint32_t taken = 0;

    memset(shares, 0, sizeof(shares));
    for (struct aspace *aspace = aspace_next(NULL); aspace; aspace = aspace_next(aspace))
        PT_FOREACH_RUN (run, aspace->pmap.root, 0, STACK_TOP)
            for (size_t i = 0; i < run.count; i++)
                if (run.entry[i] & PTE_SWAPPED)
                    taken += shares[pte_slot(run.entry[i])]++ == 0;
    for (uint32_t slot = 1; slot <= SLOTS; slot++)
        assert_int_equal(slot_shares(slot), shares[slot]);
    assert_int_equal(slots_count().taken, taken);
}

struct balance balance(void)
{
    struct page_ledger ledger;
    struct balance now;

    page_ledger(&ledger);
    now = (struct balance){.anon = ledger.frames[PAGE_ANON], .tables = ledger.frames[PAGE_TABLE]};
    for (struct kmem_cache *cache = kmem_first(); cache; cache = cache->next)
        now.objects += cache->in_use;
    return now;
}

void assert_all_is_back(const struct balance *before)
{
    struct balance now = balance();

    assert_int_equal(now.anon, before->anon);
    assert_int_equal(now.tables, before->tables);
    assert_int_equal(now.objects, before->objects);
    assert_int_equal(slots_count().taken, 0);
    assert_null(page_check());
    assert_null(kmem_check());
}

uint64_t free_frames(void)
{
    struct page_ledger ledger;

    page_ledger(&ledger);
    return ledger.frames[PAGE_FREE];
}

uint64_t fewest_frames = UINT64_MAX;
static int (*transfer_really)(struct blkdev *, bool, uint64_t, const uint32_t *, unsigned);

static int transfer_watched(struct blkdev *on, bool write, uint64_t sector, const uint32_t *pfns,
                            unsigned count)
{
    if (write)
        fewest_frames = MIN(fewest_frames, free_frames());
    return transfer_really(on, write, sector, pfns, count);
}

void space_start(void)
{
    machine_start(RAM);
    pmap_init();
    file_make();
    struct blkdev *dev = disk_make(SLOTS, MOST);
    transfer_really = dev->transfer;
    dev->transfer = transfer_watched;
    assert(swap_begin(dev) == 0);
}

int run_apart(const struct CMUnitTest *test, uint64_t seed)
{
    int status;
    pid_t pid = fork();

    assert(pid >= 0);
    if (pid == 0) {
        machine_seed(seed);
        const struct CMUnitTest tests[] = {*test};
        exit(cmocka_run_group_tests(tests, NULL, NULL));
    }
    return waitpid(pid, &status, 0) != pid || status != 0;
}

int touch(struct aspace *aspace, vaddr_t va, enum access access, uint8_t **page)
{
    for (int tries = 0; tries < 10; tries++) {
        pte_t pte = pmap_lookup(&aspace->pmap, va), *way[PT_LEVELS + 1];
        if (pte & PTE_PRESENT && (access != ACCESS_WRITE || pte & PTE_WRITE)) {
            pt_way(aspace->pmap.root, va, way);
            pt_table(*way[2])[PT_INDEX(va, 1)] |= PTE_ACCESSED | (access == ACCESS_WRITE ? PTE_DIRTY : 0);
            *page = paddr_to_virt(pte_paddr(pte));
            return 0;
        }
        int verdict = fault(aspace, va, access);
        if (verdict == -ENOMEM && reclaim()) /* so does trap.c */
            continue;
        if (verdict < 0)
            return verdict;
    }
    fail_msg("the fault handler says yes, but the entry still forbids the access");
    return 0;
}

struct aspace *with_region(uint64_t pages)
{
    struct aspace *aspace = aspace_create();

    page_scarce = false; /* that was another test's memory */
    assert_int_equal(mm_mmap(aspace, BASE, pages * PAGE_SIZE, READ_WRITE, PRIVATE | MAP_FIXED, &mmap_no_file),
                     BASE);
    return aspace;
}

int write_number(struct aspace *aspace, uint64_t i, uint64_t number)
{
    uint8_t *page;
    int result = touch(aspace, address(i), ACCESS_WRITE, &page);

    if (result == 0)
        memcpy(page + i % 500 * 8, &number, sizeof(number));
    return result;
}
