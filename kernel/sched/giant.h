/* SPDX-License-Identifier: MIT */
/* giant.h - the lock of the whole kernel: one CPU at a time is in ring 0.
 *
 * Programs run on all CPUs at once; what they ask of the kernel is done one after the other. It is taken behind the entry from ring 3 or
 * from the idle loop, and let go before the way back. It belongs to the CPU and not to the thread: a switch keeps it, the next thread goes
 * on with it. Whoever has it may take it for granted that no other CPU reads or writes the kernel's memory, but not that user memory
 * stands still: another thread of the program may run meanwhile.
 *
 * With one CPU nobody takes it, and calls and faults spend no instruction on it: their ways into the kernel are other ones (entry.asm).
 * Order: before every other lock. */
#pragma once

#include <arch/x86/percpu.h>
#include <types.h>

/* Tickets: who came first is served first. */
struct giant {
    uint32_t next, served; /* entry.asm adds one to `served`, at offset 4 */
};
extern struct giant giant;
static_assert(offsetof(struct giant, served) == 4, "entry.asm");

/* Interrupts are off. While it waits it serves what the owner may wait for: TLB flushes. */
void giant_enter(void);

static inline void giant_leave(void)
{
    __atomic_store_n(&giant.served, giant.served + 1, __ATOMIC_RELEASE);
}

/* For the places that are the same for one CPU and for several. */
static inline void giant_enter_if_used(void)
{
    if (unlikely(cpu_count > 1))
        giant_enter();
}

static inline void giant_leave_if_used(void)
{
    if (unlikely(cpu_count > 1))
        giant_leave();
}
