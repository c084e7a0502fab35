/* SPDX-License-Identifier: MIT */
/* disk.c - see disk.h */
#include "disk.h"

#include <asm-generic/errno.h>
#include <mm/page.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS (PAGE_SIZE / SECTOR_SIZE) /* of a slot */
#define SPOILT 0xdd                       /* what was refused: "not known" (blkdev.h) */

struct disk disk;
static uint8_t *bytes;

uint8_t *disk_slot(uint32_t slot)
{
    return bytes + slot * PAGE_SIZE;
}

static bool refuses(bool write, uint32_t slot, unsigned count)
{
    return (write ? disk.no_writes : disk.no_reads) ||
           (disk.bad_slot && disk.bad_slot >= slot && disk.bad_slot < slot + count);
}

static int transfer(struct blkdev *dev, bool write, uint64_t sector, const uint32_t *pfns, unsigned count)
{
    uint32_t slot = (uint32_t)(sector / SECTORS);
    bool refused = refuses(write, slot, count);

    assert(sector % SECTORS == 0 && sector + count * SECTORS <= dev->sectors);
    assert(count > 0 && count <= dev->most);
    for (unsigned i = 0; i < count; i++) {
        void *frame = page_to_virt(pfn_to_page(pfns[i])), *there = disk_slot(slot + i);
        assert(pfn_to_page(pfns[i])->refs > 0);
        if (refused)
            memset(write ? there : frame, SPOILT, PAGE_SIZE);
        else
            memcpy(write ? there : frame, write ? frame : there, PAGE_SIZE);
    }
    *(refused ? &disk.refused : write ? &disk.writes : &disk.reads) += 1;
    return refused ? -EIO : 0;
}

struct blkdev *disk_make(uint32_t last_slot, unsigned most)
{
    static struct blkdev made;
    static const uint32_t header[] = {1, 0, 0}; /* version, last slot, bad ones */

    free(bytes);
    bytes = calloc(last_slot + 1UL, PAGE_SIZE);
    assert(bytes);
    memcpy(bytes + 1024, header, sizeof(header));
    memcpy(bytes + 1024 + 4, &last_slot, sizeof(last_slot));
    memcpy(bytes + PAGE_SIZE - 10, "SWAPSPACE2", 10);
    disk = (struct disk){0};
    made = (struct blkdev){"vda", (last_slot + 1UL) * SECTORS, most, transfer};
    return &made;
}
