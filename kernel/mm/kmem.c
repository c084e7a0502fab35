/* SPDX-License-Identifier: MIT */
/* kmem.c - slabs: kernel objects of one size, packed into blocks of frames.
 *
 *   cache -> partial: slab <-> slab <-> ...      a slab is one block of frames cut into equal objects;
 *            empty: at most one                  full slabs are on no list
 *
 *   slab      [object][object][free -> ][free -> ][object]     a free object's first 4 bytes: link to the next free one
 *   its page  object = cache, maps = objects in use, index = link to the first free object, next/prev = the cache's list
 *
 * A link is where the object begins in its slab, in bytes, + 1; 0: none. (A number would be multiplied and divided with each use.)
 * Larger requests of kmalloc are blocks of frames of their own (page->object == NULL).
 * Guards: cache->lock; caches_lock for the list of caches. Frees what is empty, keeps one slab to avoid flutter. */
#include <mm/kmem.h>
#include <mm/page.h>
#include <string.h>

#define OBJECT_ALIGN 16
#define OBJECTS_WANTED 8 /* a slab is made larger until it holds that many, up to ORDER_MAX */
#define ORDER_MAX 2
#define KMALLOC_CLASSES 7 /* 32 << class, 32 .. 2048 bytes */

static struct spinlock caches_lock;
static struct kmem_cache *caches;

static struct kmem_cache kmalloc_caches[KMALLOC_CLASSES] = {
    {.name = "kmalloc-32", .size = 32},     {.name = "kmalloc-64", .size = 64},
    {.name = "kmalloc-128", .size = 128},   {.name = "kmalloc-256", .size = 256},
    {.name = "kmalloc-512", .size = 512},   {.name = "kmalloc-1024", .size = 1024},
    {.name = "kmalloc-2048", .size = 2048},
};

static void cache_prepare(struct kmem_cache *cache)
{
    uint32_t size = (cache->size + OBJECT_ALIGN - 1) & ~(OBJECT_ALIGN - 1U);
    uint32_t order = 0;

    while (order < ORDER_MAX && (PAGE_SIZE << order) / size < OBJECTS_WANTED)
        order++;
    cache->size = size;
    cache->order = order;
    cache->per_slab = (uint32_t)((PAGE_SIZE << order) / size);
    assert(cache->per_slab > 0);
    cache->ready = true;

    SPIN_GUARD(&caches_lock);
    cache->next = caches;
    caches = cache;
}

static inline uint32_t *linked_object(const struct page *slab, uint32_t link)
{
    return (uint32_t *)(void *)((char *)page_to_virt(slab) + link - 1);
}

static struct page *slab_create(struct kmem_cache *cache)
{
    struct page *slab = page_alloc_order(PAGE_SLAB, cache->order);

    if (!slab)
        return NULL;
    slab->object = cache;
    slab->index = 1;
    uint32_t last = 1 + (cache->per_slab - 1) * cache->size;
    for (uint32_t link = 1; link < last; link += cache->size)
        *linked_object(slab, link) = link + cache->size;
    *linked_object(slab, last) = 0;
    cache->slabs++;
    return slab;
}

/* A slab with a free object, on the partial list; NULL when memory is short. */
static struct page *slab_with_room(struct kmem_cache *cache)
{
    struct page *slab;

    if (cache->partial)
        return pfn_to_page(cache->partial);
    if (cache->empty) {
        slab = pfn_to_page(cache->empty);
        cache->empty = 0;
    } else {
        slab = slab_create(cache);
    }
    if (slab)
        frame_list_push(&cache->partial, slab);
    return slab;
}

void *kmem_alloc(struct kmem_cache *cache)
{
    if (unlikely(!cache->ready))
        cache_prepare(cache);

    SPIN_GUARD(&cache->lock);
    struct page *slab = slab_with_room(cache);
    if (!slab)
        return NULL;
    uint32_t *object = linked_object(slab, slab->index);
    slab->index = *object;
    slab->maps++;
    if (slab->index == 0)
        frame_list_remove(&cache->partial, slab);
    cache->in_use++;
    return object;
}

