/* SPDX-License-Identifier: MIT */
/* owned.c - see owned.h */
#include "owned.h"

#include "lock.h"

#define OWNED_WAITED_FOR ((uintptr_t)1)

static bool owned_is_by(uintptr_t word, const struct thread *thread)
{
    return (word & ~OWNED_WAITED_FOR) == (uintptr_t)thread;
}

/* => the word before: 0 when it is taken now */
static uintptr_t owned_enter(struct owned_lock *lock, uintptr_t owner)
{
    uintptr_t word = 0;

    __atomic_compare_exchange_n(&lock->word, &word, owner, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    return word;
}

/* Until the word, which was `word`, may be another. */
static void owned_wait(struct owned_lock *lock, uintptr_t word)
{
    uintptr_t waited_for = word | OWNED_WAITED_FOR;

    if (word == waited_for || __atomic_compare_exchange_n(&lock->word, &word, waited_for, false,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        word_wait((int *)&lock->word, (int)waited_for);
}

bool owned_try(struct owned_lock *lock)
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
void owned_take(struct owned_lock *lock)
{
    struct thread *self = thread_self();

    if (owned_try(lock))
        return;
    self->uncancellable++;
    for (uintptr_t word; (word = owned_enter(lock, (uintptr_t)self | OWNED_WAITED_FOR)) != 0;)
        owned_wait(lock, word);
}

void owned_drop(struct owned_lock *lock)
{
    struct thread *self = thread_self();

    if (lock->again > 0)
        lock->again--;
    else if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) & OWNED_WAITED_FOR)
        word_wake((int *)&lock->word, 1);
    self->uncancellable--;
}

bool owned_free_orphan(struct owned_lock *lock)
{
    if (lock->word == 0 || owned_is_by(lock->word, thread_self()))
        return false;
    *lock = (struct owned_lock){0};
    return true;
}
