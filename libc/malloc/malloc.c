/* SPDX-License-Identifier: MIT */
/* malloc.c - the interface: malloc, free and their relatives, over whichever allocator was chosen at link time.
 *
 * What is the same for all of them is done here: the lock, errno, sizes that overflow, alignments.
 */
#include "interface.h"

#include <errno.h>
#include <stdint.h>

#include "allocator.h"
#include "glue.h"
#include "inspect.h"
#include "told.h"

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define SITE ((uintptr_t)__builtin_return_address(0))

static void *take(size_t bytes, size_t alignment, bool zero)
{
    glue_lock();
    bool sane = bytes < REQUEST_LIMIT && alignment < REQUEST_LIMIT;
    void *p = sane ? allocator_chosen->take(bytes, alignment, zero) : NULL;
    glue_unlock();
    if (!p)
        errno = ENOMEM;
    return p;
}

/* site: where the program called. */
static inline void *allocate(size_t bytes, size_t alignment, bool zero, uintptr_t site)
{
    if (!UNLIKELY(glue_watched))
        return take(bytes, alignment, zero);

    uint32_t op = told_begin(site);
    void *p = take(bytes, alignment, zero);

    told_malloc(op, site, bytes, alignment, p);
    return p;
}

void *malloc(size_t bytes)
{
    return allocate(bytes, BLOCK_ALIGN, false, SITE);
}

void *calloc(size_t number, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(number, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return allocate(total, BLOCK_ALIGN, true, SITE);
}

static void give(void *p)
{
    int saved = errno; /* free never changes errno: it stands on error paths */

    glue_lock();
    allocator_chosen->give(p);
    glue_unlock();
    errno = saved;
}

/* A pointer that is not ours is not looked at before the allocator has judged it: then the operation has no end. */
static void give_told(void *p, uintptr_t site)
{
    uint32_t op = told_begin(site);
    struct heap_block block = {.size = 0};

    if (malloc_usable_size(p)) /* ends the program if p is no block */
        block = told_look(p);
    give(p);
    told_free(op, site, p, &block);
}

static inline void release(void *p, uintptr_t site)
{
    if (!p)
        return;
    if (UNLIKELY(glue_watched))
        give_told(p, site);
    else
        give(p);
}

void free(void *p)
{
    release(p, SITE);
}

static void *resize(void *p, size_t bytes)
{
    glue_lock();
    void *resized = bytes < REQUEST_LIMIT ? allocator_chosen->resize(p, bytes) : NULL;
    glue_unlock();
    if (!resized)
        errno = ENOMEM;
    return resized;
}

static void *resize_told(void *p, size_t bytes, uintptr_t site)
{
    uint32_t op = told_begin(site);
    struct heap_block before = told_look(p);
    void *resized = resize(p, bytes);

    told_realloc(op, site, p, &before, resized, bytes);
    return resized;
}

/* realloc(p, 0) frees, as glibc does. */
static inline void *reallocate(void *p, size_t bytes, uintptr_t site)
{
    if (!p)
        return allocate(bytes, BLOCK_ALIGN, false, site);
    if (bytes == 0) {
        release(p, site);
        return NULL;
    }
    return UNLIKELY(glue_watched) ? resize_told(p, bytes, site) : resize(p, bytes);
}

void *realloc(void *p, size_t bytes)
{
    return reallocate(p, bytes, SITE);
}

void *reallocarray(void *p, size_t number, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(number, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return reallocate(p, total, SITE);
}

static bool is_power_of_two(size_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static inline void *allocate_aligned(size_t alignment, size_t bytes, uintptr_t site)
{
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return allocate(bytes, alignment < BLOCK_ALIGN ? BLOCK_ALIGN : alignment, false, site);
}

void *memalign(size_t alignment, size_t bytes)
{
    return allocate_aligned(alignment, bytes, SITE);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return allocate_aligned(alignment, bytes, SITE);
}

int posix_memalign(void **result, size_t alignment, size_t bytes)
{
    int saved = errno;

    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;

    void *p = allocate_aligned(alignment, bytes, SITE);

    errno = saved;
    if (!p)
        return ENOMEM;
    *result = p;
    return 0;
}

void *valloc(size_t bytes)
{
    return allocate_aligned(GLUE_PAGE, bytes, SITE);
}

void *pvalloc(size_t bytes)
{
    if (bytes >= REQUEST_LIMIT) {
        errno = ENOMEM;
        return NULL;
    }
    return allocate_aligned(GLUE_PAGE, (bytes + GLUE_PAGE - 1) & ~(GLUE_PAGE - 1), SITE);
}

size_t malloc_usable_size(void *p)
{
    if (!p)
        return 0;
    glue_lock();
    size_t usable = allocator_chosen->usable(p);
    glue_unlock();
    return usable;
}

int malloc_trim(size_t pad)
{
    glue_lock();
    bool moved = allocator_chosen->trim && allocator_chosen->trim(pad);
    glue_unlock();
    return moved;
}

int mallopt(int parameter, int value)
{
    glue_lock();
    bool known = allocator_chosen->set && allocator_chosen->set(parameter, value);
    glue_unlock();
    return known;
}

int heap_walk(int (*visit)(const struct heap_block *block, void *context), void *context)
{
    glue_lock();
    int answer = allocator_chosen->walk(visit, context);
    glue_unlock();
    return answer;
}

const char *heap_check(void)
{
    glue_lock();
    const char *broken = allocator_chosen->check();
    glue_unlock();
    return broken;
}
