/* SPDX-License-Identifier: MIT */
/* malloc.c - the interface: the relatives of malloc, over whichever allocator is behind (blocks.h).
 *
 * What is the same for all of them is done here: errno, sizes that overflow, alignments, and telling those who watch (told.h).
 */
#include "interface.h"

#include <errno.h>

#include "blocks.h"
#include "glue.h"
#include "told.h"
#include "words.h"

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc_call(size_t bytes, size_t alignment, bool zero, uintptr_t site)
{
    uint32_t op = UNLIKELY(glue_watched) ? told_begin(site) : 0;
    bool sane = bytes < REQUEST_LIMIT && alignment < REQUEST_LIMIT;
    void *p = sane ? block_new(bytes, alignment, zero, site) : NULL;

    if (UNLIKELY(op))
        told_malloc(op, site, bytes, alignment, p);
    return p ? p : no_memory();
}

/* A pointer that is not ours ends the program before anything is told of it: then the operation has no end. */
void free_call(void *p, uintptr_t site)
{
    int saved = errno; /* free never changes errno: it stands on error paths */

    if (!p)
        return;
    if (UNLIKELY(glue_watched)) {
        uint32_t op = told_begin(site);
        struct heap_block block = told_block(p);

        block_put(p, site);
        told_free(op, site, p, &block);
    } else {
        block_put(p, site);
    }
    errno = saved;
}

/* realloc(p, 0) frees, as glibc does. */
void *realloc_call(void *p, size_t bytes, uintptr_t site)
{
    struct heap_block before = {.size = 0};
    uint32_t op = 0;

    if (!p)
        return malloc_call(bytes, BLOCK_ALIGN, false, site);
    if (bytes == 0) {
        free_call(p, site);
        return NULL;
    }
    if (UNLIKELY(glue_watched) && (op = told_begin(site)))
        before = told_block(p);

    void *resized = bytes < REQUEST_LIMIT ? block_fit(p, bytes, site) : NULL;

    if (UNLIKELY(op))
        told_realloc(op, site, p, &before, resized, bytes);
    return resized ? resized : no_memory();
}

void *reallocarray(void *p, size_t number, size_t bytes)
{
    size_t total;

    return __builtin_mul_overflow(number, bytes, &total) ? no_memory() : realloc_call(p, total, SITE);
}

static inline void *aligned(size_t alignment, size_t bytes, uintptr_t site)
{
    if (alignment == 0 || alignment & (alignment - 1)) {
        errno = EINVAL;
        return NULL;
    }
    return malloc_call(bytes, alignment < BLOCK_ALIGN ? BLOCK_ALIGN : alignment, false, site);
}

void *memalign(size_t alignment, size_t bytes)
{
    return aligned(alignment, bytes, SITE);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return aligned(alignment, bytes, SITE);
}

int posix_memalign(void **result, size_t alignment, size_t bytes)
{
    int saved = errno;

    if (alignment % sizeof(void *) != 0)
        return EINVAL;

    void *p = aligned(alignment, bytes, SITE);
    int error = p ? 0 : errno;

    errno = saved;
    if (p)
        *result = p;
    return error;
}

void *valloc(size_t bytes)
{
    return aligned(GLUE_PAGE, bytes, SITE);
}

void *pvalloc(size_t bytes)
{
    return aligned(GLUE_PAGE, bytes < REQUEST_LIMIT ? (bytes + GLUE_PAGE - 1) & ~(GLUE_PAGE - 1) : bytes,
                   SITE);
}

/* C23: the caller knows what it asked for, so a wrong size is a wrong pointer. Any other mistake is what it is in free. */
void free_said(const char *caller, void *p, size_t alignment, size_t bytes, uintptr_t site)
{
    struct text t = {.length = 0};

    if (p && (((uintptr_t)p & (alignment - 1)) != 0 || bytes > block_look("free", p).usable)) {
        text_say(&t, "%s(): invalid pointer", caller);
        text_say(&t, TEXT(said_wrong), caller, p);
        text_die(&t);
    }
    free_call(p, site);
}

void free_aligned_sized(void *p, size_t alignment, size_t bytes)
{
    free_said("free_aligned_sized", p, alignment, bytes, SITE);
}
