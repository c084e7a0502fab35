/* SPDX-License-Identifier: MIT */
/* percpu.h - what each CPU has of its own, found through %gs in the kernel.
 *
 * entry.asm uses the first fields by their offsets. Higher layers keep their own arrays, indexed by cpu_number(). */
#ifndef FAULTLINE_ARCH_PERCPU_H
#define FAULTLINE_ARCH_PERCPU_H

#include <assert.h>
#include <types.h>

#define MAX_CPUS 8

struct thread;

struct percpu {
    struct percpu *self;    /* offset 0 */
    uint64_t user_rsp;      /* 8: scratch of the system-call entry */
    uint64_t kernel_rsp;    /* 16: top of the current thread's kernel stack; TSS.rsp0 says the same */
    struct thread *current; /* 24 */
    uint32_t number;        /* 32 */
    uint32_t apic_id;
};
static_assert(offsetof(struct percpu, user_rsp) == 8, "entry.asm");
static_assert(offsetof(struct percpu, kernel_rsp) == 16, "entry.asm");
static_assert(offsetof(struct percpu, current) == 24, "entry.asm");

static inline struct percpu *this_cpu(void)
{
    struct percpu *cpu;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

static inline uint32_t cpu_number(void)
{
    uint32_t number;
    __asm__ volatile("mov %%gs:32, %0" : "=r"(number));
    return number;
}

/* The running thread. Read in sched/, proc/, sys/ and trap.c only: everybody else gets the object as an argument. */
static inline struct thread *current_thread(void)
{
    struct thread *thread;
    __asm__ volatile("mov %%gs:24, %0" : "=r"(thread));
    return thread;
}

#endif
