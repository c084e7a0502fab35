/* SPDX-License-Identifier: MIT */
/* page.c - frames: what is handed out one by one and comes back, and the ledger.
 *
 *   page_array   [0][1][2] ...            one struct page for each frame, 32 bytes
 *   free blocks                           buddy.c
 *   caches[cpu]  frame -> frame -> ...    up to CACHE_MAX single frames: alloc and free of one frame usually stay here
 *                frame -> frame -> ...    and up to ZEROED_MAX that were page tables and are all zero: the next ones are made of them
 *
 * The ledger is kept as each CPU's differences, so that no line is shared between CPUs; their sum is exact. A frame that is not
 * online yet is free in it.
 *
 * Guards: a CPU's cache and differences are its own (interrupts are off). Frame 0 is never handed out: 0 ends a list. Nothing here
 * waits or reclaims. */
#include <arch/x86/percpu.h>
#include <lib/log.h>
#include <mm/bootmem.h>
#include <mm/buddy.h>
#include <mm/page.h>
#include <sched/thread.h>
#include <trace/trace.h>
#include <x86/cpu.h>

#define PAGE_FLAG_CACHED (1U << 2) /* free, in a CPU's cache */

#define CACHE_MAX 64
#define ZEROED_MAX 64
#define CACHE_BATCH_ORDER 5 /* of 32 frames */
#define CACHE_BATCH (1U << CACHE_BATCH_ORDER)

/* Frames are scarce below such a part of the RAM, within these bounds: enough for what a system call takes. */
#define SCARCE_PART 64
#define SCARCE_LEAST 192UL
#define SCARCE_MOST 1024UL
/* Blocks up to here come together when single frames become free; for larger ones all memory might have to go (Linux's
 * PAGE_ALLOC_COSTLY_ORDER). */
#define COSTLY_ORDER 3

/* Free frames, linked by page->next. */
struct stack {
    uint32_t first; /* pfn */
    uint32_t count;
};

struct page_cache {
    struct stack plain, zeroed;
    int64_t owned[PAGE_OWNERS]; /* this CPU's share of the ledger */
} __attribute__((aligned(64)));
static struct page_cache caches[MAX_CPUS];

bool page_scarce;
static uint64_t scarce_below; /* frames */

static const char *const owner_names[PAGE_OWNERS] = {
    "free", "firmware", "image", "array", "table", "kstack", "slab", "buffer", "anon", "file", "shmem",
};

const char *page_owner_name(enum page_owner owner)
{
    return owner_names[owner];
}

void page_init(void)
{
    if (bootmem.ram[0].start == 0)
        bootmem_take(0, PAGE_SIZE, PAGE_FIRMWARE); /* 0 ends a list */
    buddy_init(caches[0].owned);
    struct page_ledger ledger;
    page_ledger(&ledger);
    scarce_below = MIN(MAX(ledger.total / SCARCE_PART, SCARCE_LEAST), SCARCE_MOST);
}

static uint64_t free_frames(void)
{
    int64_t frames = 0;

    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        frames += caches[cpu].owned[PAGE_FREE];
    return (uint64_t)frames;
}

uint64_t page_missing(void)
{
    uint64_t now = free_frames();

    return MAX(2 * scarce_below, now + CACHE_BATCH) - now;
}

void page_boot_release(paddr_t start, paddr_t end)
{
    for (pfn_t pfn = start >> PAGE_SHIFT; pfn < page_ceil(end) >> PAGE_SHIFT; pfn++) {
        buddy_online_at(pfn);
        page_put(pfn_to_page(pfn));
    }
}

/* ---- allocation ---- */

static void stack_push(struct stack *stack, struct page *page)
{
    page->flags |= PAGE_FLAG_CACHED;
    page->next = stack->first;
    stack->first = (uint32_t)page_to_pfn(page);
    stack->count++;
}

/* There is one. */
static inline struct page *stack_pop(struct stack *stack)
{
    struct page *page = pfn_to_page(stack->first);

    stack->first = page->next;
    stack->count--;
    page->flags = PAGE_FLAG_ONLINE;
    return page;
}

