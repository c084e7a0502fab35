/* SPDX-License-Identifier: MIT */
/* kmem.h - slabs: memory for kernel objects of one size, and kmalloc for odd sizes on top of them. */
#pragma once

#include <sched/spinlock.h>
#include <types.h>

struct kmem_cache {
    const char *name;
    uint32_t size;  /* of an object in bytes, rounded up to 16 at first use */
    uint32_t order; /* frames of a slab: 2^order; chosen at first use */
    uint32_t per_slab;
    struct spinlock lock; /* guards all below */
    uint32_t partial;     /* pfn of the first slab with a free object; 0: none */
    uint32_t empty;       /* one empty slab is kept; 0: none */
    uint64_t in_use;      /* objects */
    uint64_t slabs;
    bool ready;
    struct kmem_cache *next; /* all caches, for /proc/slabinfo and the final account */
};

/* A cache is a static variable: static struct kmem_cache cache = KMEM_CACHE("vma", struct vma); */
#define KMEM_CACHE(cache_name, type)                                                                         \
    {                                                                                                        \
        .name = (cache_name), .size = sizeof(type)                                                           \
    }

/* => old bytes; NULL when memory is short. */
void *kmem_alloc(struct kmem_cache *cache);
void *kmem_zalloc(struct kmem_cache *cache); /* zeroed */
void kmem_free(struct kmem_cache *cache, void *object);

/* Any size up to 4 MiB, 16-byte aligned (page-aligned from 2049 bytes on). kfree(NULL) is allowed. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void kfree(void *memory);

/* All caches that were ever used, first to last. */
struct kmem_cache *kmem_first(void);
const char *kmem_check(void);
