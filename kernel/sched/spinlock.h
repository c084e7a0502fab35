/* SPDX-License-Identifier: MIT */
/* spinlock.h - short exclusion between CPUs.
 *
 * Kernel code runs with interrupts off, so a holder is never interrupted by code that wants the same lock. Do
 * not sleep with one held. The order of all locks stands in mm/README.md. */
#pragma once

#include <assert.h>
#include <guard.h>
#include <types.h>
#include <x86/cpu.h>

struct spinlock {
    uint32_t held;
};

/* The carry says whether the bit was set before: two instructions to take a free lock. */
static inline void spin_lock(struct spinlock *lock)
{
    bool was_held;

    for (;;) {
        __asm__ volatile("lock btsl $0, %1" : "=@ccc"(was_held), "+m"(lock->held) : : "memory");
        if (likely(!was_held))
            return;
        cpu_pause();
    }
}

/* Needs no bus lock: while the bit is set, others only set it again. */
static inline void spin_unlock(struct spinlock *lock)
{
    bool was_held;

    __asm__ volatile("btrl $0, %1" : "=@ccc"(was_held), "+m"(lock->held) : : "memory");
    assert(was_held);
}

GUARD_FUNCTIONS(struct spinlock, spin)
#define SPIN_GUARD(lock) GUARD(struct spinlock, spin, lock)
