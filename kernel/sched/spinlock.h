/* SPDX-License-Identifier: MIT */
/* spinlock.h - short exclusion between CPUs.
 *
 * Kernel code runs with interrupts off, so a holder is never interrupted by code that wants the same lock. Do
 * not sleep with one held. The order of all locks stands in mm/README.md. */
#ifndef FAULTLINE_SCHED_SPINLOCK_H
#define FAULTLINE_SCHED_SPINLOCK_H

#include <assert.h>
#include <types.h>
#include <x86/cpu.h>

struct spinlock {
    uint32_t held;
};

static inline void spin_lock(struct spinlock *lock)
{
    while (unlikely(__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)))
        cpu_pause();
}

static inline void spin_unlock(struct spinlock *lock)
{
    assert(lock->held);
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

#endif