/* Memory is short: the frames of zeros serve any purpose. => false if there were none. */
static bool zeroed_spend(struct page_cache *cache)
{
    bool any = cache->zeroed.count > 0;

    while (cache->zeroed.count > 0)
        stack_push(&cache->plain, stack_pop(&cache->zeroed));
    return any;
}

/* Gives a CPU's cached frames back to the buddy, all but `keep`. buddy_lock held. */
static void cache_drain(struct page_cache *cache, uint32_t keep)
{
    while (cache->plain.count > keep)
        buddy_free(page_to_pfn(stack_pop(&cache->plain)), 0);
}

/* The last free frames are in other CPUs' caches. They stand still: one CPU at a time is in the kernel. */
static bool cache_borrow(struct page_cache *cache)
{
    for (struct page_cache *other = caches; other < caches + cpu_count; other++)
        if (other != cache && (other->plain.count > 0 || zeroed_spend(other))) {
            stack_push(&cache->plain, stack_pop(&other->plain));
            return true;
        }
    return false;
}

/* Frames come by the block and are handed out in ascending order: neighbours in time become neighbours in memory, and
 * can go back as a block (page_put_batch). */
static bool cache_fill(struct page_cache *cache)
{
    unsigned order = CACHE_BATCH_ORDER;
    struct page *block;

    spin_lock(&buddy_lock);
    while ((block = buddy_take(order)) == NULL && order > 0)
        order--;
    spin_unlock(&buddy_lock);
    page_scarce = !block || free_frames() < scarce_below;
    if (page_scarce)
        thread_before_user(THREAD_FRAMES);
    if (!block)
        return zeroed_spend(cache) || cache_borrow(cache);
    for (unsigned i = 1U << order; i-- > 0;) {
        block[i].order = 0;
        stack_push(&cache->plain, &block[i]);
    }
    return true;
}

/* Who has nothing to tell is past these two in two instructions: they are called last, so nothing has to be kept for afterwards. */
static NOINLINE struct page *given_told(struct page *page)
{
    TRACE(frame_alloc, .pfn = page_to_pfn(page), .order = page->order, .owner = page->owner);
    return page;
}

static inline struct page *given(struct page *page)
{
    return TRACE_ON(frame_alloc) ? given_told(page) : page;
}

static NOINLINE void tell_free(const struct page *page, enum page_owner owner)
{
    TRACE(frame_free, .pfn = page_to_pfn(page), .order = page->order, .owner = (uint8_t)owner);
}

static void page_give(struct page *page, struct page_cache *cache, enum page_owner owner, int64_t frames)
{
    page->refs = 1;
    page->maps = 0;
    page->owner = (uint8_t)owner;
    cache->owned[PAGE_FREE] -= frames;
    cache->owned[owner] += frames;
}

/* Called last, too: the common way keeps nothing in registers for it. */
static NOINLINE struct page *alloc_refilled(enum page_owner owner)
{
    return cache_fill(&caches[cpu_number()]) ? page_alloc(owner) : NULL;
}

struct page *page_alloc(enum page_owner owner)
{
    struct page_cache *cache = &caches[cpu_number()];

    if (unlikely(cache->plain.count == 0))
        return alloc_refilled(owner);
    struct page *page = stack_pop(&cache->plain);
    page_give(page, cache, owner, 1);
    return given(page);
}

struct page *page_alloc_zeroed(enum page_owner owner)
{
    struct page_cache *cache = &caches[cpu_number()];

    if (likely(cache->zeroed.count > 0)) {
        struct page *zeroed = stack_pop(&cache->zeroed);
        page_give(zeroed, cache, owner, 1);
        return given(zeroed);
    }
    struct page *page = page_alloc(owner);
    if (page)
        cpu_zero_page(page_to_virt(page));
    return page;
}

struct page *page_alloc_order(enum page_owner owner, unsigned order)
{
    struct page_cache *cache = &caches[cpu_number()];

