/* SPDX-License-Identifier: MIT */
/* commit.c - the sum of all promises, and whether it may grow.
 *
 * A promise is what could need a frame of its own that nothing but RAM can hold: private regions that are or were writable
 * (VMA_ACCOUNT) and shared anonymous memory, unless MAP_NORESERVE. The sum moves with every region and is exact in every mode.
 * Asking and promising are two steps: on several CPUs, calls at the same moment may pass the limit by what they ask for.
 * Guards: the sum is atomic; the settings are single words. */
#include <mm/commit.h>
#include <mm/page.h>
#include <mm/slot.h>

#define USER_RESERVE_KBYTES 131072 /* Linux's default: 128 MiB for the way out of a full machine */

struct commit_settings commit_settings = {
    .mode = COMMIT_ALWAYS, .ratio = 50, .user_reserve_kbytes = USER_RESERVE_KBYTES};
uint64_t commit_sum;

uint64_t commit_ram(void)
{
    struct page_ledger ledger;

    page_ledger(&ledger);
    return ledger.total - ledger.frames[PAGE_FIRMWARE] - ledger.frames[PAGE_IMAGE] -
           ledger.frames[PAGE_ARRAY];
}

uint64_t commit_limit(void)
{
    if (commit_settings.kbytes)
        return commit_settings.kbytes / (PAGE_SIZE / KIB) + slots_count().total;
    return commit_ram() * commit_settings.ratio / 100 + slots_count().total;
}

bool commit_allows_within_limit(uint64_t pages, uint64_t total)
{
    if (commit_settings.mode == COMMIT_HEURISTIC)
        return pages <= commit_ram() + slots_count().total;
    /* A single process leaves room for another one, with which its user can end it. */
    uint64_t reserve = MIN(total / 32, commit_settings.user_reserve_kbytes / (PAGE_SIZE / KIB));
    return commit_total() + pages + reserve < commit_limit();
}
