/* SPDX-License-Identifier: MIT */
/* bootmem.c - RAM before the frame allocator.
 *
 * Two short sorted lists: RAM, and what is taken of it (the image, the initramfs, the first tables). page_init() reads both;
 * afterwards nobody calls bootmem_alloc any more. One CPU runs: no lock. */
#include <assert.h>
#include <mm/bootmem.h>

#define EARLY_LIMIT ((4 * GIB) >> PAGE_SHIFT)

struct bootmem bootmem;

void bootmem_add_ram(paddr_t start, paddr_t end)
{
    assert(page_aligned(start) && page_aligned(end) && start < end);
    assert(bootmem.ram_count < BOOTMEM_RANGES);
    assert(bootmem.ram_count == 0 || bootmem.ram[bootmem.ram_count - 1].end <= start >> PAGE_SHIFT);
    bootmem.ram[bootmem.ram_count++] =
        (struct bootmem_range){start >> PAGE_SHIFT, end >> PAGE_SHIFT, PAGE_FREE};
}

void bootmem_take(paddr_t start, paddr_t end, enum page_owner owner)
{
    unsigned at = bootmem.taken_count;
    pfn_t first = start >> PAGE_SHIFT, last = page_ceil(end) >> PAGE_SHIFT;

    while (at > 0 && bootmem.taken[at - 1].start > first)
        at--;
    if (at > 0 && bootmem.taken[at - 1].end == first && bootmem.taken[at - 1].owner == owner) {
        bootmem.taken[at - 1].end = last; /* one table after the other: still one range */
        return;
    }
    assert(bootmem.taken_count < BOOTMEM_RANGES);
    for (unsigned i = bootmem.taken_count++; i > at; i--)
        bootmem.taken[i] = bootmem.taken[i - 1];
    bootmem.taken[at] = (struct bootmem_range){first, last, owner};
}

/* The first taken range that reaches into [start, end), or NULL. */
static const struct bootmem_range *taken_in(pfn_t start, pfn_t end)
{
    for (unsigned i = 0; i < bootmem.taken_count; i++)
        if (bootmem.taken[i].start < end && bootmem.taken[i].end > start)
            return &bootmem.taken[i];
    return NULL;
}

paddr_t bootmem_alloc(pfn_t frames, enum page_owner owner)
{
    for (unsigned i = 0; i < bootmem.ram_count; i++) {
        pfn_t at = MAX(bootmem.ram[i].start, 1 * MIB >> PAGE_SHIFT);
        pfn_t end = MIN(bootmem.ram[i].end, EARLY_LIMIT);

        while (at + frames <= end) {
            const struct bootmem_range *taken = taken_in(at, at + frames);
            if (!taken) {
                bootmem_take(at << PAGE_SHIFT, (at + frames) << PAGE_SHIFT, owner);
                return at << PAGE_SHIFT;
            }
            at = taken->end;
        }
    }
    panic("no room for %lu frames of the kernel's own tables: give the machine more RAM",
          (unsigned long)frames);
}

enum page_owner bootmem_owner(pfn_t pfn, pfn_t *end)
{
    const struct bootmem_range *taken = taken_in(pfn, *end);
    bool inside = taken && taken->start <= pfn;

    if (taken)
        *end = MIN(*end, inside ? taken->end : taken->start);
    return inside ? taken->owner : PAGE_FREE;
}