    assert(order <= PAGE_MAX_ORDER);
    if (order == 0)
        return page_alloc(owner);
    SPIN_GUARD(&buddy_lock);
    struct page *page = buddy_take(order);
    if (!page) {
        (void)zeroed_spend(cache);
        cache_drain(cache, 0);
        page = buddy_take(order);
    }
    if (!page && order <= COSTLY_ORDER)
        thread_before_user(THREAD_FRAMES);
    if (!page)
        return NULL;
    page_give(page, cache, owner, 1L << order);
    return given(page);
}

static inline void frames_return(struct page_cache *cache, enum page_owner owner, uint64_t frames)
{
    cache->owned[owner] -= (int64_t)frames;
    cache->owned[PAGE_FREE] += (int64_t)frames;
}

/* The last reference is gone: the frames are nobody's. => whose they were */
static inline enum page_owner page_disown(struct page *page)
{
    enum page_owner owner = page->owner;

    assert(page->maps == 0);
    page->owner = PAGE_FREE;
    page->object = NULL;
    return owner;
}

/* Frees single frames of one owner that lie side by side. */
static void run_release(pfn_t start, pfn_t end, enum page_owner owner, struct page_cache *cache)
{
    bool to_buddy = end - start >= CACHE_BATCH || cache->plain.count + (end - start) > CACHE_MAX;

    frames_return(cache, owner, end - start);
    if (to_buddy) {
        SPIN_GUARD(&buddy_lock);
        buddy_free_range(start, end);
        return;
    }
    while (end > start)
        stack_push(&cache->plain, pfn_to_page(--end));
}

