/* SPDX-License-Identifier: MIT */
/* pmap.c - the only writer of user page-table entries.
 *
 *   entry                    means
 *   0                        nothing here yet (or not any more)
 *   present                  maps a frame: it holds one reference and one `maps` count of it
 *   present, the zero page   reads of untouched anonymous memory; no reference, not resident
 *   PTE_NO_ACCESS            keeps its frame, but every access faults
 *   PTE_SWAPPED              its page is on the disk: it has a share of a slot (slot.c), and no frame
 *
 * Each page table's frame counts its entries in use (page->maps): a table is freed when the last one goes, at once.
 *
 * The order that keeps other CPUs safe: clear entries, flush TLBs, and only then let frames and tables go. struct release
 * collects what is to be let go meanwhile. A flush reaches every CPU that has this root loaded (arch/x86/tlb.h). While it is under way
 * such a CPU may still use what it remembers. It may also set PTE_ACCESSED or PTE_DIRTY in an entry that is being rewritten here,
 * and that is lost: it costs a fault more, and the page counts as clean until it is written again; its bytes are never lost by it.
 *
 * Guards: the address space's lock; the counts of frames are atomic because other address spaces share them. */
#include <arch/x86/tlb.h>
#include <asm-generic/errno.h>
#include <mm/kmap.h>
#include <mm/pmap.h>
#include <mm/ptwrite.h>
#include <mm/slot.h>
#include <string.h>
#include <x86/cpu.h>

#define USER_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define USER_PAGE (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define ROOT_USER_ENTRIES (PT_ENTRIES / 2)

#define RELEASE_MAX PT_ENTRIES /* a whole page table's frames */

struct page *zero_page;

void pmap_init(void)
{
    zero_page = page_alloc_zeroed(PAGE_IMAGE);
    assert(zero_page);
}

/* ---- counting ---- */

/* An entry does not map the frame any more; its reference is still to be put. */
static inline void page_unmap(struct pmap *pmap, struct page *page)
{
    assert((int32_t)__atomic_sub_fetch(&page->maps, 1, __ATOMIC_RELAXED) >= 0);
    pmap->resident[page->owner]--;
}

/* ---- TLB, and letting go ---- */

/* (One page's flush is told with its fault.) */
static inline void range_flush(const struct pmap *pmap, vaddr_t start, vaddr_t end)
{
    flush_tell(pmap->cr3, start, end);
    tlb_flush(pmap->cr3, start, end);
}

/* Frames that no entry leads to any more, but that some TLB may still know. */
struct release {
    struct pmap *pmap;
    vaddr_t start, end; /* what has been cleared since the last flush */
    uint32_t count;
    uint32_t tables; /* empty ones, linked by page->next; 0: none */
    uint32_t pfns[RELEASE_MAX];
};

/* (The array is not cleared: that would cost more than most releases.) */
static void release_begin(struct release *release, struct pmap *pmap, vaddr_t start)
{
    release->pmap = pmap;
    release->start = release->end = start;
    release->count = release->tables = 0;
}

static void release_finish(struct release *release)
{
    if (release->start < release->end)
        range_flush(release->pmap, release->start, release->end);
    if (release->count != 0)
        page_put_batch(release->pfns, release->count);
    while (release->tables) {
        struct page *table = pfn_to_page(release->tables);
        release->tables = table->next;
        page_put_zeroed(table);
    }
    release->count = 0;
    release->start = release->end;
}

/* ---- tables ---- */

int pmap_create(struct pmap *pmap)
{
    struct page *page = page_alloc(PAGE_TABLE);

    if (!page)
        return -ENOMEM;
    pte_t *root = page_to_virt(page);
    memset(root, 0, ROOT_USER_ENTRIES * sizeof(pte_t));
    memcpy(root + ROOT_USER_ENTRIES, kmap_root() + ROOT_USER_ENTRIES, ROOT_USER_ENTRIES * sizeof(pte_t));
    *pmap = (struct pmap){.root = root, .cr3 = page_to_paddr(page)};
    return 0;
}

