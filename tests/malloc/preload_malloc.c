/* SPDX-License-Identifier: MIT */
/* preload_malloc.c - what libc/malloc/product needs beside itself to be a library for LD_PRELOAD on Linux.
 *
 * Around fork all locks are held, so that the child, which has one thread, never inherits one that another thread had. At a
 * thread's end its cache goes home. C++'s new and delete are ours without the way through libstdc++; when memory is
 * short, the new that would have been called without us is, and calls the new-handler or throws.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

#include "malloc/interface.h"
#include "malloc/product/product.h"

static pthread_key_t key;
static bool has_key;

static void leave(void *unused)
{
    (void)unused;
    cache_leave();
}

__attribute__((constructor)) static void start(void)
{
    pthread_atfork(malloc_lock_all, malloc_unlock_all, malloc_unlock_all);
    has_key = pthread_key_create(&key, leave) == 0;
}

/* The value only has to be something: without one the destructor is not called. */
void glue_thread_begins(void)
{
    if (has_key)
        pthread_setspecific(key, &key);
}

static void *new_failed(const char *name, size_t bytes, size_t alignment)
{
    void *(*next)(size_t, size_t) = (void *(*)(size_t, size_t))(uintptr_t)dlsym(RTLD_NEXT, name);

    return next ? next(bytes, alignment) : NULL;
}

#define NEW(name, ...)                                                                                       \
    void *name(size_t bytes, ##__VA_ARGS__);                                                                 \
    void *name(size_t bytes, ##__VA_ARGS__)
#define DELETE(name, ...)                                                                                    \
    void name(void *p, ##__VA_ARGS__);                                                                       \
    void name(void *p, ##__VA_ARGS__)
#define PLAIN(name)                                                                                          \
    {                                                                                                        \
        void *p = malloc(bytes);                                                                             \
        return LIKELY(p != NULL) ? p : new_failed(#name, bytes, 0);                                          \
    }
#define ALIGNED(name)                                                                                        \
    {                                                                                                        \
        void *p = memalign(alignment, bytes);                                                                \
        return LIKELY(p != NULL) ? p : new_failed(#name, bytes, alignment);                                  \
    }

/* new, new[]; with nothrow; with an alignment; with both. The names are the ABI's. */
NEW(_Znwm) PLAIN(_Znwm)
NEW(_Znam) PLAIN(_Znam)
NEW(_ZnwmRKSt9nothrow_t, const void *t) { (void)t; return malloc(bytes); }
NEW(_ZnamRKSt9nothrow_t, const void *t) { (void)t; return malloc(bytes); }
NEW(_ZnwmSt11align_val_t, size_t alignment) ALIGNED(_ZnwmSt11align_val_t)
NEW(_ZnamSt11align_val_t, size_t alignment) ALIGNED(_ZnamSt11align_val_t)
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, size_t alignment, const void *t) { (void)t; return memalign(alignment, bytes); }
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, size_t alignment, const void *t) { (void)t; return memalign(alignment, bytes); }

/* delete, delete[]; with the size; with nothrow; and all of these with an alignment. */
DELETE(_ZdlPv) { free(p); }
DELETE(_ZdaPv) { free(p); }
DELETE(_ZdlPvm, size_t bytes) { free_sized(p, bytes); }
DELETE(_ZdaPvm, size_t bytes) { free_sized(p, bytes); }
DELETE(_ZdlPvRKSt9nothrow_t, const void *t) { (void)t; free(p); }
DELETE(_ZdaPvRKSt9nothrow_t, const void *t) { (void)t; free(p); }
DELETE(_ZdlPvSt11align_val_t, size_t alignment) { (void)alignment; free(p); }
DELETE(_ZdaPvSt11align_val_t, size_t alignment) { (void)alignment; free(p); }
DELETE(_ZdlPvmSt11align_val_t, size_t bytes, size_t alignment) { free_aligned_sized(p, alignment, bytes); }
DELETE(_ZdaPvmSt11align_val_t, size_t bytes, size_t alignment) { free_aligned_sized(p, alignment, bytes); }