void page_put(struct page *page)
{
    assert(page->refs > 0);
    if (__atomic_sub_fetch(&page->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;

    if (TRACE_ON(frame_free))
        tell_free(page, page->owner);
    struct page_cache *cache = &caches[cpu_number()];
    frames_return(cache, page_disown(page), 1UL << page->order);
    if (likely(page->order == 0 && cache->plain.count < CACHE_MAX)) {
        stack_push(&cache->plain, page);
        return;
    }
    SPIN_GUARD(&buddy_lock);
    if (page->order == 0)
        cache_drain(cache, CACHE_MAX - CACHE_BATCH);
    buddy_free(page_to_pfn(page), page->order);
}

void page_put_zeroed(struct page *page)
{
    struct page_cache *cache = &caches[cpu_number()];

    assert(page->refs == 1 && page->order == 0 && page->owner == PAGE_TABLE);
    if (unlikely(cache->zeroed.count >= ZEROED_MAX)) {
        page_put(page);
        return;
    }
    page->refs = 0;
    frames_return(cache, page_disown(page), 1);
    stack_push(&cache->zeroed, page);
    if (TRACE_ON(frame_free))
        tell_free(page, PAGE_TABLE);
}

/* Those of the batch that nobody else holds, as blocks. */
static NOINLINE void batch_tell(const uint32_t *pfns, unsigned count)
{
    for (unsigned i = 0, order; i < count; i += 1U << order) {
        const struct page *first = pfn_to_page(pfns[i]);
        unsigned run = 0;

        while (i + run < count && pfns[i + run] == pfns[i] + run && first[run].refs == 1 &&
               first[run].owner == first->owner)
            run++;
        order = buddy_order(pfns[i], pfns[i] + run);
        if (run)
            TRACE(frame_free, .pfn = pfns[i], .order = (uint8_t)order, .owner = first->owner);
    }
}

void page_put_batch(const uint32_t *pfns, unsigned count)
{
    struct page_cache *cache = &caches[cpu_number()];
    pfn_t run_start = 0, run_end = 0;
    enum page_owner owner = PAGE_FREE;

    if (TRACE_ON(frame_free))
        batch_tell(pfns, count);
    for (unsigned i = 0; i < count; i++) {
        struct page *page = pfn_to_page(pfns[i]);
        assert(page->refs > 0);
        if (__atomic_sub_fetch(&page->refs, 1, __ATOMIC_ACQ_REL) != 0)
            continue;
        assert(page->order == 0);
        enum page_owner was = page_disown(page);
        if (pfns[i] != run_end || was != owner) {
            run_release(run_start, run_end, owner, cache);
            run_start = pfns[i];
            owner = was;
        }
        run_end = pfns[i] + 1UL;
    }
    run_release(run_start, run_end, owner, cache);
}

/* ---- the ledger ---- */

void page_ledger(struct page_ledger *ledger)
{
    *ledger = (struct page_ledger){0};
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        for (unsigned owner = 0; owner < PAGE_OWNERS; owner++)
            ledger->frames[owner] += (uint64_t)caches[cpu].owned[owner];
    for (unsigned owner = 0; owner < PAGE_OWNERS; owner++)
        ledger->total += ledger->frames[owner];
}

void page_buddy_counts(uint64_t blocks[PAGE_MAX_ORDER + 1])
{
    SPIN_GUARD(&buddy_lock);
    buddy_counts(blocks);
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        blocks[0] += caches[cpu].plain.count + caches[cpu].zeroed.count;
}

/* => true if all frames that pass for zeroed are. */
static bool zeroed_check(const struct stack *zeroed)
{
    uint32_t count = 0;

    for (uint32_t pfn = zeroed->first; pfn; pfn = pfn_to_page(pfn)->next, count++) {
        const uint64_t *words = page_to_virt(pfn_to_page(pfn));
        for (unsigned i = 0; i < PAGE_SIZE / sizeof(*words); i++)
            if (words[i] || count == zeroed->count)
                return false;
    }
    return count == zeroed->count;
}

void page_each_owned(void (*visit)(pfn_t first, pfn_t count, enum page_owner owner))
{
    for (unsigned i = 0; i < bootmem.ram_count; i++) {
        pfn_t first = bootmem.ram[i].start, end = bootmem.ram[i].end;
        enum page_owner owner = PAGE_FREE;

        for (pfn_t pfn = first, next; pfn < end; pfn = next) {
            const struct page *page = buddy_look(pfn, &next);
            enum page_owner has = page ? page->owner : PAGE_FREE;
            if (has == owner)
                continue;
            if (owner != PAGE_FREE)
                visit(first, pfn - first, owner);
            first = pfn;
            owner = has;
        }
        if (owner != PAGE_FREE)
            visit(first, end - first, owner);
    }
}

/* Counts every online frame of [start, end) by its owner. => NULL, or what is wrong with one. */
static const char *frames_count(pfn_t start, pfn_t end, int64_t owned[PAGE_OWNERS])
{
    for (pfn_t pfn = start, next; pfn < end; pfn = next) {
        const struct page *page = buddy_look(pfn, &next);
        if (!page)
            continue;
        if (page->owner >= PAGE_OWNERS || !(page->flags & PAGE_FLAG_ONLINE))
            return "a frame has no owner class";
        if ((page->owner == PAGE_FREE) != (page->refs == 0))
            return "a frame with references is free, or one without is owned";
        owned[page->owner] += (int64_t)(next - pfn);
    }
    return NULL;
}

const char *page_check(void)
{
    struct page_ledger ledger;
    int64_t owned[PAGE_OWNERS] = {0};
    uint64_t total = 0;

    page_ledger(&ledger);
    for (unsigned i = 0; i < bootmem.ram_count; i++) {
        const char *broken = frames_count(bootmem.ram[i].start, bootmem.ram[i].end, owned);
        if (broken)
            return broken;
        total += bootmem.ram[i].end - bootmem.ram[i].start;
    }
    if (ledger.total != total)
        return "the owner classes do not add up to the RAM";
    for (unsigned owner = 0; owner < PAGE_OWNERS; owner++)
        if ((uint64_t)(owned[owner] + buddy_offline[owner]) != ledger.frames[owner])
            return owner_names[owner];

    SPIN_GUARD(&buddy_lock);
    int64_t listed = buddy_walk();
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        listed += caches[cpu].plain.count + caches[cpu].zeroed.count;
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        if (!zeroed_check(&caches[cpu].zeroed))
            return "a frame that was kept as zeroed has been written";
    if (listed < 0 || (uint64_t)(listed + buddy_offline[PAGE_FREE]) != ledger.frames[PAGE_FREE])
        return "the free lists do not hold the free frames";
    return NULL;
}
