/* SPDX-License-Identifier: MIT */
/* percpu.c - where the data of the CPUs lie. */
#include <arch/x86/percpu.h>

uint32_t cpu_count = 1;
static struct percpu percpu[MAX_CPUS];

struct percpu *cpu_data(uint32_t number)
{
    return &percpu[number];
}
