/* SPDX-License-Identifier: MIT */
/* reclaim.c - which pages leave memory when frames run short: a clock over all address spaces.
 *
 *      address space 1            address space 2                 ...
 *      | region | region |        | region |      region     |
 *                             hand ^ -->
 *
 * The hand passes over page after page. One that was used since it came by the last time (the CPU's accessed bit) gets a second
 * chance: the bit is cleared. One that was not leaves: a slot of the swap disk takes its bytes, its entry leads there, its frame is
 * free. So two rounds find something wherever there is something; what fork shares is left alone until two more, because a frame is
 * free only when the last entry has left it.
 *
 * The walk is by address spaces, not by frames: so no frame needs to know who maps it, and the first touch pays nothing for the day
 * on which memory is short. Who asks: a fault that found no frame, when it has let go of everything (trap.c); a thread that found
 * them to have become few, on its way back to ring 3 (process_return_to_user).
 * It only takes private memory. What files and shared memory have stays: their frames are the only copy that there is, and their
 * owners (fs/) keep no slots. What is locked (mlock) stays, too.
 *
 * Guards: each address space's lock while it is looked at; one that is held already is not waited for. The hand is a hint. */
#include <mm/anon.h>
#include <mm/reclaim.h>
#include <mm/swap.h>
#include <mm/tell.h>

/* What is left of the hand's round, then one that clears and one that takes; the same two for what is shared. */
#define ROUNDS 5
#define ROUNDS_SHARED 2

/* Where the next look begins. A number instead of a pointer: the address space may be gone by then. */
static struct {
    uint64_t number;
    vaddr_t va;
} hand;

struct reclaim_count reclaim_count;

/* Writes what was evicted, and lets go of its frames. What the disk does not take comes back. => the frames that became free. */
static uint64_t evicted_write(struct aspace *aspace, const struct vma *vma, const struct evicted *evicted)
{
    unsigned written = swap_write(evicted->pfns, evicted->slots, evicted->count);
    pte_t flags = vma_pte_flags(vma) | PTE_DIRTY;
    uint64_t freed = 0;

    for (unsigned i = 0; i < written; i++) {
        TELL(swap_out, aspace, evicted->va[i], evicted->pfns[i], evicted->slots[i]);
        freed += pfn_to_page(evicted->pfns[i])->refs == 1;
    }
    page_put_batch(evicted->pfns, written);
    for (unsigned i = written; i < evicted->count; i++) {
        vaddr_t va = evicted->va[i];
        /* Read-only: a write finds out whose it is. */
        assert(pmap_enter(&aspace->pmap, va, pfn_to_page(evicted->pfns[i]), flags) ==
               0); /* its table is there */
        if (!(vma->flags & VMA_PROT))
            pmap_protect(&aspace->pmap, va, va + PAGE_SIZE, PMAP_NO_ACCESS, false);
    }
    return freed;
}

/* From `start` on, until so many frames are free. => they are; *stopped: where the next look begins. */
static uint64_t region_reclaim(struct aspace *aspace, const struct vma *vma, vaddr_t start, vaddr_t end,
                               enum pmap_eviction which, uint64_t wanted, vaddr_t *stopped)
{
    uint64_t freed = 0;

    for (*stopped = start; *stopped < end && freed < wanted && swap_has_room();) {
        struct evicted evicted = {.count = 0};
        *stopped = pmap_evict(&aspace->pmap, *stopped, end, which, &evicted);
        reclaim_count.seen += evicted.seen;
        if (evicted.count == 0)
            return freed;
        freed += evicted_write(aspace, vma, &evicted);
    }
    return freed;
}

void reclaim_range(struct aspace *aspace, const struct vma *vma, vaddr_t start, vaddr_t end)
{
    vaddr_t stopped;

    region_reclaim(aspace, vma, start, end, EVICT_ANY, UINT64_MAX, &stopped);
}

static bool is_candidate(const struct vma *vma)
{
    return !(vma->flags & (VMA_SHARED | VMA_LOCKED)) && (!vma->source || vma->flags & VMA_COPIED);
}

/* The hand passes over one address space, from where it stands. => the frames that became free. */
static uint64_t aspace_reclaim(struct aspace *aspace, enum pmap_eviction which, uint64_t wanted)
{
    uint64_t freed = 0;

    for (struct vma *vma = vma_find_from(&aspace->vmas, hand.va); vma; vma = vma_next(vma)) {
        if (!is_candidate(vma))
            continue;
        freed +=
            region_reclaim(aspace, vma, MAX(vma->start, hand.va), vma->end, which, wanted - freed, &hand.va);
        if (freed >= wanted)
            return freed;
    }
    hand.number = aspace->number + 1;
    hand.va = 0;
    return freed;
}

/* The address space under the hand, with a reference; NULL: the round is over. */
static struct aspace *aspace_at_hand(void)
{
    struct aspace *aspace = aspace_next(NULL);

    while (aspace && aspace->number < hand.number)
        aspace = aspace_next(aspace);
    if (aspace && aspace->number != hand.number)
        hand.va = 0;
    return aspace;
}

static uint64_t rounds(uint64_t wanted)
{
    uint64_t freed = 0;

    for (unsigned round = 0; round < ROUNDS && freed < wanted && swap_has_room();) {
        struct aspace *aspace = aspace_at_hand();
        if (!aspace) {
            hand.number = hand.va = 0;
            round++;
            continue;
        }
        hand.number = aspace->number;
        if (aspace->pmap.resident[PAGE_ANON] && mutex_trylock(&aspace->lock)) {
            freed += aspace_reclaim(aspace, round >= ROUNDS - ROUNDS_SHARED ? EVICT_SHARED : EVICT_UNUSED,
                                    wanted - freed);
            mutex_unlock(&aspace->lock);
        } else {
            hand.number++;
            hand.va = 0;
        }
        aspace_put(aspace);
    }
    return freed;
}

uint64_t reclaim(void)
{
    page_scarce = false;
    if (!swap_has_room())
        return 0;
    uint64_t before = reclaim_count.seen, freed = rounds(page_missing());
    reclaim_count.freed += freed;
    TRACE(reclaim, .scanned = reclaim_count.seen - before, .freed = freed);
    return freed;
}
