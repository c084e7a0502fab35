/* SPDX-License-Identifier: MIT */
/* owned.h - a lock that knows its owner, who may take it again.
 *
 *     OWNED_HOLD(&stream->lock);    until the end of the block that it stands in, however that is left
 *
 *     word: 0                       free
 *           its owner's address     held
 *           the same + 1            held, and somebody may sleep until it is free
 *
 * Held and by whom is one word, so a signal handler that interrupts its own thread anywhere in here finds the lock free or its own:
 * exit from a handler gets what it needs. Sleepers look at the lower half of the word only, which is all that a futex can be; should
 * two owners be alike there, they sleep on, which is right as long as either holds it.
 * A hold costs one look at __thread_many while there is one thread: nobody can be kept out. Who takes a lock to keep it beyond
 * the call, as flockfile does, takes it in any case: a thread that is made meanwhile must find it taken.
 * A thread that holds one is not cancelled: the lock would never be free again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "thread.h"

struct owned_lock {
    uintptr_t word;
    unsigned int again; /* so many times taken by its owner after the first; the owner's */
};

/* => false: another thread has it */
bool owned_try(struct owned_lock *lock);
void owned_take(struct owned_lock *lock);
void owned_drop(struct owned_lock *lock);

/* In a child of fork: frees a lock whose owner has no copy here. False: nobody held it, or this thread does. */
bool owned_free_orphan(struct owned_lock *lock);

static inline struct owned_lock *owned_hold(struct owned_lock *lock)
{
    if (!__thread_many)
        return NULL;
    owned_take(lock);
    return lock;
}

static inline void owned_leave(struct owned_lock **held)
{
    if (*held != NULL)
        owned_drop(*held);
}

#define OWNED_HOLD(lock)                                                                                     \
    __attribute__((cleanup(owned_leave), unused)) struct owned_lock *held_lock = owned_hold(lock)
