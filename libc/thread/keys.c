/* SPDX-License-Identifier: MIT */
/* keys.c - values of a thread's own, under keys that are made at run time.
 *
 * The values of the first few keys lie in the thread's own variables, so that a thread costs no page more; those of the others in memory
 * from malloc, when the first of them is set. Each key counts how often it was made and deleted (odd: it exists), and a value holds for
 * the count under which it was set only: so a key made anew has no value in any thread, and deleting one touches no other thread.
 *
 * The library's lock is for making and deleting; a key's count and destructor are read without it. When a thread ends it calls
 * __thread_values_end, by a weak reference: a program without keys does not have this file. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "library.h"

static struct {
    unsigned long count; /* atomic */
    void (*destructor)(void *);
} keys[PTHREAD_KEYS_MAX];

struct value {
    unsigned long count; /* of its key, when it was set */
    const void *value;
};

#define FEW 8
static _Thread_local struct value few[FEW];
static _Thread_local struct value *others; /* NULL: none has been set */
static _Thread_local bool any;             /* has been set */

void __thread_values_end(void);

static inline unsigned long count_of(pthread_key_t key)
{
    return __atomic_load_n(&keys[key].count, __ATOMIC_ACQUIRE);
}

static inline bool exists(pthread_key_t key)
{
    return key < PTHREAD_KEYS_MAX && count_of(key) % 2 == 1;
}

static int find_free(pthread_key_t *free)
{
    for (*free = 0; *free < PTHREAD_KEYS_MAX; ++*free)
        if (!exists(*free))
            return 0;
    return EAGAIN;
}

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    LIBRARY_HOLD();
    int error = find_free(key);

    if (!error) {
        __atomic_store_n(&keys[*key].destructor, destructor, __ATOMIC_RELAXED);
        __atomic_fetch_add(&keys[*key].count, 1, __ATOMIC_RELEASE);
    }
    return error;
}

int pthread_key_delete(pthread_key_t key)
{
    LIBRARY_HOLD();
    bool existed = exists(key);

    if (existed)
        __atomic_fetch_add(&keys[key].count, 1, __ATOMIC_RELEASE);
    return existed ? 0 : EINVAL;
}

/* Where this thread has its value; NULL: nowhere yet. */
static inline struct value *value_of(pthread_key_t key)
{
    if (key < FEW)
        return &few[key];
    return others ? &others[key - FEW] : NULL;
}

void *pthread_getspecific(pthread_key_t key)
{
    const struct value *found = exists(key) ? value_of(key) : NULL;

    return found && found->count == count_of(key) ? (void *)found->value : NULL;
}

/* => ENOMEM: no room for a value where there was none. */
static int set_first(pthread_key_t key, const void *value)
{
    int saved = errno;

    if (!value)
        return 0;
    others = calloc(PTHREAD_KEYS_MAX - FEW, sizeof(*others));
    errno = saved;
    if (!others)
        return ENOMEM;
    *value_of(key) = (struct value){count_of(key), value};
    any = true;
    return 0;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (!exists(key))
        return EINVAL;

    struct value *place = value_of(key);

    if (!place)
        return set_first(key, value);
    *place = (struct value){count_of(key), value};
    any |= value != NULL;
    return 0;
}

/* => there was a value, and it is gone. */
static bool value_end(pthread_key_t key)
{
    void *value = pthread_getspecific(key);

    if (!value)
        return false;
    void (*destructor)(void *) = __atomic_load_n(&keys[key].destructor, __ATOMIC_RELAXED);

    value_of(key)->value = NULL;
    if (destructor)
        destructor(value);
    return true;
}

/* A destructor may set values again; that many rounds it may go on. */
void __thread_values_end(void)
{
    bool more = any;

    for (int round = 0; more && round < PTHREAD_DESTRUCTOR_ITERATIONS; round++) {
        more = false;
        for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++)
            more |= value_end(key);
    }
    if (others)
        free(others);
    others = NULL;
}
