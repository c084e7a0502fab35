/* SPDX-License-Identifier: MIT */
/* buddy.c - see buddy.h. Which blocks are free, and which RAM is online.
 *
 *   free_blocks  order 0 -> block -> block
 *                order 1 -> block            a block of order n is 2^n adjacent frames, aligned to its size;
 *                ...                         its buddy is the block at pfn ^ 2^n; two free buddies become
 *                order 10 -> block           one block of order n + 1
 *
 * RAM comes online in sections of 128 MiB, when nothing is left: booting with 16 GiB costs no more than booting with 128 MiB.
 *
 * Guards: buddy_lock, all here. Frame 0 is never handed out: 0 ends a list. */
#include <mm/bootmem.h>
#include <mm/buddy.h>
#include <string.h>

#define PAGE_FLAG_FREE_BLOCK (1U << 1) /* the first frame of a block in free_blocks */

#define SECTION_FRAMES (128 * MIB >> PAGE_SHIFT)
#define SECTIONS_MAX 8192 /* 1 TiB of RAM */

struct spinlock buddy_lock;
static uint32_t free_blocks[PAGE_MAX_ORDER + 1]; /* pfn of the first block */
static uint64_t free_counts[PAGE_MAX_ORDER + 1];
int64_t buddy_offline[PAGE_OWNERS];
static pfn_t array_end;
static unsigned section_count;
static unsigned section_next; /* all sections below are online */
static bool online[SECTIONS_MAX];

pfn_t buddy_array_end(void)
{
    return array_end;
}

/* ---- blocks ---- */

static void block_push(pfn_t pfn, unsigned order)
{
    struct page *page = pfn_to_page(pfn);

    page->flags |= PAGE_FLAG_FREE_BLOCK;
    page->order = (uint8_t)order;
    frame_list_push(&free_blocks[order], page);
    free_counts[order]++;
}

static void block_remove(struct page *page)
{
    frame_list_remove(&free_blocks[page->order], page);
    page->flags &= (uint16_t)~PAGE_FLAG_FREE_BLOCK;
    free_counts[page->order]--;
}

/* Buddies never reach over the end of a section, so their struct pages are always online. */
void buddy_free(pfn_t pfn, unsigned order)
{
    while (order < PAGE_MAX_ORDER) {
        struct page *buddy = pfn_to_page(pfn ^ (1UL << order));

        if (!(buddy->flags & PAGE_FLAG_FREE_BLOCK) || buddy->order != order)
            break;
        block_remove(buddy);
        pfn &= ~(1UL << order);
        order++;
    }
    block_push(pfn, order);
}

static struct page *block_take(unsigned order)
{
    unsigned from = order;

    while (from <= PAGE_MAX_ORDER && free_blocks[from] == 0)
        from++;
    if (from > PAGE_MAX_ORDER)
        return NULL;
    struct page *page = pfn_to_page(free_blocks[from]);
    block_remove(page);
    while (from > order) {
        from--;
        block_push(page_to_pfn(page) + (1UL << from), from); /* the upper half stays free */
    }
    page->order = (uint8_t)order;
    return page;
}

/* ---- coming online ---- */

void buddy_free_range(pfn_t start, pfn_t end)
{
    while (start < end) {
        unsigned order = buddy_order(start, end);
        buddy_free(start, order);
        start += 1UL << order;
    }
}

static void range_online(pfn_t start, pfn_t end)
{
    for (pfn_t pfn = start, run_end; pfn < end; pfn = run_end) {
        run_end = end;
        enum page_owner owner = bootmem_owner(pfn, &run_end);

        buddy_offline[owner] -= (int64_t)(run_end - pfn);
        for (pfn_t at = pfn; at < run_end; at++) {
            struct page *page = pfn_to_page(at);
            page->flags = PAGE_FLAG_ONLINE;
            page->owner = (uint8_t)owner;
            page->refs = owner != PAGE_FREE;
        }
        if (owner == PAGE_FREE)
            buddy_free_range(pfn, run_end);
    }
}