void pmap_destroy(struct pmap *pmap)
{
    struct page *root = virt_to_page(pmap->root);

    assert(root->maps == 0 && pmap->tables == 0 && pmap_resident_pages(pmap) + pmap->swapped == 0);
    if (cpu_read_cr3() == pmap->cr3)
        page_tables_load(this_cpu(), kmap_cr3());
    page_put(root);
    pmap->root = NULL;
}

/* Unlinks the empty tables on the way to va, lowest first. */
static NOINLINE void tables_prune(struct pmap *pmap, vaddr_t va, struct release *release)
{
    pte_t *way[PT_LEVELS + 1];

    tables_tell(pmap->root, va, false);
    for (int level = pt_way(pmap->root, va, way); level <= PT_LEVELS; level++) {
        struct page *below = pfn_to_page(pte_pfn(*way[level]));
        if (below->maps > 0)
            return;
        *way[level] = 0;
        virt_to_page(way[level])->maps--;
        pmap->leaf = NULL;
        pmap->tables--;
        below->next = release->tables;
        release->tables = (uint32_t)page_to_pfn(below);
        /* a flush drops what the CPU keeps of tables, too */
        release->end = MAX(release->end, va + PAGE_SIZE);
    }
}

/* Memory ran out on the way to va's entry: the tables made for it are of no use. => NULL */
static NOINLINE pte_t *tables_undo(struct pmap *pmap, vaddr_t va)
{
    struct release release;

    tables_tell(pmap->root, va, true);
    release_begin(&release, pmap, va);
    tables_prune(pmap, va, &release);
    release_finish(&release);
    return NULL;
}

/* The page table for va is the one at hand from now on. */
static inline pte_t *leaf_found(struct pmap *pmap, vaddr_t va, pte_t *table)
{
    pmap->leaf = table;
    pmap->leaf_span = va >> PT_SHIFT(2);
    return &table[PT_INDEX(va, 1)];
}

static NOINLINE pte_t *tables_make(struct pmap *pmap, vaddr_t va)
{
    pte_t *table = pmap->root;

    for (int level = PT_LEVELS; level > 1; level--) {
        pte_t *entry = &table[PT_INDEX(va, level)];
        if (unlikely(!(*entry & PTE_PRESENT))) {
            struct page *below = page_alloc_zeroed(PAGE_TABLE);
            if (!below)
                return tables_undo(pmap, va);
            *entry = page_to_paddr(below) | USER_TABLE;
            virt_to_page(table)->maps++;
            pmap->tables++;
        }
        table = pt_table(*entry);
    }
    tables_tell(pmap->root, va, true);
    return leaf_found(pmap, va, table);
}

/* The leaf entry for va, with all tables above it. => NULL when memory is short. */
static inline pte_t *leaf_make(struct pmap *pmap, vaddr_t va)
{
    return likely(pmap_leaf_is_at_hand(pmap, va)) ? &pmap->leaf[PT_INDEX(va, 1)] : tables_make(pmap, va);
}

/* ---- one page ---- */

pte_t pmap_walk(struct pmap *pmap, vaddr_t va)
{
    pte_t *table = pmap->root;

    for (int level = PT_LEVELS; level > 1; level--) {
        pte_t entry = table[PT_INDEX(va, level)];
        if (!(entry & PTE_PRESENT))
            return 0;
        table = pt_table(entry);
    }
    return *leaf_found(pmap, va, table);
}

/* Out of the way of the first touch. */
static NOINLINE int entry_replaced(struct pmap *pmap, vaddr_t va, pte_t old)
{
    struct page *page = pfn_to_page(pte_pfn(old));

    if (old & PTE_SWAPPED) {
        slot_put(pte_slot(old));
        pmap->swapped--;
        return 0; /* no TLB knows such an entry */
    }
    tlb_flush(pmap->cr3, va, va + PAGE_SIZE);
    if (page != zero_page) {
        page_unmap(pmap, page);
        page_put(page);
    }
    return 0;
}

