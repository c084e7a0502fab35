/* SPDX-License-Identifier: MIT */
/* preload_malloc.c - what libc/malloc/product needs beside itself to be a library for LD_PRELOAD on Linux.
 *
 * From the second thread on all locks are held around fork, so that the child, which has one thread, never inherits one that another
 * thread had, and at a thread's end its cache goes home. What a single thread does not need is not called: those functions lie
 * where nothing else of glibc is used, and their pages would be resident in every process. C++'s new and delete are ours without the way through libstdc++; when memory is
 * short, the new that would have been called without us is, and calls the new-handler or throws.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sys/single_threaded.h>

#include "malloc/blocks.h"
#include "malloc/interface.h"
#include "malloc/product/product.h"

static int lock;
static bool registered, has_key;
static pthread_key_t key;

static void leave(void *unused)
{
    (void)unused;
    cache_leave();
}

/* The key's value only has to be something: without one its destructor is not called. */
void glue_thread_begins(void)
{
    if (__libc_single_threaded)
        return;
    glue_take(&lock); /* no other thread goes on, and holds a lock, before forks are prepared for it */
    if (!registered) {
        pthread_atfork(malloc_lock_all, malloc_unlock_all, malloc_unlock_all);
        has_key = pthread_key_create(&key, leave) == 0;
        registered = true;
    }
    glue_drop(&lock);
    if (has_key)
        pthread_setspecific(key, &key);
}

/* The next function of that name takes what it needs of the arguments. */
static void *new_failed(const char *name, size_t bytes, size_t alignment)
{
    void *(*next)(size_t, size_t) = (void *(*)(size_t, size_t))(uintptr_t)dlsym(RTLD_NEXT, name);

    return next ? next(bytes, alignment) : NULL;
}

/* Where every call is looked at, the program's place is told, not one here. */
static __attribute__((noinline)) void *new_slowly(const char *name, size_t bytes, size_t alignment,
                                                  uintptr_t site)
{
    bool plain = alignment <= ALIGN;
    void *p = plain && pool.most ? malloc(bytes) : malloc_call(bytes, plain ? ALIGN : alignment, false, site);

    return p ? p : new_failed(name, bytes, alignment);
}

#define DEFINE(type, name, parameters, body)                                                                 \
    type name parameters;                                                                                    \
    type name parameters                                                                                     \
    {                                                                                                        \
        body;                                                                                                \
    }
#define NEW(name)                                                                                            \
    DEFINE(void *, name, (size_t n), size_t class; void *p = cache_take(n, &class);                          \
           return LIKELY(p) ? p : new_slowly(#name, n, 0, SITE))
#define NEW_NOTHROW(name) DEFINE(void *, name, (size_t n, const void *t), (void)t; return malloc(n))
#define NEW_ALIGNED(name) DEFINE(void *, name, (size_t n, size_t a), return new_slowly(#name, n, a, SITE))
#define NEW_ALIGNED_NOTHROW(name)                                                                            \
    DEFINE(void *, name, (size_t n, size_t a, const void *t), (void)t; return memalign(a, n))
#define DELETE(name) DEFINE(void, name, (void *p), free(p))
#define DELETE_SIZED(name) DEFINE(void, name, (void *p, size_t n), free_sized(p, n))
#define DELETE_OTHER(name) DEFINE(void, name, (void *p, size_t a), (void)a; free(p))
#define DELETE_ALIGNED_SIZED(name)                                                                           \
    DEFINE(void, name, (void *p, size_t n, size_t a), free_aligned_sized(p, a, n))

/* The names are the ABI's, each once plain and once for arrays. */
/* clang-format off */
NEW(_Znwm)                                              NEW(_Znam)
NEW_NOTHROW(_ZnwmRKSt9nothrow_t)                        NEW_NOTHROW(_ZnamRKSt9nothrow_t)
NEW_ALIGNED(_ZnwmSt11align_val_t)                       NEW_ALIGNED(_ZnamSt11align_val_t)
NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t) NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)
DELETE(_ZdlPv)                                          DELETE(_ZdaPv)
DELETE_SIZED(_ZdlPvm)                                   DELETE_SIZED(_ZdaPvm)
DELETE_OTHER(_ZdlPvRKSt9nothrow_t)                      DELETE_OTHER(_ZdaPvRKSt9nothrow_t)
DELETE_OTHER(_ZdlPvSt11align_val_t)                     DELETE_OTHER(_ZdaPvSt11align_val_t)
DELETE_ALIGNED_SIZED(_ZdlPvmSt11align_val_t)            DELETE_ALIGNED_SIZED(_ZdaPvmSt11align_val_t)
    /* clang-format on */
