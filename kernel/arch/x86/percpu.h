/* SPDX-License-Identifier: MIT */
/* percpu.h - what each CPU has of its own, found through %gs in the kernel.
 *
 * entry.asm uses the first fields by their offsets. Higher layers keep their own arrays, indexed by cpu_number(). */
#pragma once

#include <assert.h>
#include <types.h>
#include <x86/cpu.h>

#define MAX_CPUS 8

struct thread;

/* What the CPU itself reads (SDM vol. 3, 7.7): where its stacks begin when it enters ring 0. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

/* How many CPUs run. Written by the boot's CPU, while others wait for the kernel's lock. */
extern uint32_t cpu_count;
/* Their set: a bit for each number. */
#define CPUS_ONLINE ((1U << cpu_count) - 1)

struct percpu {
    struct percpu *self;    /* offset 0 */
    uint64_t user_rsp;      /* 8: scratch of the system-call entry */
    uint64_t fs_base;       /* what MSR_FS_BASE holds: cpu_load_fs_base() */
    struct thread *current; /* 24 */
    uint32_t number;        /* 32 */
    uint32_t apic_id;
    uint32_t unused;
    struct tss tss; /* 44: rsp[0], the top of the current thread's kernel stack, at 48 */
    paddr_t cr3;    /* what CR3 holds, once threads run: page_tables_load() */
};
static_assert(offsetof(struct percpu, user_rsp) == 8, "entry.asm");
static_assert(offsetof(struct percpu, current) == 24, "entry.asm");
static_assert(offsetof(struct percpu, tss) + offsetof(struct tss, rsp) == 48, "entry.asm");

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

/* Of any CPU, by its number. */
struct percpu *cpu_data(uint32_t number);

/* The user's thread pointer. Only here is the register written, and ring 3 cannot (CR4.FSGSBASE is off). */
static inline void cpu_load_fs_base(struct percpu *cpu, uint64_t fs_base)
{
    if (cpu->fs_base != fs_base) {
        cpu->fs_base = fs_base;
        cpu_wrmsr(MSR_FS_BASE, fs_base);
    }
}

/* The running thread. Read in sched/, proc/, sys/ and trap.c only: everybody else gets the object as an argument. */
static inline struct thread *current_thread(void)
{
    struct thread *thread;
    __asm__ volatile("mov %%gs:24, %0" : "=r"(thread));
    return thread;
}
