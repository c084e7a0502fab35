/* SPDX-License-Identifier: MIT */
/* switch.h - from one kernel stack to another, and from ring 0 to ring 3 for the first time. */
#pragma once

#include <arch/x86/percpu.h>
#include <arch/x86/tlb.h>
#include <types.h>
#include <x86/trapframe.h>

/* Leaves this stack, whose pointer goes to *save_rsp, for the one at `load_rsp`, and returns when somebody switches back. The compiler
 * saves what it still needs: all registers come back changed, but for the two that hold a frame together. */
static inline void context_switch(uint64_t *save_rsp, uint64_t load_rsp)
{
    __asm__ volatile("push %%rbp\n\t"
                     "call switch_stacks\n\t"
                     "pop %%rbp"
                     : "+D"(save_rsp), "+S"(load_rsp)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "memory", "cc");
}
/* Lays out a fresh stack so that the first context_switch to it calls entry(argument), which must not return. => kernel_rsp. */
uint64_t switch_prepare(vaddr_t stack_top, void (*entry)(void *), void *argument);

/* What the CPU must know of the thread that runs next: its kernel stack, its page tables, its FS base. Loading the last two is slow:
 * only if they differ. */
static inline void switch_load(struct percpu *cpu, vaddr_t stack_top, paddr_t cr3, uint64_t fs_base)
{
    cpu->tss.rsp[0] = stack_top;
    if (cpu->cr3 != cr3)
        page_tables_load(cpu, cr3);
    cpu_load_fs_base(cpu, fs_base);
}

/* Leaves the kernel through `frame` (iretq, or sysret when that is safe). The frame lies at the top of the kernel stack:
 * thread_frame(stack_top) is where the entry code puts it. */
_Noreturn void switch_to_user(struct trapframe *frame);

static inline struct trapframe *thread_frame(vaddr_t stack_top)
{
    return (struct trapframe *)stack_top - 1;
}

/* Selectors: Linux's own numbers, in the order that SYSCALL and SYSRET demand (SDM vol. 2, SYSRET). */
#define KERNEL_CODE 0x10
#define KERNEL_DATA 0x18
#define USER_DATA 0x2b
#define USER_CODE 0x33
