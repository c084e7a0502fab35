/* SPDX-License-Identifier: MIT */
/* machine.h - bringing the CPU up, and power-off. Interrupt controllers: apic.h */
#pragma once

#include <types.h>

/* Exit codes that QEMU turns into (code << 1) | 1 (isa-debug-exit); a triple fault would give 0. */
#define POWER_OFF_CLEAN 0x10
#define POWER_OFF_PANIC 0x11
#define POWER_OFF_LEDGER 0x12

/* What the CPU can do; filled by cpu_init() from CPUID. */
struct cpu_features {
    bool smep, smap, umip, fsgsbase, gigabyte_pages, rdrand, rdtscp;
    char vendor[13], model[49];
};
extern struct cpu_features cpu_features;

void cpu_init(void);                 /* the first CPU, and what all have in common */
void cpu_init_this(uint32_t number); /* GDT, TSS, IDT, per-CPU data, control registers, SYSCALL */
/* The door of system calls, for one CPU or for several (cpu_count). */
void syscall_door_open(void);

_Noreturn void power_off(uint8_t code);
