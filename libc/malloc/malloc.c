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

static void *allocate(size_t bytes, size_t alignment, bool zero)
{
    glue_lock();
    bool sane = bytes < REQUEST_LIMIT && alignment < REQUEST_LIMIT;
    void *p = sane ? allocator_chosen->take(bytes, alignment, zero) : NULL;
    glue_unlock();
    if (!p)
        errno = ENOMEM;
    return p;
}

void *malloc(size_t bytes)
{
    return allocate(bytes, BLOCK_ALIGN, false);
}

void *calloc(size_t number, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(number, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return allocate(total, BLOCK_ALIGN, true);
}

void free(void *p)
{
    int saved = errno; /* free never changes errno: it stands on error paths */

    if (!p)
        return;
    glue_lock();
    allocator_chosen->give(p);
    glue_unlock();
    errno = saved;
}

/* realloc(p, 0) frees, as glibc does. */
void *realloc(void *p, size_t bytes)
{
    if (!p)
        return malloc(bytes);
    if (bytes == 0) {
        free(p);
        return NULL;
    }
    glue_lock();
    void *resized = bytes < REQUEST_LIMIT ? allocator_chosen->resize(p, bytes) : NULL;
    glue_unlock();
    if (!resized)
        errno = ENOMEM;
    return resized;
}

void *reallocarray(void *p, size_t number, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(number, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, total);
}

static bool is_power_of_two(size_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

void *memalign(size_t alignment, size_t bytes)
{
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return allocate(bytes, alignment < BLOCK_ALIGN ? BLOCK_ALIGN : alignment, false);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **result, size_t alignment, size_t bytes)
{
    int saved = errno;

    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;

    void *p = memalign(alignment, bytes);

    errno = saved;
    if (!p)
        return ENOMEM;
    *result = p;
    return 0;
}

void *valloc(size_t bytes)
{
    return memalign(GLUE_PAGE, bytes);
}

void *pvalloc(size_t bytes)
{
    if (bytes >= REQUEST_LIMIT) {
        errno = ENOMEM;
        return NULL;
    }
    return memalign(GLUE_PAGE, (bytes + GLUE_PAGE - 1) & ~(GLUE_PAGE - 1));
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
