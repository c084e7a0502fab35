/* SPDX-License-Identifier: MIT */
/* trapframe.h - the registers of the interrupted code, as arch/x86/entry.asm pushes them on the kernel stack.
 *
 * One frame for every way into the kernel: exception, interrupt, system call. For a system call `vector` is TRAP_SYSCALL
 * and `error` keeps the call's number (rax is overwritten by the result), as Linux's orig_rax does. Its first seven registers are in the
 * frame only after the call, on the way to trap_before_user(), and for fork, vfork and clone: entry.asm. */
#pragma once

#include <assert.h>
#include <types.h>

struct trapframe {
    uint64_t r15, r14, r13, r12, rbx, r11, rcx;
    uint64_t rax, rbp, r10, r9, r8, rdx, rsi, rdi;
    uint64_t vector;
    uint64_t error;
    /* pushed by the CPU, or laid out like that by the system-call entry */
    uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(struct trapframe) == 22 * 8, "entry.asm counts on it");

/* Exception vectors (SDM vol. 3, 6.3.1). */
#define TRAP_DIVIDE 0
#define TRAP_DEBUG 1
#define TRAP_NMI 2
#define TRAP_BREAKPOINT 3
#define TRAP_OVERFLOW 4
#define TRAP_BOUND 5
#define TRAP_UNDEFINED 6
#define TRAP_NO_DEVICE 7
#define TRAP_DOUBLE_FAULT 8
#define TRAP_INVALID_TSS 10
#define TRAP_NO_SEGMENT 11
#define TRAP_STACK_SEGMENT 12
#define TRAP_PROTECTION 13
#define TRAP_PAGE_FAULT 14
#define TRAP_FLOATING 16
#define TRAP_ALIGNMENT 17
#define TRAP_MACHINE_CHECK 18
#define TRAP_SIMD 19

/* Interrupts of ours, above the 32 exceptions. */
#define TRAP_INTERRUPTS 32
#define TRAP_SERIAL1 36 /* COM1, ISA interrupt 4 */
#define TRAP_SERIAL2 35 /* COM2, ISA interrupt 3 */
#define TRAP_TIMER 48
#define TRAP_ATTENTION 49 /* from another CPU: look at your run queue, or at your thread's pending work */
#define TRAP_TLB_FLUSH 50 /* from another CPU: arch/x86/tlb.c */
#define TRAP_SPURIOUS 255
#define TRAP_SYSCALL 256

/* Whoever replaces a system call's frame as a whole (execve, rt_sigreturn) marks its rflags with a bit that the register does not have:
 * entry.asm takes it out again, and then leaves the frame as it is and clears `vector`. */
#define TRAPFRAME_REPLACED (1UL << 31)

static inline bool trapframe_from_user(const struct trapframe *frame)
{
    return (frame->cs & 3) == 3;
}
