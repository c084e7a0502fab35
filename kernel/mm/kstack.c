/* SPDX-License-Identifier: MIT */
/* kstack.c - kernel stacks.
 *
 *   KSTACK_AREA + slot * 32 KiB:   [guard, never mapped: 16 KiB][stack: 16 KiB]
 *
 * A stack that overflows runs into its guard and takes a double fault on its own stack, which says so. The frames come and
 * go with the thread, but for a few stacks that are kept mapped for the next one; the page tables of the area stay.
 * Guards: kstack_lock guards everything here and the page-table entries of the area. */
#include <mm/kmap.h>
#include <mm/kstack.h>
#include <mm/page.h>
#include <sched/spinlock.h>

#define SLOT_SIZE (2 * KSTACK_SIZE)
#define SLOTS 32768UL /* as many as there can be pids */
#define SLOT_WORDS (SLOTS / 64)
#define KEEP 4

static struct spinlock kstack_lock;
static uint64_t used[SLOT_WORDS]; /* a bit a slot */
static uint64_t first_word;       /* no free slot in the words below */
static unsigned in_use;
static vaddr_t kept[KEEP]; /* tops of stacks that nobody uses, still mapped */
static unsigned kept_count;

static vaddr_t slot_stack(uint64_t slot)
{
    return KSTACK_AREA + slot * SLOT_SIZE + KSTACK_SIZE;
}

/* => a slot, or SLOTS when all are in use. */
static uint64_t slot_take(void)
{
    for (uint64_t word = first_word; word < SLOT_WORDS; word++) {
        if (~used[word] == 0)
            continue;
        uint64_t bit = (uint64_t)__builtin_ctzl(~used[word]);
        used[word] |= 1UL << bit;
        first_word = word;
        return word * 64 + bit;
    }
    return SLOTS;
}

static void slot_give(uint64_t slot)
{
    used[slot / 64] &= ~(1UL << slot % 64);
    first_word = MIN(first_word, slot / 64);
}

static void stack_unmap(vaddr_t stack, vaddr_t end)
{
    for (vaddr_t va = stack; va < end; va += PAGE_SIZE)
        page_put(pfn_to_page(kmap_unmap_page(va) >> PAGE_SHIFT));
}

static bool stack_map(vaddr_t stack)
{
    for (vaddr_t va = stack; va < stack + KSTACK_SIZE; va += PAGE_SIZE) {
        struct page *page = page_alloc(PAGE_KSTACK);

        if (page && kmap_page(va, page_to_paddr(page)) == 0)
            continue;
        if (page)
            page_put(page);
        stack_unmap(stack, va);
        return false;
    }
    return true;
}

/* => its top, or 0. */
static vaddr_t stack_make(void)
{
    uint64_t slot = slot_take();

    if (slot == SLOTS)
        return 0;
    if (!stack_map(slot_stack(slot))) {
        slot_give(slot);
        return 0;
    }
    return slot_stack(slot) + KSTACK_SIZE;
}

vaddr_t kstack_alloc(void)
{
    SPIN_GUARD(&kstack_lock);
    vaddr_t top = kept_count > 0 ? kept[--kept_count] : stack_make();
    in_use += top != 0;
    return top;
}

static void give_back(vaddr_t top)
{
    vaddr_t stack = top - KSTACK_SIZE;

    stack_unmap(stack, top);
    slot_give((stack - KSTACK_AREA) / SLOT_SIZE);
}

void kstack_free(vaddr_t top)
{
    SPIN_GUARD(&kstack_lock);
    if (kept_count < KEEP)
        kept[kept_count++] = top;
    else
        give_back(top);
    in_use--;
}

void kstack_trim(void)
{
    SPIN_GUARD(&kstack_lock);
    while (kept_count > 0)
        give_back(kept[--kept_count]);
}

unsigned kstack_count(void)
{
    return in_use;
}

bool kstack_is_guard(vaddr_t address)
{
    extern char boot_stack_guard[];

    if (page_floor(address) == (vaddr_t)boot_stack_guard)
        return true;
    return address >= KSTACK_AREA && address < KSTACK_AREA_END &&
           (address - KSTACK_AREA) % SLOT_SIZE < KSTACK_SIZE;
}
