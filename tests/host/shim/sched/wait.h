/* SPDX-License-Identifier: MIT */
/* wait.h - for host tests: there is one thread, so a lock has nobody to keep out; taking it twice is a mistake all the same. */
#pragma once

#include <assert.h>
#include <types.h>

struct mutex {
    bool held;
};

static inline void mutex_init(struct mutex *mutex)
{
    mutex->held = false;
}

static inline void mutex_lock(struct mutex *mutex)
{
    assert(!mutex->held);
    mutex->held = true;
}

static inline void mutex_unlock(struct mutex *mutex)
{
    assert(mutex->held);
    mutex->held = false;
}

static inline struct mutex *mutex_guard_begin(struct mutex *mutex)
{
    mutex_lock(mutex);
    return mutex;
}

static inline void mutex_guard_end(struct mutex *const *mutex)
{
    mutex_unlock(*mutex);
}

#define MUTEX_GUARD(lock)                                                                                    \
    struct mutex *const guard_ __attribute__((cleanup(mutex_guard_end), unused)) = mutex_guard_begin(lock)
