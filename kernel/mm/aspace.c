/* SPDX-License-Identifier: MIT */
/* aspace.c - an address space: regions and page tables kept in step, and counted as Linux counts them.
 *
 *   total (VmSize)   every region
 *   data  (VmData)   private, writable, not the stack
 *   stack (VmStk)    regions that grow down
 *   exec             executable, not writable, not the stack: VmExe + VmLib
 *
 * Everything that may fail comes before everything that changes: a split that runs out of memory leaves all as it was.
 * Guards: aspace->lock for everything; refs is atomic. The system calls' rules (errno, limits) are mmap.c's. */
#include <arch/x86/clock.h>
#include <asm-generic/errno.h>
#include <mm/aspace.h>
#include <mm/commit.h>
#include <mm/kmem.h>
#include <mm/tell.h>
#include <pagesrc.h>
#include <string.h>

static struct kmem_cache aspace_cache = KMEM_CACHE("aspace", struct aspace);

static TAILQ_HEAD(, aspace)
all = TAILQ_HEAD_INITIALIZER(all);
static uint64_t births;
static struct spinlock all_lock; /* guards: all, births */

struct aspace *aspace_create(void)
{
    struct aspace *aspace = kmem_alloc(&aspace_cache);

    if (!aspace)
        return NULL;
    memset(aspace, 0, offsetof(struct aspace, unmapped));
    if (pmap_create(&aspace->pmap) < 0) {
        kmem_free(&aspace_cache, aspace);
        return NULL;
    }
    aspace->refs = 1;
    mutex_init(&aspace->lock);
    vma_set_init(&aspace->vmas);
    aspace->limit_as = aspace->limit_data = ~0UL;
    aspace->limit_stack = 8 * MIB;
    SPIN_GUARD(&all_lock);
    aspace->number = ++births;
    TAILQ_INSERT_TAIL(&all, aspace, all);
    return aspace;
}

void aspace_get(struct aspace *aspace)
{
    __atomic_add_fetch(&aspace->refs, 1, __ATOMIC_RELAXED);
}

/* All pages, a neighbourhood of regions at a time: a few regions far apart are most of what small programs have, and
 * looking at every entry between them would cost more than all else at their end. */
static void pages_drop(struct aspace *aspace)
{
    for (struct vma *vma = TAILQ_FIRST(&aspace->vmas.list); vma;) {
        vaddr_t start = vma->start, end = vma->end;
        while ((vma = vma_next(vma)) && vma->start - end < PT_SPAN(2))
            end = vma->end;
        pmap_drop(&aspace->pmap, start, end);
    }
}

