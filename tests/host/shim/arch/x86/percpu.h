/* SPDX-License-Identifier: MIT */
/* percpu.h - for host tests: one CPU. */
#pragma once

#include <assert.h>
#include <types.h>

#define MAX_CPUS 8

static inline uint32_t cpu_number(void)
{
    return 0;
}

enum { cpu_count = 1 };

struct percpu {
    paddr_t cr3;
};

static inline struct percpu *this_cpu(void)
{
    static struct percpu cpu;
    return &cpu;
}

struct thread;
struct thread *current_thread(void); /* there is one, machine.c has it */
