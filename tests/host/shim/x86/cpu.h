/* SPDX-License-Identifier: MIT */
/* cpu.h - for host tests: the few instructions that portable kernel code uses, on a machine that is only counted. */
#pragma once

#include <string.h>
#include <types.h>

extern uint64_t shim_cr3;
extern unsigned long shim_flushes; /* invlpg and CR3 writes */

static inline void cpu_pause(void)
{
}

static inline uint64_t cpu_read_cr3(void)
{
    return shim_cr3;
}

static inline void cpu_write_cr3(uint64_t value)
{
    shim_cr3 = value;
    shim_flushes++;
}

static inline void cpu_invlpg(vaddr_t address)
{
    (void)address;
    shim_flushes++;
}

static inline void cpu_zero_page(void *page)
{
    memset(page, 0, PAGE_SIZE);
}

static inline void cpu_copy_page(void *to, const void *from)
{
    memcpy(to, from, PAGE_SIZE);
}