void aspace_put(struct aspace *aspace)
{
    if (__atomic_sub_fetch(&aspace->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    spin_lock(&all_lock);
    TAILQ_REMOVE(&all, aspace, all);
    spin_unlock(&all_lock);
    commit_charge(-(int64_t)aspace->committed);
    pages_drop(aspace);
    pmap_destroy(&aspace->pmap);
    for (struct vma *vma = TAILQ_FIRST(&aspace->vmas.list), *next; vma; vma = next) {
        next = vma_next(vma);
        vma_free(vma);
    }
    kmem_free(&aspace_cache, aspace);
}

/* One that is on its way out (refs 0) is not to be had any more. */
static bool get_unless_dead(struct aspace *aspace)
{
    uint32_t refs = __atomic_load_n(&aspace->refs, __ATOMIC_RELAXED);

    while (refs != 0)
        if (__atomic_compare_exchange_n(&aspace->refs, &refs, refs + 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

struct aspace *aspace_next(struct aspace *aspace)
{
    spin_lock(&all_lock);
    struct aspace *next = aspace ? TAILQ_NEXT(aspace, all) : TAILQ_FIRST(&all);
    while (next && !get_unless_dead(next))
        next = TAILQ_NEXT(next, all);
    spin_unlock(&all_lock);
    if (aspace)
        aspace_put(aspace);
    return next;
}

/* ---- counting ---- */

static bool is_data(uint32_t flags)
{
    return (flags & (VMA_WRITE | VMA_SHARED | VMA_STACK)) == VMA_WRITE;
}

/* Where the pages of a region with these flags are counted, beside the total. NULL: nowhere. */
static inline uint64_t *counter_of(struct aspace *aspace, uint32_t flags)
{
    if (flags & VMA_STACK)
        return &aspace->stack;
    if (is_data(flags))
        return &aspace->data;
    return (flags & (VMA_EXEC | VMA_WRITE)) == VMA_EXEC ? &aspace->exec : NULL;
}

static inline void count(struct aspace *aspace, uint32_t flags, int64_t pages)
{
    uint64_t *counter = counter_of(aspace, flags);

    aspace->total += (uint64_t)pages;
    aspace->total_peak = MAX(aspace->total_peak, aspace->total);
    if (counter)
        *counter += (uint64_t)pages;
    if (flags & VMA_LOCKED)
        aspace->locked += (uint64_t)pages;
    if (flags & VMA_ACCOUNT)
        aspace->committed += (uint64_t)pages;
}

/* Corrects the counters for `pages` (negative: fewer) of a region with these flags. */
static void account(struct aspace *aspace, uint32_t flags, int64_t pages)
{
    count(aspace, flags, pages);
    if (flags & VMA_ACCOUNT)
        commit_charge(pages);
}

/* Pages change from one kind to another; the total stays. */
static inline void recount(struct aspace *aspace, uint32_t before, uint32_t after, uint64_t pages)
{
    uint64_t *from = counter_of(aspace, before), *to = counter_of(aspace, after);

    if (from)
        *from -= pages;
    if (to)
        *to += pages;
    if (likely(!((before ^ after) & (VMA_LOCKED | VMA_ACCOUNT))))
        return;
    assert(!(before & ~after & VMA_ACCOUNT)); /* once promised, always promised */
    if ((before ^ after) & VMA_LOCKED)
        aspace->locked += after & VMA_LOCKED ? pages : -pages;
    if ((before ^ after) & VMA_ACCOUNT) {
        aspace->committed += pages;
        commit_charge((int64_t)pages);
    }
}

bool aspace_commits(uint32_t flags)
{
    return flags & VMA_ACCOUNT || (flags & (VMA_WRITE | VMA_SHARED | VMA_NORESERVE)) == VMA_WRITE;
}

bool aspace_may_grow(const struct aspace *aspace, uint64_t bytes, uint32_t flags)
{
    if ((aspace->total << PAGE_SHIFT) + bytes > aspace->limit_as)
        return false;
    if (is_data(flags) && (aspace->data << PAGE_SHIFT) + bytes > aspace->limit_data)
        return false;
    return !aspace_commits(flags) || commit_allows(bytes >> PAGE_SHIFT, aspace->total);
}

/* ---- regions ---- */

struct vma *aspace_map(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t flags,
                       struct pagesrc *source, uint64_t offset)
{
    struct vma *vma = vma_alloc();

    if (!vma)
        return NULL;
    if (aspace_commits(flags))
        flags |= VMA_ACCOUNT;
    vma->start = start;
    vma->end = end;
    vma->flags = flags;
    vma->faults = 0;
    vma->cause = 0;
    vma->ops = !source ? &vma_anon_ops : flags & VMA_SHARED ? &vma_file_shared_ops : &vma_file_private_ops;
    vma->source = pagesrc_get(source);
    vma->offset = offset;
    vma_insert(&aspace->vmas, vma);
    account(aspace, flags, (int64_t)vma_pages(vma));
    TELL(add, aspace, vma);
    return vma;
}

/* A region begins at va then. */
static int split(struct aspace *aspace, struct vma *vma, vaddr_t va)
{
    assert(va > vma->start && va < vma->end && page_aligned(va));
    if (aspace->vmas.count >= VMA_MAX_COUNT)
        return -ENOMEM;
    struct vma *upper = vma_alloc();
    if (!upper)
        return -ENOMEM;

    __builtin_memcpy(upper, vma, offsetof(struct vma, link)); /* seven words: not worth a call */
    upper->start = va;
    upper->faults = 0;
    upper->offset = vma_index(vma, va);
    pagesrc_get(upper->source);
    TELL(split, aspace, vma->start, vma->end, va);
    vma_resize(&aspace->vmas, vma, vma->start, va);
    vma_insert(&aspace->vmas, upper);
    return 0;
}

static inline bool alike(const struct vma *lower, const struct vma *upper)
{
    return (lower->flags & VMA_ALIKE) == (upper->flags & VMA_ALIKE) && lower->source == upper->source &&
           lower->offset + vma_pages(lower) == upper->offset;
}

static struct vma *absorb(struct aspace *aspace, struct vma *lower, struct vma *upper)
{
    vaddr_t end = upper->end;

    TELL(merge, aspace, lower, upper);
    lower->flags |= upper->flags;
    lower->faults += upper->faults;
    vma_remove(&aspace->vmas, upper);
    vma_free(upper);
    vma_resize(&aspace->vmas, lower, lower->start, end);
    return lower;
}

struct vma *aspace_merge(struct aspace *aspace, struct vma *vma)
{
    struct vma *before = vma_prev(vma);

    if (before && before->end == vma->start && alike(before, vma))
        vma = absorb(aspace, before, vma);
    struct vma *after = vma_next(vma);
    if (after && vma->end == after->start && alike(vma, after))
        vma = absorb(aspace, vma, after);
    return vma;
}

inline struct vma *aspace_cut_out(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end)
{
    if (vma->start < start) {
        if (split(aspace, vma, start) < 0)
            return NULL;
        vma = vma_next(vma);
    }
    if (vma->end > end && split(aspace, vma, end) < 0) {
        aspace_merge(aspace, vma);
        return NULL;
    }
    return vma;
}

void aspace_resize(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end)
{
    TELL(size, aspace, vma, start, end);
    account(aspace, vma->flags, (int64_t)((end - start) >> PAGE_SHIFT) - (int64_t)vma_pages(vma));
    vma_resize(&aspace->vmas, vma, start, end);
}

struct vma *aspace_reflag(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end, uint32_t flags)
{
    if (flags == vma->flags)
        return vma;
    vma = aspace_cut_out(aspace, vma, start, end);
    if (!vma)
        return NULL;
    recount(aspace, vma->flags, flags, vma_pages(vma));
    if (TRACE_FROM(1) && (flags ^ vma->flags) & VMA_PROT)
        tell_prot(aspace, vma->start, vma->end, flags);
    vma->flags = flags;
    return aspace_merge(aspace, vma);
}

/* Remembers that a region is gone, for the explanation of a later fault. */
static void remember(struct aspace *aspace, const struct vma *vma)
{
    uint64_t now = clock_now();
    struct unmapped_range *range = &aspace->unmapped[aspace->unmapped_next++ % UNMAP_HISTORY];

    range->start = vma->start;
    range->end = vma->end;
    range->when_ns = now;
    range->was = vma->flags;
    /* four words: not worth a call */
    __builtin_memcpy(range->callers, aspace->callers, sizeof(range->callers));
}

/* aspace_cut_out where `vma` may be only the first of several regions that lie in the range. */
static inline struct vma *edges_cut(struct aspace *aspace, struct vma *vma, vaddr_t start, vaddr_t end)
{
    struct vma *first = aspace_cut_out(aspace, vma, start, end), *last = first;

    while (last && last->end < end)
        last = vma_next(last);
    if (!last || last->start >= end || last->end == end || split(aspace, last, end) == 0)
        return first;
    if (first != vma)
        aspace_merge(aspace, first);
    return NULL;
}

int aspace_unmap(struct aspace *aspace, vaddr_t start, vaddr_t end)
{
    struct vma *vma = vma_find_from(&aspace->vmas, start);

    if (!vma || vma->start >= end)
        return 0;
    vma = edges_cut(aspace, vma, start, end);
    if (!vma)
        return -ENOMEM;
    vaddr_t first = vma->start, last = first;
    for (struct vma *next; vma && vma->start < end; vma = next) {
        next = vma_next(vma);
        last = vma->end;
        remember(aspace, vma);
        TELL(del, aspace, vma);
        account(aspace, vma->flags, -(int64_t)vma_pages(vma));
        vma_remove(&aspace->vmas, vma);
        vma_free(vma);
    }
    pmap_remove(&aspace->pmap, first, last);
    return 0;
}

bool aspace_make_room(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t flags)
{
    uint64_t missing = end - start; /* what goes does not count against the limits */

    for (struct vma *vma = vma_find_from(&aspace->vmas, start); vma && vma->start < end; vma = vma_next(vma))
        missing -= MIN(vma->end, end) - MAX(vma->start, start);
    return (missing == 0 || aspace_may_grow(aspace, missing, flags)) && aspace_unmap(aspace, start, end) == 0;
}

static void truncate_one(struct aspace *aspace, const struct pagesrc *source, uint64_t first)
{
    struct vma *vma;

    TAILQ_FOREACH (vma, &aspace->vmas.list, link) {
        if (vma->source != source || vma->offset + vma_pages(vma) <= first)
            continue;
        uint64_t kept = first > vma->offset ? first - vma->offset : 0;
        TELL(zap, aspace, vma->start + (kept << PAGE_SHIFT), vma->end);
        pmap_remove(&aspace->pmap, vma->start + (kept << PAGE_SHIFT), vma->end);
    }
}

void aspace_truncate(struct pagesrc *source, uint64_t first)
{
    for (struct aspace *aspace = aspace_next(NULL); aspace; aspace = aspace_next(aspace)) {
        MUTEX_GUARD(&aspace->lock);
        truncate_one(aspace, source, first);
    }
}

bool aspace_any_writes(const struct pagesrc *source)
{
    const uint32_t wanted = VMA_SHARED | VMA_MAY_WRITE;
    bool found = false;

    for (struct aspace *aspace = aspace_next(NULL); aspace; aspace = aspace_next(aspace)) {
        struct vma *vma;

        MUTEX_GUARD(&aspace->lock);
        TAILQ_FOREACH (vma, &aspace->vmas.list, link)
            found |= vma->source == source && (vma->flags & wanted) == wanted;
    }
    return found;
}

/* ---- fork ---- */

/* Pages that a fault can find again (shared ones, and a file's untouched ones) are not copied: the child faults them in. */
static bool must_copy_pages(const struct vma *vma)
{
    if (vma->flags & (VMA_SHARED | VMA_WIPEONFORK))
        return false;
    return !vma->source || vma->flags & VMA_COPIED;
}

static int regions_copy(struct aspace *to, struct aspace *from)
{
    struct vma *vma;

    if (!commit_allows(from->committed, from->total))
        return -ENOMEM;
    TAILQ_FOREACH (vma, &from->vmas.list, link) {
        if (vma->flags & VMA_DONTFORK)
            continue;
        uint32_t flags = vma->flags & ~VMA_LOCK; /* mlock(2): not inherited */
        if (!aspace_map(to, vma->start, vma->end, flags, vma->source, vma->offset))
            return -ENOMEM;
        if (must_copy_pages(vma) && pmap_copy(&to->pmap, &from->pmap, vma->start, vma->end) < 0)
            return -ENOMEM;
    }
    return 0;
}

struct aspace *aspace_fork(struct aspace *from)
{
    struct aspace *to = aspace_create();

    if (!to)
        return NULL;
    MUTEX_GUARD(&from->lock);
    const size_t first = offsetof(struct aspace, brk_start), end = offsetof(struct aspace, total);
    memcpy((char *)to + first, (const char *)from + first, end - first);
    memcpy(to->unmapped, from->unmapped, MIN(from->unmapped_next, UNMAP_HISTORY) * sizeof(to->unmapped[0]));
    to->unmapped_next = from->unmapped_next;
    if (regions_copy(to, from) == 0)
        return to;
    aspace_put(to);
    return NULL;
}

/* ---- checking ---- */

const char *aspace_check(struct aspace *aspace)
{
    static struct aspace counted; /* too large for the stack; guarded by: one checker at a time */
    const char *broken = vma_set_check(&aspace->vmas);
    uint64_t mapped = 0;
    struct vma *vma;

    if (broken)
        return broken;
    memset(&counted, 0, sizeof(counted));
    TAILQ_FOREACH (vma, &aspace->vmas.list, link) {
        count(&counted, vma->flags, (int64_t)vma_pages(vma));
        mapped += vma_pages(vma);
        for (vaddr_t va = vma->start; !vma->source && va < vma->end && vma_pages(vma) <= 1024;
             va += PAGE_SIZE)
            if (pmap_lookup(&aspace->pmap, va) & PTE_WRITE && !(vma->flags & VMA_WRITE))
                return "a page is writable where its region is not";
    }
    if (counted.total != aspace->total || counted.data != aspace->data || counted.stack != aspace->stack ||
        counted.exec != aspace->exec || counted.locked != aspace->locked ||
        counted.committed != aspace->committed)
        return "an address space's counters are wrong";
    if (pmap_resident_pages(&aspace->pmap) > mapped)
        return "more pages are resident than mapped";
    return pmap_check(&aspace->pmap);
}