void *kmem_zalloc(struct kmem_cache *cache)
{
    void *object = kmem_alloc(cache);

    return object ? memset(object, 0, cache->size) : NULL;
}

static struct page *slab_of(const struct kmem_cache *cache, const void *object)
{
    /* Blocks are aligned to their size. */
    return virt_to_page((const void *)((vaddr_t)object & ~((PAGE_SIZE << cache->order) - 1)));
}

void kmem_free(struct kmem_cache *cache, void *object)
{
    struct page *slab = slab_of(cache, object);
    uint32_t offset = (uint32_t)((char *)object - (char *)page_to_virt(slab));

    assert(slab->owner == PAGE_SLAB && slab->object == cache && offset % cache->size == 0 && slab->maps > 0);
    spin_lock(&cache->lock);
    if (slab->index == 0)
        frame_list_push(&cache->partial, slab);
    *(uint32_t *)object = slab->index;
    slab->index = offset + 1;
    slab->maps--;
    cache->in_use--;
    struct page *unneeded = NULL;
    if (slab->maps == 0) {
        frame_list_remove(&cache->partial, slab);
        if (cache->empty == 0) {
            cache->empty = (uint32_t)page_to_pfn(slab);
        } else {
            unneeded = slab;
            cache->slabs--;
        }
    }
    spin_unlock(&cache->lock);
    if (unneeded)
        page_put(unneeded);
}

/* ---- any size ---- */

void *kmalloc(size_t size)
{
    for (unsigned i = 0; i < KMALLOC_CLASSES; i++)
        if (size <= 32UL << i)
            return kmem_alloc(&kmalloc_caches[i]);

    if (size > PAGE_SIZE << PAGE_MAX_ORDER)
        return NULL;
    unsigned order = 0;
    while ((PAGE_SIZE << order) < size)
        order++;
    struct page *block = page_alloc_order(PAGE_BUFFER, order);
    if (!block)
        return NULL;
    block->object = NULL;
    return page_to_virt(block);
}

void *kzalloc(size_t size)
{
    void *memory = kmalloc(size);

    return memory ? memset(memory, 0, size) : NULL;
}

void kfree(void *memory)
{
    if (!memory)
        return;
    struct page *page = virt_to_page(memory);
    if (page->owner == PAGE_BUFFER) {
        assert(page_aligned((vaddr_t)memory));
        page_put(page);
        return;
    }
    for (unsigned i = 0; i < KMALLOC_CLASSES; i++) {
        struct kmem_cache *cache = &kmalloc_caches[i];
        struct page *slab = slab_of(cache, memory);
        if (slab->owner == PAGE_SLAB && slab->object == cache && slab->refs > 0) {
            kmem_free(cache, memory);
            return;
        }
    }
    panic("kfree of %p, which kmalloc never gave", memory);
}

/* ---- looking ---- */

struct kmem_cache *kmem_first(void)
{
    return caches;
}

static const char *cache_check(struct kmem_cache *cache)
{
    uint64_t free_objects = 0;

    for (uint32_t pfn = cache->partial; pfn; pfn = pfn_to_page(pfn)->next) {
        const struct page *slab = pfn_to_page(pfn);
        uint32_t count = 0;
        if (slab->owner != PAGE_SLAB || slab->object != cache)
            return "a partial slab belongs to somebody else";
        for (uint32_t link = slab->index; link; link = *linked_object(slab, link))
            if (++count > cache->per_slab || (link - 1) % cache->size || link > cache->per_slab * cache->size)
                return "a slab's free list has a loop";
        if (count + slab->maps != cache->per_slab)
            return "free and used objects do not fill a slab";
        free_objects += count;
    }
    if (cache->empty)
        free_objects += cache->per_slab;
    if (cache->in_use + free_objects != cache->slabs * cache->per_slab)
        return "a cache's objects do not add up";
    return NULL;
}

const char *kmem_check(void)
{
    const char *broken = NULL;

    for (struct kmem_cache *cache = caches; cache && !broken; cache = cache->next) {
        SPIN_GUARD(&cache->lock);
        broken = cache_check(cache);
    }
    return broken;
}