int pmap_enter(struct pmap *pmap, vaddr_t va, struct page *page, pte_t flags)
{
    pte_t *entry = leaf_make(pmap, va);

    if (unlikely(!entry))
        return -ENOMEM;
    assert(page != zero_page || !(flags & PTE_WRITE));
    pte_t old = *entry;
    *entry = page_to_paddr(page) | USER_PAGE | flags;
    if (page != zero_page) { /* nobody holds that one, and it is never resident */
        __atomic_add_fetch(&page->maps, 1, __ATOMIC_RELAXED);
        pmap->resident[page->owner]++;
    }
    if (unlikely(old != 0))
        return entry_replaced(pmap, va, old);
    virt_to_page(entry)->maps++;
    return 0;
}

void pmap_make_writable(struct pmap *pmap, vaddr_t va)
{
    pte_t *entry = leaf_make(pmap, va);

    assert(entry && *entry & PTE_PRESENT && !pmap_is_zero_page(*entry));
    *entry |= PTE_WRITE | PTE_DIRTY;
    tlb_flush(pmap->cr3, va, va + PAGE_SIZE);
}

/* ---- ranges ---- */

/* pt_next_run, but without the walk where the page table is the one that was used last. */
static inline bool next_run(const struct pmap *pmap, struct pt_run *run)
{
    vaddr_t va = run->next;

    if (va >= run->end)
        return false;
    if (!pmap_leaf_is_at_hand(pmap, va))
        return pt_next_run(run);
    run->next = MIN((va | (PT_SPAN(2) - 1)) + 1, run->end);
    run->entry = &pmap->leaf[PT_INDEX(va, 1)];
    run->count = (run->next - va) >> PAGE_SHIFT;
    run->va = va;
    return true;
}

/* The entries of a run that lead to the disk go. => how many */
static NOINLINE uint32_t run_leave_slots(struct pmap *pmap, const struct pt_run *run)
{
    uint32_t cleared = 0;

    for (size_t i = 0; i < run->count; i++) {
        pte_t entry = run->entry[i];
        if (!(entry & PTE_SWAPPED))
            continue;
        if (TRACE_ON(pte))
            entry_told(1, run->va + i * PAGE_SIZE, entry, 0);
        slot_put(pte_slot(entry));
        run->entry[i] = 0;
        cleared++;
    }
    pmap->swapped -= cleared;
    return cleared;
}

/* Clears the entries of a run. => how many were in use. There is room in `release` for all of their frames. Where nobody runs any more,
 * no TLB can lead to a frame: what others hold as well is let go of at once. */
static inline uint32_t run_clear(struct pmap *pmap, const struct pt_run *run, struct release *release,
                                 bool nobody_runs)
{
    const struct page *zero = zero_page; /* the loop writes memory: it would be read again for every page */
    uint32_t *pfn = release->pfns + release->count;
    uint32_t cleared = 0;

    run_tell(run, 0);
    for (pte_t *entry = run->entry, *end = entry + run->count; entry < end; entry++) {
        uint32_t frame = (uint32_t)pte_pfn(*entry);
        if (*entry == 0)
            continue;
        *entry = 0;
        cleared++;
        struct page *page = pfn_to_page(frame);
        if (page == zero)
            continue;
        if (nobody_runs) {
            pmap->resident[page->owner]--;
            if (!page_unshare(page))
                continue;
        } else {
            page_unmap(pmap, page);
        }
        *pfn++ = frame;
    }
    release->count = (uint32_t)(pfn - release->pfns);
    if (cleared != 0)
        release->end = run->va + run->count * PAGE_SIZE;
    return cleared;
}

/* Out of the way of the other loop: inlined beside it, it would lack registers. */
static NOINLINE uint32_t run_drop(struct pmap *pmap, const struct pt_run *run, struct release *release)
{
    return run_clear(pmap, run, release, true);
}

