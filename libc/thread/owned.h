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

#include "lock.h"
#include "thread.h"

#define OWNED_WAITED_FOR ((uintptr_t)1)

struct owned_lock {
    uintptr_t word;
    unsigned int again; /* so many times taken by its owner after the first; the owner's */
};

static inline bool owned_is_by(uintptr_t word, const struct thread *thread)
{
    return (word & ~OWNED_WAITED_FOR) == (uintptr_t)thread;
}

/* => the word before: 0 when it is taken now */
static inline uintptr_t owned_enter(struct owned_lock *lock, uintptr_t owner)
{
    uintptr_t word = 0;

    __atomic_compare_exchange_n(&lock->word, &word, owner, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    return word;
}

/* Until the word, which was `word`, may be another. */
static inline void owned_wait(struct owned_lock *lock, uintptr_t word)
{
    uintptr_t waited_for = word | OWNED_WAITED_FOR;

    if (word == waited_for || __atomic_compare_exchange_n(&lock->word, &word, waited_for, false,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        word_wait((int *)&lock->word, (int)waited_for);
}

static inline bool owned_try(struct owned_lock *lock)
{
    struct thread *self = thread_self();

    self->uncancellable++;
    uintptr_t word = owned_enter(lock, (uintptr_t)self);

    if (word == 0)
        return true;
    if (owned_is_by(word, self)) {
        lock->again++;
        return true;
    }
    self->uncancellable--;
    return false;
}

/* Who slept does not know whether others still do, so it takes the lock as one that is waited for. */
static inline void owned_take(struct owned_lock *lock)
{
    struct thread *self = thread_self();

    if (owned_try(lock))
        return;
    self->uncancellable++;
    for (uintptr_t word; (word = owned_enter(lock, (uintptr_t)self | OWNED_WAITED_FOR)) != 0;)
        owned_wait(lock, word);
}

static inline void owned_drop(struct owned_lock *lock)
{
    struct thread *self = thread_self();

    if (lock->again > 0)
        lock->again--;
    else if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) & OWNED_WAITED_FOR)
        word_wake((int *)&lock->word, 1);
    self->uncancellable--;
}

/* In a child of fork: frees a lock whose owner has no copy here. False: nobody held it, or this thread does. */
static inline bool owned_free_orphan(struct owned_lock *lock)
{
    if (lock->word == 0 || owned_is_by(lock->word, thread_self()))
        return false;
    *lock = (struct owned_lock){0};
    return true;
}

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