static pfn_t section_end(unsigned section)
{
    return MIN((section + 1) * SECTION_FRAMES, array_end);
}

/* => false if the section has no RAM. buddy_lock held. */
static bool section_online(unsigned section)
{
    pfn_t start = section * SECTION_FRAMES, end = section_end(section);
    bool any = false;

    online[section] = true;
    for (unsigned i = 0; i < bootmem.ram_count; i++) {
        pfn_t first = MAX(start, bootmem.ram[i].start), last = MIN(end, bootmem.ram[i].end);
        if (first >= last)
            continue;
        if (!any)
            memset(pfn_to_page(start), 0, (frame_array_end(end) - start) * sizeof(struct page));
        any = true;
        range_online(first, last);
    }
    return any;
}

bool buddy_is_online(pfn_t pfn)
{
    return online[pfn / SECTION_FRAMES] && pfn_to_page(pfn)->flags & PAGE_FLAG_ONLINE;
}

/* => false when all RAM is online. */
static bool section_online_next(void)
{
    for (; section_next < section_count; section_next++)
        if (!online[section_next] && section_online(section_next))
            return true;
    return false;
}

void buddy_init(int64_t owned[PAGE_OWNERS])
{
    array_end = bootmem.ram[bootmem.ram_count - 1].end;
    section_count = (unsigned)((array_end + SECTION_FRAMES - 1) / SECTION_FRAMES);
    assert(section_count <= SECTIONS_MAX);
    for (unsigned i = 0; i < bootmem.ram_count; i++)
        for (pfn_t pfn = bootmem.ram[i].start, run_end; pfn < bootmem.ram[i].end; pfn = run_end) {
            run_end = bootmem.ram[i].end;
            enum page_owner owner = bootmem_owner(pfn, &run_end);
            buddy_offline[owner] += (int64_t)(run_end - pfn);
        }
    memcpy(owned, buddy_offline, sizeof(buddy_offline));
    section_online_next();
}

void buddy_online_at(pfn_t pfn)
{
    if (!online[pfn / SECTION_FRAMES])
        section_online((unsigned)(pfn / SECTION_FRAMES));
}

struct page *buddy_take(unsigned order)
{
    struct page *page = block_take(order);

    while (!page && section_online_next())
        page = block_take(order);
    return page;
}

/* ---- counting ---- */

void buddy_counts(uint64_t blocks[PAGE_MAX_ORDER + 1])
{
    uint64_t offline = (uint64_t)buddy_offline[PAGE_FREE];

    for (unsigned order = 0; order <= PAGE_MAX_ORDER; order++)
        blocks[order] = free_counts[order];
    blocks[PAGE_MAX_ORDER] += offline >> PAGE_MAX_ORDER;
    blocks[0] += offline & ((1UL << PAGE_MAX_ORDER) - 1);
}

const struct page *buddy_look(pfn_t pfn, pfn_t *next)
{
    const struct page *page = pfn_to_page(pfn);
    unsigned section = (unsigned)(pfn / SECTION_FRAMES);

    *next = section_end(section);
    if (!online[section])
        return NULL;
    *next = pfn + (page->refs || page->flags & PAGE_FLAG_FREE_BLOCK ? 1UL << page->order : 1);
    return page;
}

int64_t buddy_walk(void)
{
    int64_t frames = 0;

    for (unsigned order = 0; order <= PAGE_MAX_ORDER; order++) {
        uint64_t blocks = 0;
        uint32_t prev = 0;
        for (uint32_t pfn = free_blocks[order]; pfn; pfn = pfn_to_page(pfn)->next) {
            const struct page *page = pfn_to_page(pfn);
            if (!(page->flags & PAGE_FLAG_FREE_BLOCK) || page->order != order || page->refs != 0 ||
                page->prev != prev || (pfn & ((1UL << order) - 1)) != 0 || ++blocks > free_counts[order])
                return -1;
            frames += 1L << order;
            prev = pfn;
        }
        if (blocks != free_counts[order])
            return -1;
    }
    return frames;
}