/* From the first run on. (Out of the way of ranges that nobody has touched: there is nothing to be cleared, and `release` is large.) */
static NOINLINE void runs_clear(struct pmap *pmap, struct pt_run *run, bool nobody_runs)
{
    struct release release;

    release_begin(&release, pmap, run->va);
    pmap->resident_peak = MAX(pmap->resident_peak, pmap_resident_pages(pmap));
    do {
        if (release.count + run->count > RELEASE_MAX)
            release_finish(&release);
        struct page *table = virt_to_page(run->entry);
        if (unlikely(pmap->swapped))
            table->maps -= run_leave_slots(pmap, run);
        table->maps -= nobody_runs ? run_drop(pmap, run, &release) : run_clear(pmap, run, &release, false);
        if (table->maps == 0)
            tables_prune(pmap, run->va, &release);
    } while (next_run(pmap, run));
    release_finish(&release);
}

static inline void range_clear(struct pmap *pmap, vaddr_t start, vaddr_t end, bool nobody_runs)
{
    struct pt_run run;

    pt_range(&run, pmap->root, start, end);
    if (next_run(pmap, &run))
        runs_clear(pmap, &run, nobody_runs);
}

void pmap_remove(struct pmap *pmap, vaddr_t start, vaddr_t end)
{
    range_clear(pmap, start, end, false);
}

void pmap_drop(struct pmap *pmap, vaddr_t start, vaddr_t end)
{
    range_clear(pmap, start, end, true);
}

/* May a page of a region that has become writable be written at once, or must a fault look at it first? */
static bool may_write_now(pte_t entry, enum pmap_protection protection)
{
    const struct page *page = pfn_to_page(pte_pfn(entry));

    if (protection == PMAP_WRITE_PRIVATE)
        return page->owner == PAGE_ANON && page->refs == 1;
    return protection == PMAP_WRITE_SHARED && entry & PTE_DIRTY;
}

static inline pte_t protected(pte_t entry, enum pmap_protection protection, bool write, pte_t access)
{
    pte_t kept = entry & (PTE_FRAME_MASK | PTE_ACCESSED | PTE_DIRTY | PTE_USER);

    if (write && may_write_now(entry, protection))
        kept |= PTE_WRITE;
    return kept | access;
}

/* => the bits that have changed in an entry. */
static pte_t run_protect(const struct pt_run *run, enum pmap_protection protection, bool executable)
{
    pte_t access = protection == PMAP_NO_ACCESS ? PTE_NO_ACCESS : PTE_PRESENT | (executable ? 0 : PTE_NX);
    bool write = protection == PMAP_WRITE_PRIVATE || protection == PMAP_WRITE_SHARED;
    pte_t changed = 0;

    for (size_t i = 0; TRACE_ON(pte) && i < run->count; i++)
        if (run->entry[i] & PTE_HAS_FRAME)
            entry_told(1, run->va + i * PAGE_SIZE, run->entry[i],
                       protected(run->entry[i], protection, write, access));
    pte_t *at = run->entry, *end = at + run->count;
    do { /* a run has one entry at least */
        pte_t before = *at;
        if (before & PTE_HAS_FRAME) {
            *at = protected(before, protection, write, access);
            changed |= *at ^ before;
        }
    } while (++at < end);
    return changed;
}

void pmap_protect(struct pmap *pmap, vaddr_t start, vaddr_t end, enum pmap_protection protection,
                  bool executable)
{
    struct pt_run run;
    pte_t changed = 0;

    pt_range(&run, pmap->root, start, end);
    while (next_run(pmap, &run))
        changed |= run_protect(&run, protection, executable);
    if (changed)
        range_flush(pmap, start, end);
}

/* Nothing is left in a range, or nothing came to it: so go its empty tables, and what TLBs know of them. */
static NOINLINE void range_empty(struct pmap *pmap, vaddr_t start, vaddr_t end)
{
    struct release release;

    release_begin(&release, pmap, start);
    release.end = end;
    PT_FOREACH_RUN (run, pmap->root, start, end)
        if (virt_to_page(run.entry)->maps == 0)
            tables_prune(pmap, run.va, &release);
    release_finish(&release);
}

