/* SPDX-License-Identifier: MIT */
/* vma.h - regions: what was promised. An ordered set of them, with the search for a gap.
 *
 * The set knows addresses only; what a region is made of is its kind's business (vma->ops). */
#pragma once

#include <list.h>
#include <types.h>
#include <x86/pte.h>

#ifndef RB_AUGMENT
#define RB_AUGMENT(node) ((void)0) /* vma.c, which makes the tree's code, has a real one */
#endif
#include <bsd/sys/tree.h>

struct aspace;
struct pagesrc;
struct vma;

/* Permissions are the PROT_ bits of <asm-generic/mman-common.h>: 1 read, 2 write, 4 execute. */
#define VMA_READ (1U << 0)
#define VMA_WRITE (1U << 1)
#define VMA_EXEC (1U << 2)
#define VMA_PROT (VMA_READ | VMA_WRITE | VMA_EXEC)
#define VMA_SHARED (1U << 3)
/* mprotect may add PROT_WRITE: not so for a shared mapping of a file opened read-only. */
#define VMA_MAY_WRITE (1U << 4)
#define VMA_STACK (1U << 5) /* grows down on touch */
#define VMA_HEAP (1U << 6)  /* made by brk; never merges with a neighbour of another origin */
#define VMA_NORESERVE (1U << 7)
/* A private file region that has anonymous copies of some pages: fork must copy its page tables. */
#define VMA_COPIED (1U << 8)
/* Private and writable, now or once: counted in Committed_AS; Linux does not merge it with what never was. */
#define VMA_ACCOUNT (1U << 9)
/* mlock(2): pages are made resident at once, or (ON_FAULT too) with their first touch, and MADV_DONTNEED is refused. */
#define VMA_LOCKED (1U << 10)
#define VMA_LOCK_ON_FAULT (1U << 11)
#define VMA_LOCK (VMA_LOCKED | VMA_LOCK_ON_FAULT)
/* What madvise(2) has said. fork obeys the first two; the rest is remembered and shown, as on Linux it has no effect that
 * a program could rely on. */
#define VMA_DONTFORK (1U << 12)
#define VMA_WIPEONFORK (1U << 13)
#define VMA_DONTDUMP (1U << 14)
#define VMA_SEQUENTIAL (1U << 15)
#define VMA_RANDOM (1U << 16)
#define VMA_HUGE (1U << 17)
#define VMA_NO_HUGE (1U << 18)
#define VMA_MERGEABLE (1U << 19)
/* What must be equal for two neighbours to become one. */
#define VMA_ALIKE (~VMA_COPIED)

enum access { ACCESS_READ = VMA_READ, ACCESS_WRITE = VMA_WRITE, ACCESS_EXEC = VMA_EXEC };

/* What a fault answers beside 0 and errors: the page is there, and had to come from a disk. */
#define FAULT_MAJOR 1

/* A kind of region. */
struct vma_ops {
    const char *kind;
    /* Maps the page at va (page-aligned; the access is allowed; the address space is locked). `pte`: the entry as it is now.
     * => 0; -ENOMEM: let go of everything and try again after reclaim; -EIO: there is nothing to map (SIGBUS). */
    int (*fault)(struct aspace *aspace, struct vma *vma, vaddr_t va, enum access access, pte_t pte);
};

struct vma {
    vaddr_t start, end; /* [start, end), page-aligned */
    uint32_t flags;     /* VMA_ */
    uint32_t faults;    /* that it has served */
    uint32_t cause;     /* the operation of the C library under which it was made or last grew (trace/) */
    const struct vma_ops *ops;
    struct pagesrc *source; /* NULL: anonymous; a reference is held */
    uint64_t offset; /* page number in the source at `start`; anonymous: start >> PAGE_SHIFT at birth */

    TAILQ_ENTRY(vma) link; /* in address order */
    RB_ENTRY(vma) node;
    uint64_t gap;     /* bytes free between the predecessor and start */
    uint64_t max_gap; /* the largest gap in this subtree */
};

RB_HEAD(vma_tree, vma);
TAILQ_HEAD(vma_list, vma);

struct vma_set {
    struct vma_tree tree;
    struct vma_list list;
    struct vma *last_hit; /* the region that served the last vma_find */
    struct vma *roof; /* no gap above it, below roof_high, has room for roof_size bytes; NULL: not known */
    uint64_t roof_size;
    vaddr_t roof_high;
    uint32_t count;
};

void vma_set_init(struct vma_set *set);
struct vma *vma_alloc(void);    /* not cleared: every field above `link` is the caller's to set */
void vma_free(struct vma *vma); /* drops the reference to its source */

/* The first region that ends above va (it may begin above it), or NULL. */
struct vma *vma_find_from(struct vma_set *set, vaddr_t va);
/* The region that contains va, or NULL: by the tree, or at once if it served the last time too. */
struct vma *vma_find_by_tree(struct vma_set *set, vaddr_t va);
static inline struct vma *vma_find(struct vma_set *set, vaddr_t va)
{
    struct vma *hit = set->last_hit;
    return likely(hit && va >= hit->start && va < hit->end) ? hit : vma_find_by_tree(set, va);
}
static inline struct vma *vma_next(struct vma *vma)
{
    return TAILQ_NEXT(vma, link);
}
static inline struct vma *vma_prev(struct vma *vma)
{
    return TAILQ_PREV(vma, vma_list, link);
}
static inline uint64_t vma_pages(const struct vma *vma)
{
    return (vma->end - vma->start) >> PAGE_SHIFT;
}
/* The number that the page of va has in the source. */
static inline uint64_t vma_index(const struct vma *vma, vaddr_t va)
{
    return vma->offset + ((va - vma->start) >> PAGE_SHIFT);
}

/* The range must be free. */
void vma_insert(struct vma_set *set, struct vma *vma);
void vma_remove(struct vma_set *set, struct vma *vma);
/* Changes the bounds of a region in the set; its order among the others must not change. */
void vma_resize(struct vma_set *set, struct vma *vma, vaddr_t start, vaddr_t end);
/* The highest free range of `size` bytes within [low, high). => its start, or 0 if there is none. */
vaddr_t vma_gap_below(struct vma_set *set, uint64_t size, vaddr_t low, vaddr_t high);
/* Is [start, end) free of regions? */
bool vma_range_free(struct vma_set *set, vaddr_t start, vaddr_t end);

const char *vma_set_check(struct vma_set *set);
