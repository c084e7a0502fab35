/* SPDX-License-Identifier: MIT */
/* wait.h - for host tests: there is one thread, so a lock has nobody to keep out; taking it twice is a mistake all the same. */
#pragma once

#include <assert.h>
#include <guard.h>
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

static inline bool mutex_trylock(struct mutex *mutex)
{
    bool taken = !mutex->held;

    mutex->held = true;
    return taken;
}

static inline void mutex_unlock(struct mutex *mutex)
{
    assert(mutex->held);
    mutex->held = false;
}

GUARD_FUNCTIONS(struct mutex, mutex)
#define MUTEX_GUARD(lock) GUARD(struct mutex, mutex, lock)