/* One page table's worth of entries. `from` and `to` have the same place in their tables. */
static uint32_t run_copy(struct pmap *pmap, pte_t *restrict to, pte_t *restrict from, size_t count,
                         bool *was_writable)
{
    const struct page *zero = zero_page; /* the loop writes memory: it would be read again for every page */
    uint32_t copied = 0;

    for (size_t i = 0; i < count; i++) {
        pte_t entry = from[i];
        if (!(entry & PTE_HAS_FRAME))
            continue;
        if (entry & PTE_WRITE) {
            entry &= ~PTE_WRITE;
            from[i] = entry;
            *was_writable = true;
        }
        to[i] = entry & ~PTE_ACCESSED; /* the child has not used it yet */
        copied++;
        struct page *page = pfn_to_page((uint32_t)pte_pfn(entry));
        if (page == zero)
            continue;
        page_share(page);
        pmap->resident[page->owner]++;
    }
    return copied;
}

/* The same of the entries that lead to the disk: both lead to the same slot then. => false: a slot has too many already. */
static NOINLINE bool run_share_slots(struct pmap *pmap, pte_t *to, const struct pt_run *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (!(from->entry[i] & PTE_SWAPPED))
            continue;
        if (!slot_get(pte_slot(from->entry[i])))
            return false;
        to[i] = from->entry[i];
        virt_to_page(to)->maps++;
        pmap->swapped++;
    }
    return true;
}

int pmap_copy(struct pmap *to, struct pmap *from, vaddr_t start, vaddr_t end)
{
    bool was_writable = false;
    int result = 0;

    PT_FOREACH_RUN (run, from->root, start, end) {
        run_tell(&run, ~PTE_WRITE);
        pte_t *target = leaf_make(to, run.va);
        if (!target) {
            result = -ENOMEM;
            break;
        }
        struct page *table = virt_to_page(target);
        table->maps += run_copy(to, target, run.entry, run.count, &was_writable);
        if (unlikely(from->swapped) && !run_share_slots(to, target, &run))
            result = -ENOMEM;
        if (table->maps == 0)
            range_empty(to, run.va, run.va + PAGE_SIZE);
        if (unlikely(result < 0))
            break;
    }
    if (was_writable)
        range_flush(from, start, end);
    return result;
}

/* => the bytes from `from` on that are done: fewer than asked for if a page table could not be had. Tables that become empty stay. */
static uint64_t entries_move(struct pmap *pmap, vaddr_t from, vaddr_t to, uint64_t bytes)
{
    PT_FOREACH_RUN (run, pmap->root, from, from + bytes) {
        run_tell(&run, 0);
        for (size_t i = 0; i < run.count; i++) {
            uint64_t done = run.va - from + i * PAGE_SIZE;
            if (run.entry[i] == 0)
                continue;
            pte_t *target = leaf_make(pmap, to + done);
            if (!target)
                return done;
            assert(*target == 0);
            if (TRACE_ON(pte))
                entry_told(1, to + done, 0, run.entry[i]);
            *target = run.entry[i];
            run.entry[i] = 0;
            virt_to_page(target)->maps++;
            virt_to_page(run.entry)->maps--;
        }
    }
    return bytes;
}

int pmap_move(struct pmap *pmap, vaddr_t from, vaddr_t to, uint64_t bytes)
{
    uint64_t moved = entries_move(pmap, from, to, bytes);

    if (moved == bytes) {
        range_empty(pmap, from, from + bytes);
        return 0;
    }
    entries_move(pmap, to, from, moved); /* cannot fail: their tables are still there */
    range_empty(pmap, to, to + moved);
    return -ENOMEM;
}

bool pmap_has_frames(struct pmap *pmap, vaddr_t start, vaddr_t end)
{
    PT_FOREACH_RUN (run, pmap->root, start, end)
        for (size_t i = 0; i < run.count; i++)
            if (run.entry[i] && !pmap_is_zero_page(run.entry[i]))
                return true;
    return false;
}

/* ---- eviction ---- */

static bool may_leave(pte_t entry, enum pmap_eviction which)
{
    const struct page *page = pfn_to_page(pte_pfn(entry));

    return entry & PTE_HAS_FRAME && page->owner == PAGE_ANON && page->refs == page->maps &&
           (page->maps == 1 || which == EVICT_SHARED);
}

