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

struct thread;
struct thread *current_thread(void); /* there is one, machine.c has it */
