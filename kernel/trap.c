/* SPDX-License-Identifier: MIT */
/* trap.c - the front door: every exception and interrupt; one switch. (System calls go through sys/syscall.c.)
 *
 * From ring 3, an exception is either work for the kernel (a page fault that keeps a promise) or the program's mistake,
 * which becomes a signal. From ring 0, it is a page fault inside arch/x86/usercopy.c, or a bug of the kernel: panic.
 *
 * This file turns the fault handler's verdicts into signals; mm/ knows none. `current` is read here. */
#include <arch/x86/apic.h>
#include <arch/x86/tlb.h>
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>
#include <dev/serial.h>
#include <lib/panic.h>
#include <mm/fault.h>
#include <mm/kstack.h>
#include <mm/reclaim.h>
#include <proc/oom.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <sched/giant.h>
#include <trace/trace.h>
#include <trap.h>
#include <x86/cpu.h>
#include <x86/pte.h>

#include <asm/signal.h>

#include <asm-generic/siginfo.h>

/* ---- page faults ---- */

static enum access access_of(uint64_t error)
{
    if (error & FAULT_ERROR_FETCH)
        return ACCESS_EXEC;
    return error & FAULT_ERROR_WRITE ? ACCESS_WRITE : ACCESS_READ;
}

/* No frame was to be had. => false: none will be, the process ends; true: what touched va is to do so again */
static NOINLINE bool frames_come_back(vaddr_t va)
{
    return reclaim() || oom_kill(va);
}

/* The promise cannot be kept: a signal for the program. */
static NOINLINE void refuse(struct trapframe *frame, vaddr_t va, int verdict)
{
    struct signal_info info = {.number = SIGSEGV,
                               .code = SEGV_MAPERR,
                               .address = va,
                               .trap = TRAP_PAGE_FAULT,
                               .error = frame->error};

    if (verdict == -ENOMEM) {
        (void)frames_come_back(va);
        return;
    }
    if (verdict == -EACCES)
        info.code = SEGV_ACCERR;
    if (verdict == -EIO) {
        info.number = SIGBUS;
        info.code = BUS_ADRERR;
    }
    /* Whether the kernel has something there is nobody's business: Linux says "protection" for its whole half. */
    if (va >= USER_END)
        info.error |= FAULT_ERROR_PRESENT;
    TRACE(segv, .va = va, .error = (uint32_t)info.error, .ip = frame->rip,
          .reason = va >= USER_END       ? TRACE_segv_reason_kernel
                    : verdict == -EACCES ? TRACE_segv_reason_protection
                    : verdict == -EIO    ? TRACE_segv_reason_beyond_file
                                         : TRACE_segv_reason_unmapped);
    signal_fault(frame, &info);
}

static void kernel_page_fault(const struct trapframe *frame, vaddr_t va)
{
    if (kstack_is_guard(va))
        panic_trap(frame, "kernel stack overflow");
    panic_trap(frame, "unable to handle page fault for address: %016lx", va);
}

static inline int keep_promise(const struct trapframe *frame, vaddr_t va)
{
    int verdict = fault_way(current_process()->aspace, va, access_of(frame->error));

    if (likely(verdict == 0))
        current_task()->minor_faults++;
    if (unlikely(verdict == FAULT_MAJOR))
        current_task()->major_faults++;
    return verdict;
}

/* Ring 0 touched user memory for a system call (usercopy.c), or there is a bug. */
static NOINLINE void kernel_fault(struct trapframe *frame, vaddr_t va)
{
    uint64_t fixup = usercopy_fixup(frame->rip);

    if (va >= USER_END || fixup == 0)
        kernel_page_fault(frame, va);
    int verdict = usercopy_is_at_once(frame->rip) ? -EFAULT : keep_promise(frame, va);
    if (verdict < 0 && !(verdict == -ENOMEM && frames_come_back(va)))
        frame->rip = fixup;
}

static void page_fault(struct trapframe *frame)
{
    vaddr_t va = cpu_read_cr2();

    if (unlikely(!trapframe_from_user(frame))) {
        kernel_fault(frame, va);
        return;
    }
    /* Without ring 3's rights it is the CPU itself, for an instruction like a far return (QEMU does that): nothing was promised. */
    bool legal = va < USER_END && frame->error & FAULT_ERROR_USER;
    int verdict = legal ? keep_promise(frame, va) : -EFAULT;
    if (unlikely(verdict < 0))
        refuse(frame, va, verdict);
}

/* ---- the other exceptions ---- */