/* The page of *entry leaves for a slot. => false: there is no room for it. */
static bool entry_evict(struct pmap *pmap, vaddr_t va, pte_t *entry, struct evicted *evicted)
{
    uint32_t slot = evicted->count < EVICT_MOST ? slot_alloc() : 0, pfn = (uint32_t)pte_pfn(*entry);

    if (slot == 0)
        return false;
    if (TRACE_ON(pte))
        entry_told(1, va, *entry, pte_of_slot(slot));
    *entry = pte_of_slot(slot);
    page_unmap(pmap, pfn_to_page(pfn));
    pmap->swapped++;
    evicted->va[evicted->count] = va;
    evicted->pfns[evicted->count] = pfn;
    evicted->slots[evicted->count++] = slot;
    return true;
}

vaddr_t pmap_evict(struct pmap *pmap, vaddr_t start, vaddr_t end, enum pmap_eviction which,
                   struct evicted *evicted)
{
    vaddr_t stopped = end;

    pmap->resident_peak = MAX(pmap->resident_peak, pmap_resident_pages(pmap));
    PT_FOREACH_RUN (run, pmap->root, start, end)
        for (size_t i = 0; i < run.count && stopped == end; i++) {
            pte_t *entry = &run.entry[i];
            if (!may_leave(*entry, which))
                continue;
            evicted->seen++;
            if (*entry & PTE_ACCESSED && which != EVICT_ANY)
                *entry &= ~PTE_ACCESSED;
            else if (!entry_evict(pmap, run.va + i * PAGE_SIZE, entry, evicted))
                run.next = run.end = stopped = run.va + i * PAGE_SIZE;
        }
    if (start < stopped)
        range_flush(pmap, start, stopped);
    return stopped;
}

/* ---- checking ---- */

struct pmap_count {
    uint64_t tables, swapped, resident[PAGE_OWNERS];
    const char *broken;
};

static void table_check(pte_t *table, int level, struct pmap_count *count)
{
    size_t entries = level == PT_LEVELS ? ROOT_USER_ENTRIES : PT_ENTRIES;
    uint32_t used = 0;

    for (size_t i = 0; i < entries; i++) {
        pte_t entry = table[i];
        if (entry == 0)
            continue;
        used++;
        struct page *page = pfn_to_page(pte_pfn(entry));
        if (level > 1) {
            if (!(entry & PTE_PRESENT) || page->owner != PAGE_TABLE)
                count->broken = "an upper entry leads to no page table";
            else
                table_check(pt_table(entry), level - 1, count);
            count->tables++;
            continue;
        }
        if (entry & PTE_SWAPPED) {
            if (entry & (PTE_HAS_FRAME | PTE_WRITE) || slot_shares(pte_slot(entry)) == 0)
                count->broken = "an entry leads to a slot that is free";
            count->swapped++;
            continue;
        }
        if (page == zero_page) {
            if (entry & PTE_WRITE)
                count->broken = "the zero page is writable";
            continue;
        }
        if (page->refs == 0 || page->maps == 0 || page->refs < page->maps)
            count->broken = "an entry maps a frame without holding it";
        if (entry & PTE_WRITE && page->owner == PAGE_ANON && page->maps > 1)
            count->broken = "a shared private frame is writable";
        count->resident[page->owner]++;
    }
    if (virt_to_page(table)->maps != used)
        count->broken = "a page table miscounts its entries";
    if (used == 0 && level < PT_LEVELS)
        count->broken = "an empty page table was kept";
}

const char *pmap_check(const struct pmap *pmap)
{
    struct pmap_count count = {0};

    table_check(pmap->root, PT_LEVELS, &count);
    if (count.broken)
        return count.broken;
    if (count.tables != pmap->tables)
        return "the page tables are miscounted";
    if (count.swapped != pmap->swapped)
        return "the pages on the disk are miscounted";
    for (int owner = 0; owner < PAGE_OWNERS; owner++)
        if (count.resident[owner] != pmap->resident[owner])
            return "the resident pages are miscounted";
    return NULL;
}
