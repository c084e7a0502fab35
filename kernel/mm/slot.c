/* SPDX-License-Identifier: MIT */
/* slot.c - which pages of the swap disk are taken, and how many page-table entries lead to each.
 *
 *   shares[slot]   0: free   n: so many entries say PTE_SWAPPED with this number (fork makes more of them)
 *
 * A slot is looked for from behind the one that was found last: what goes to the disk together lies there in a row, and can be read
 * back together. Nothing here knows the disk or moves a byte: that is swap.c.
 * Guards: slot_lock for everything. */
#include <mm/page.h>
#include <mm/slot.h>
#include <sched/spinlock.h>
#include <string.h>

static struct spinlock slot_lock;
static uint16_t *shares; /* of `count` slots */
static uint32_t count, taken, last;

uint32_t slots_begin(uint32_t wanted)
{
    unsigned order = 0;

    assert(!shares);
    while (order < PAGE_MAX_ORDER && PAGE_SIZE << order < wanted * sizeof(*shares))
        order++;
    struct page *page = page_alloc_order(PAGE_BUFFER, order);
    if (!page)
        return 0;
    shares = page_to_virt(page);
    memset(shares, 0, PAGE_SIZE << order);
    count = (uint32_t)MIN(wanted, (PAGE_SIZE << order) / sizeof(*shares));
    return count;
}

/* The first free one of [from, end); 0: none is. */
static uint32_t free_from(uint32_t from, uint32_t end)
{
    for (uint32_t slot = from; slot < end; slot++)
        if (shares[slot] == 0)
            return slot;
    return 0;
}

uint32_t slot_alloc(void)
{
    SPIN_GUARD(&slot_lock);
    if (taken + 1 >= count)
        return 0;
    uint32_t slot = free_from(last + 1, count);
    if (slot == 0)
        slot = free_from(1, last + 1);
    assert(slot != 0);
    shares[slot] = 1;
    taken++;
    last = slot;
    return slot;
}

bool slot_get(uint32_t slot)
{
    SPIN_GUARD(&slot_lock);
    assert(slot < count && shares[slot] > 0);
    if (shares[slot] == UINT16_MAX)
        return false;
    shares[slot]++;
    return true;
}

void slot_put(uint32_t slot)
{
    SPIN_GUARD(&slot_lock);
    assert(slot < count && shares[slot] > 0);
    taken -= --shares[slot] == 0;
}

uint32_t slot_shares(uint32_t slot)
{
    SPIN_GUARD(&slot_lock);
    return slot < count ? shares[slot] : 0;
}

struct slot_count slots_count(void)
{
    return (struct slot_count){.total = count ? count - 1 : 0, .taken = taken};
}
