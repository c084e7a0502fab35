/* SPDX-License-Identifier: MIT */
/* swap.c - the swap disk: pages go to slots and come back.
 *
 *   disk     | header | slot 1 | slot 2 | ...              a slot is a page: eight sectors
 *   header   "SWAPSPACE2" at its end; version, last slot, number of bad ones 1024 bytes from its beginning (mkswap(8))
 *
 * Which slots are taken is slot.c's, which pages go is reclaim.c's, what an entry says then pmap.c's. The disk is polled: a transfer ends
 * before the call does, so nobody sleeps here, and no page is ever half on its way.
 * Guards: one transfer at a time is the disk's own business; the counts are this file's alone. */
#include <asm-generic/errno.h>
#include <lib/log.h>
#include <mm/page.h>
#include <mm/slot.h>
#include <mm/swap.h>
#include <string.h>

#define SECTORS_PER_SLOT (PAGE_SIZE / SECTOR_SIZE)
#define SIGNATURE                                                                                            \
    "SWAPSPACE2" /* of a header of version 1, the only one that Linux still knows (its mm/swapfile.c) */
#define SIGNATURE_LENGTH 10

struct header {
    char for_boot_loaders[1024];
    uint32_t version, last_slot, bad_slots;
    char rest[PAGE_SIZE - 1024 - 3 * sizeof(uint32_t) - SIGNATURE_LENGTH];
    char signature[SIGNATURE_LENGTH];
};
static_assert(sizeof(struct header) == PAGE_SIZE, "the header is slot 0");

static struct blkdev *disk;
static bool refused; /* to write: nothing is given to it any more, what it has can still be read */
static uint64_t pages_in, pages_out;

/* => how many slots the header promises, itself included; 0: it is none. */
static uint32_t slots_of(const struct header *header, const struct blkdev *on)
{
    if (memcmp(header->signature, SIGNATURE, SIGNATURE_LENGTH) != 0 || header->version != 1 ||
        header->bad_slots != 0 || header->last_slot == 0 ||
        header->last_slot >= on->sectors / SECTORS_PER_SLOT)
        return 0;
    return header->last_slot + 1;
}

static int header_read(struct blkdev *from, uint32_t *slots)
{
    struct page *page = page_alloc(PAGE_BUFFER);
    uint32_t pfn = page ? (uint32_t)page_to_pfn(page) : 0;

    if (!page)
        return -ENOMEM;
    int error = from->transfer(from, false, 0, &pfn, 1);
    *slots = error ? 0 : slots_of(page_to_virt(page), from);
    page_put(page);
    return error ? error : *slots ? 0 : -EINVAL;
}

int swap_begin(struct blkdev *wanted)
{
    uint32_t slots;
    int error = header_read(wanted, &slots);

    if (!error && !(slots = slots_begin(slots)))
        error = -ENOMEM;
    if (error) {
        log_line("swap: /dev/%s is not used: %s", wanted->name,
                 error == -EINVAL ? "it has no swap header (mkswap)"
                 : error == -EIO  ? "it cannot be read"
                                  : "there is no memory to count its pages");
        return error;
    }
    disk = wanted;
    log_line("swap: %lu kB on /dev/%s", (slots - 1UL) * (PAGE_SIZE / KIB), disk->name);
    return 0;
}

/* How many of the slots lie in a row from the first on, as far as one transfer goes. */
static unsigned row_of(const uint32_t *slots, unsigned count)
{
    unsigned row = 1;

    while (row < count && row < disk->most && slots[row] == slots[0] + row)
        row++;
    return row;
}

static unsigned move(bool write, const uint32_t *pfns, const uint32_t *slots, unsigned count)
{
    unsigned done = 0;

    for (unsigned row; done < count; done += row) {
        row = row_of(slots + done, count - done);
        if (disk->transfer(disk, write, slots[done] * SECTORS_PER_SLOT, pfns + done, row) < 0)
            break;
    }
    return done;
}

unsigned swap_write(const uint32_t *pfns, const uint32_t *slots, unsigned count)
{
    unsigned done = refused ? 0 : move(true, pfns, slots, count);

    pages_out += done;
    if (done < count && !refused)
        log_line("swap: /dev/%s refused to write slot %u: no page goes there any more", disk->name,
                 slots[done]);
    refused |= done < count;
    return done;
}

unsigned swap_read(const uint32_t *pfns, const uint32_t *slots, unsigned count)
{
    unsigned done = move(false, pfns, slots, count);

    pages_in += done;
    return done;
}

int swap_row_read(struct swap_row *row, struct pmap *pmap, vaddr_t va, vaddr_t end, pte_t pte)
{
    row->count = 0;
    while (row->count < SWAP_ROW && va < end && pmap_lookup(pmap, va) == pte) {
        struct page *page = row->count && page_scarce ? NULL : page_alloc(PAGE_ANON);
        if (!page)
            break;
        row->slots[row->count] = pte_slot(pte);
        row->pfns[row->count++] = (uint32_t)page_to_pfn(page);
        va += PAGE_SIZE;
        pte += PAGE_SIZE; /* the entry of the slot behind */
    }
    if (row->count == 0)
        return -ENOMEM;
    unsigned wanted = row->count;
    row->count = swap_read(row->pfns, row->slots, wanted);
    if (row->count == 0)
        row->count = swap_read(row->pfns, row->slots, 1); /* perhaps only one behind it is bad */
    if (row->count == 0)
        log_line("swap: /dev/%s cannot read slot %u", disk->name, row->slots[0]);
    for (unsigned i = row->count; i < wanted; i++)
        page_put(pfn_to_page(row->pfns[i]));
    return row->count ? 0 : -EIO;
}

bool swap_has_room(void)
{
    struct slot_count count = slots_count();

    return !refused && count.taken < count.total;
}

struct swap_state swap_state(void)
{
    struct slot_count count = slots_count();

    return (struct swap_state){.name = disk ? disk->name : NULL,
                               .total = count.total,
                               .taken = count.taken,
                               .pages_in = pages_in,
                               .pages_out = pages_out};
}
