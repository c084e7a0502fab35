/* SPDX-License-Identifier: MIT */
/* malloc.c - the interface: malloc, free and their relatives.
 *
 * What is decided here: heap or own mapping (the threshold), whether a pointer is one of ours (block_verify),
 * what must be cleared, and what the checking mode adds. Everything between glue_lock and glue_unlock.
 *
 *     malloc(n) -- n >= mmap_threshold? --> map.c: a mapping of its own
 *          \------- otherwise ------------> heap.c: bins, else the top, else brk (top.c)
 */
#include "interface.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "glue.h"
#include "guard.h"
#include "heap.h"
#include "map.h"
#include "report.h"

static void lock(void)
{
    glue_lock();
    if (!heap.ready)
        settings_start();
}

/* The used chunk behind p; the program ends if there is none. */
static struct chunk *block_verify(const char *caller, const void *p)
{
    struct chunk *c = chunk_of(p);
    bool aligned = (uintptr_t)p % CHUNK_ALIGN == 0;

    if (!aligned || !(heap_segment(c) || map_contains(c)))
        report_bad_pointer(caller, p);
    if (!chunk_sealed(c) || !chunk_is_used(c) || chunk_flags(c) & CHUNK_FENCE)
        report_bad_pointer(caller, p);
    if (guard_broken(c))
        report_overflow(caller, c, guard_broken(c));
    return c;
}

static bool wants_mapping(size_t bytes)
{
    return bytes >= heap.mmap_threshold && map_count() < heap.mmap_max;
}

static struct chunk *chunk_take(size_t bytes, size_t alignment, uintptr_t *clean)
{
    if (bytes >= CHUNK_LIMIT || alignment >= CHUNK_LIMIT)
        return NULL;

    size_t request = bytes + (heap.checking ? GUARD_ROOM : 0);

    if (wants_mapping(bytes)) {
        struct chunk *c = map_take(request, alignment);

        if (c) {
            *clean = (uintptr_t)chunk_user(c);
            return c;
        }
    }
    return heap_take(chunk_bytes(request), alignment, clean);
}

static void chunk_release(struct chunk *c)
{
    report_remember(c);
    if (heap.checking && !(chunk_flags(c) & CHUNK_MAPPED))
        memset(chunk_user(c), FILL_FREED, chunk_capacity(c));
    if (chunk_flags(c) & CHUNK_MAPPED)
        map_release(c);
    else
        heap_release(c);
}

/* => locked. Clears the block if `zero`, except for what is known to be zero: fresh pages stay untouched. */
static void *block_take(size_t bytes, size_t alignment, bool zero)
{
    uintptr_t clean;
    struct chunk *c = chunk_take(bytes, alignment, &clean);

    if (!c)
        return NULL;

    uintptr_t user = (uintptr_t)chunk_user(c);

    if (heap.checking)
        guard_set(c, bytes);
    if (zero && clean > user)
        memset((void *)user, 0, clean - user < bytes ? clean - user : bytes);
    else if (!zero && heap.checking)
        memset((void *)user, FILL_FRESH, bytes);
    return (void *)user;
}

static void *allocate(size_t bytes, size_t alignment, bool zero)
{
    lock();
    void *p = block_take(bytes, alignment, zero);
    glue_unlock();
    if (!p)
        errno = ENOMEM;
    return p;
}

/* => locked. The block at its new size without copying, NULL if that is not possible. */
static struct chunk *resize_in_place(struct chunk *c, size_t bytes)
{
    if (bytes >= CHUNK_LIMIT || heap.checking || chunk_flags(c) & CHUNK_GUARDED)
        return NULL; /* a move in checking mode finds pointers that are out of date */
    if (chunk_flags(c) & CHUNK_MAPPED) {
        struct chunk *moved = map_resize(c, bytes);

        return moved || chunk_capacity(c) < bytes ? moved : c;
    }
    if (bytes > chunk_capacity(c) && wants_mapping(bytes))
        return NULL; /* it grows into a mapping of its own */
    return heap_resize(c, chunk_bytes(bytes)) ? c : NULL;
}

/* => locked. NULL: no memory, the old block is untouched. */
static void *block_resize(void *p, size_t bytes)
{
    struct chunk *c = block_verify("realloc", p);
    struct chunk *resized = resize_in_place(c, bytes);

    if (resized)
        return chunk_user(resized);

    void *copy = block_take(bytes, CHUNK_ALIGN, false);
    size_t usable = guard_usable(c);

    if (!copy)
        return NULL;
    memcpy(copy, p, usable < bytes ? usable : bytes);
    chunk_release(c);
    return copy;
}

void *malloc(size_t bytes)
{
    return allocate(bytes, CHUNK_ALIGN, false);
}

void *calloc(size_t number, size_t bytes)
{
    size_t total;

    if (__builtin_mul_overflow(number, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return allocate(total, CHUNK_ALIGN, true);
}

void free(void *p)
{
    int saved = errno; /* free never changes errno: it stands on error paths */

    if (!p)
        return;
    lock();
    chunk_release(block_verify("free", p));
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
    lock();
    void *resized = block_resize(p, bytes);
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
    return allocate(bytes, alignment < CHUNK_ALIGN ? CHUNK_ALIGN : alignment, false);
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
    if (bytes >= CHUNK_LIMIT) {
        errno = ENOMEM;
        return NULL;
    }
    return memalign(GLUE_PAGE, align_up(bytes, GLUE_PAGE));
}

size_t malloc_usable_size(void *p)
{
    if (!p)
        return 0;
    lock();
    size_t usable = guard_usable(block_verify("malloc_usable_size", p));
    glue_unlock();
    return usable;
}

int malloc_trim(size_t pad)
{
    lock();
    bool moved = top_trim(pad < CHUNK_LIMIT ? pad : CHUNK_LIMIT);
    glue_unlock();
    return moved;
}