/* Why an x87 or SSE instruction trapped: the lowest unmasked flag decides (SDM vol. 1, 8.5 and 11.5; Linux's fpu__exception_code). */
static int floating_code(uint64_t vector)
{
    uint16_t control = 0, status = 0;
    uint32_t mxcsr = 0, pending;

    if (vector == TRAP_FLOATING) {
        __asm__ volatile("fnstcw %0; fnstsw %1" : "=m"(control), "=m"(status));
        pending = status & ~(uint32_t)control;
    } else {
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        pending = mxcsr & ~(mxcsr >> 7);
    }
    if (pending & 0x01)
        return FPE_FLTINV;
    if (pending & 0x04)
        return FPE_FLTDIV;
    if (pending & 0x08)
        return FPE_FLTOVF;
    if (pending & 0x12)
        return FPE_FLTUND;
    return pending & 0x20 ? FPE_FLTRES : 0;
}

/* Which signal Linux sends for an exception of ring 3 (its arch/x86/kernel/traps.c; signal(7)). The others, #GP and the like, are
 * SIGSEGV: the CPU tells no address. */
static const struct {
    uint8_t number, code;
    bool at_rip; /* its address is the instruction's */
} exception_signals[] = {
    [TRAP_DIVIDE] = {SIGFPE, FPE_INTDIV, true},
    [TRAP_DEBUG] = {SIGTRAP, TRAP_TRACE, true},
    [TRAP_BREAKPOINT] = {SIGTRAP, SI_KERNEL, false},
    [TRAP_UNDEFINED] = {SIGILL, ILL_ILLOPN, true},
    [TRAP_NO_SEGMENT] = {SIGBUS, SI_KERNEL, false},
    [TRAP_STACK_SEGMENT] = {SIGBUS, SI_KERNEL, false},
    [TRAP_FLOATING] = {SIGFPE, 0, true},
    [TRAP_SIMD] = {SIGFPE, 0, true},
    [TRAP_ALIGNMENT] = {SIGBUS, BUS_ADRALN, false},
};

static void user_exception(struct trapframe *frame)
{
    uint64_t vector = frame->vector;
    struct signal_info info = {.number = SIGSEGV, .code = SI_KERNEL, .trap = vector, .error = frame->error};

    if (vector < ARRAY_SIZE(exception_signals) && exception_signals[vector].number) {
        info.number = exception_signals[vector].number;
        info.code = exception_signals[vector].code;
        info.address = exception_signals[vector].at_rip ? frame->rip : 0;
    }
    if (vector == TRAP_FLOATING || vector == TRAP_SIMD)
        info.code = floating_code(vector);
    signal_fault(frame, &info);
}

static NOINLINE void exception(struct trapframe *frame)
{
    if (frame->vector == TRAP_DOUBLE_FAULT)
        panic_trap(frame,
                   kstack_is_guard(cpu_read_cr2()) ? "kernel stack overflow (double fault)" : "double fault");
    if (frame->vector == TRAP_NMI || frame->vector == TRAP_MACHINE_CHECK)
        panic_trap(frame, frame->vector == TRAP_NMI ? "unexpected NMI" : "machine check");
    if (!trapframe_from_user(frame) && frame->vector == TRAP_PROTECTION && usercopy_fixup(frame->rip)) {
        frame->rip = usercopy_fixup(frame->rip);
        return;
    }
    if (!trapframe_from_user(frame))
        panic_trap(frame, "exception %lu in the kernel", (unsigned long)frame->vector);
    user_exception(frame);
}

/* ---- the switch ---- */

static void other_trap(struct trapframe *frame)
{
    switch (frame->vector) {
    case TRAP_TIMER:
        apic_end_of_interrupt();
        sched_tick(trapframe_from_user(frame));
        break;
    case TRAP_SERIAL1:
    case TRAP_SERIAL2:
        apic_end_of_interrupt();
        serial_interrupt(frame->vector == TRAP_SERIAL1 ? SERIAL_COM1 : SERIAL_COM2);
        break;
    case TRAP_ATTENTION:
        apic_end_of_interrupt(); /* what it is about is seen on the way out */
        break;
    case TRAP_SPURIOUS:
        break;
    default:
        exception(frame);
        break;
    }
}

void trap(struct trapframe *frame)
{
    if (likely(frame->vector == TRAP_PAGE_FAULT))
        page_fault(frame);
    else
        other_trap(frame);
}

/* With several CPUs. An exception of the kernel itself comes inside its lock; an interrupt only while it is idle, outside. */
void trap_several(struct trapframe *frame)
{
    if (frame->vector == TRAP_TLB_FLUSH) {
        apic_end_of_interrupt();
        tlb_serve();
        return;
    }
    bool outside = trapframe_from_user(frame) || frame->vector >= TRAP_INTERRUPTS;
    if (outside)
        giant_enter();
    trap(frame);
    if (outside)
        giant_leave();
}

void trap_before_user(struct trapframe *frame)
{
    giant_enter_if_used();
    process_return_to_user(frame);
    giant_leave_if_used();
}
