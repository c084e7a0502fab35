/* SPDX-License-Identifier: MIT */
/* sigframe.c - the frame of a signal handler on the user's stack (Linux: arch/x86/kernel/signal_64.c, the
 * System V ABI).
 *
 *     interrupted rsp
 *     - 128              the red zone, which the interrupted function may be using (ABI 3.2.2)
 *     FXSAVE image       512 bytes, 64-aligned              <- uc_mcontext.fpstate
 *     siginfo            128 bytes                          <- rsi
 *     ucontext           304 bytes: registers, set to block, alternate stack   <- rdx
 *     restorer           where `ret` goes                   <- rsp: 8 below a multiple of 16, as after a call
 *
 * What comes back from the user is hostile: selectors are replaced by the only two that ring 3 has, of the
 * flags only the arithmetic ones are taken, MXCSR is masked (a reserved bit would make FXRSTOR fault in the
 * kernel), and an instruction pointer that is not canonical is refused (IRETQ would fault in the kernel). */
#include <arch/x86/fpu.h>
#include <arch/x86/sigframe.h>
#include <arch/x86/switch.h>
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>
#include <string.h>
#include <x86/pte.h>
#include <x86/trapframe.h>

#include <asm/signal.h>

#include <asm-generic/siginfo.h>
#include <asm/processor-flags.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <linux/signal.h>

struct rt_sigframe {
    uint64_t restorer;
    struct ucontext context;
    struct siginfo info;
};
static_assert(sizeof(struct ucontext) == 304, "ABI: sigcontext 256 bytes, set 8");
static_assert(sizeof(struct siginfo) == 128, "ABI");

#define RED_ZONE 128
#define FPU_ALIGN 64
#define MXCSR_OFFSET 24
#define MXCSR_MASK_OFFSET 28
#define MXCSR_MASK_DEFAULT 0xffbfU /* where FXSAVE says 0 (SDM vol. 1, 11.6.6) */

/* The flags that a program may set for itself (Linux: FIX_EFLAGS). */
#define USER_FLAGS                                                                                           \
    (X86_EFLAGS_AC | X86_EFLAGS_OF | X86_EFLAGS_DF | X86_EFLAGS_TF | X86_EFLAGS_SF | X86_EFLAGS_ZF |         \
     X86_EFLAGS_AF | X86_EFLAGS_PF | X86_EFLAGS_CF | X86_EFLAGS_RF)

struct fpu_area {
    uint8_t bytes[FPU_AREA_SIZE];
} __attribute__((aligned(16)));

/* ---- The alternate stack ---- */

static inline bool within(const struct sigframe_stack *stack, uint64_t rsp)
{
    return rsp > stack->base && rsp - stack->base <= stack->size;
}

/* One that disarms itself is never "in use": the handler may leave it by a jump. */
bool sigframe_on_stack(const struct sigframe_stack *stack, uint64_t rsp)
{
    return !stack->disarm && within(stack, rsp);
}

int sigframe_stack_flags(const struct sigframe_stack *stack, uint64_t rsp)
{
    if (stack->size == 0)
        return SS_DISABLE;
    return sigframe_on_stack(stack, rsp) ? SS_ONSTACK : 0;
}

/* ---- Push ---- */

struct placement {
    vaddr_t frame, fpu;
};

/* => false: the alternate stack would overflow. */
static bool place(const struct trapframe *frame, const struct sigframe_request *request,
                  struct placement *placement)
{
    uint64_t rsp = frame->rsp - RED_ZONE;
    bool on_stack = sigframe_on_stack(&request->stack, frame->rsp);
    bool entering = request->use_stack && !on_stack && request->stack.size > 0;
    if (entering)
        rsp = request->stack.base + request->stack.size;
    placement->fpu = (rsp - FPU_AREA_SIZE) & ~(FPU_ALIGN - 1UL);
    placement->frame = ((placement->fpu - sizeof(struct rt_sigframe)) & ~15UL) - 8;
    return !(on_stack || entering) || within(&request->stack, placement->frame);
}

/* Those that both have by the same name and that may be anything; the others have rules of their own. */
/* clang-format off */
#define EACH_REGISTER(DO)                                                                                    \
    DO(r8) DO(r9) DO(r10) DO(r11) DO(r12) DO(r13) DO(r14) DO(r15) DO(rdi) DO(rsi) DO(rbp) DO(rbx) DO(rdx)    \
    DO(rax) DO(rcx) DO(rsp)
/* clang-format on */

/* Straight to user memory: a copy of it all would cost as much again. => false: a page refuses. */
static inline bool put_frame(struct rt_sigframe *to, const struct trapframe *frame,
                             const struct sigframe_request *request, vaddr_t fpu)
{
    struct ucontext *context = &to->context;
    struct sigcontext *registers = &context->uc_mcontext;

    if (!user_window_open((vaddr_t)to, sizeof(*to)))
        return false;
    user_put(&to->restorer, request->restorer, fault);
    user_put_words(&to->info, request->info, sizeof(to->info) / 8, fault);
    user_put(&context->uc_flags, UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS, fault);
    user_put(&context->uc_link, NULL, fault);
    user_put(&context->uc_stack.ss_sp, (void *)request->stack.base, fault);
    /* As Linux: what sigaltstack() was told, not whether the stack is in use. */
    user_put(&context->uc_stack.ss_flags, request->stack.disarm ? (int)SS_AUTODISARM : 0, fault);
    user_put(&context->uc_stack.ss_size, request->stack.size, fault);
    user_put(&context->uc_sigmask, request->blocked, fault);
#define PUT_REGISTER(name) user_put(&registers->name, frame->name, fault);
    EACH_REGISTER(PUT_REGISTER)
    user_put(&registers->rip, frame->rip, fault);
    user_put(&registers->eflags, frame->rflags, fault);
    user_put(&registers->cs, (uint16_t)frame->cs, fault);
    user_put(&registers->gs, 0, fault);
    user_put(&registers->fs, 0, fault);
    user_put(&registers->ss, (uint16_t)frame->ss, fault);
    user_put(&registers->err, request->error, fault);
    user_put(&registers->trapno, request->trap, fault);
    user_put(&registers->oldmask, request->blocked, fault);
    user_put(&registers->cr2, request->fault_address, fault);
    user_put(&registers->fpstate, (void *)fpu, fault);
    user_put_zeros(registers->reserved1, sizeof(registers->reserved1) / 8, fault);
    user_window_close();
    return true;
fault:
    user_window_close();
    return false;
}

int sigframe_push(struct trapframe *frame, const struct sigframe_request *request)
{
    struct placement placement;
    if (!request->restorer || !address_is_canonical(request->handler) || !place(frame, request, &placement))
        return -EFAULT;
    if (fpu_save_to_user(placement.fpu) != 0 ||
        !put_frame((struct rt_sigframe *)placement.frame, frame, request, placement.fpu))
        return -EFAULT;

    fpu_reset(); /* a handler starts with a fresh FPU */
    frame->rdi = (uint64_t)request->info->si_signo;
    frame->rsi = placement.frame + offsetof(struct rt_sigframe, info);
    frame->rdx = placement.frame + offsetof(struct rt_sigframe, context);
    frame->rax = 0; /* no vector registers, for handlers declared without a prototype */
    frame->rip = request->handler;
    frame->rsp = placement.frame;
    frame->rflags &= ~(uint64_t)(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
    return 0;
}

/* ---- Pop ---- */

/* Which bits of MXCSR this CPU has. */
static uint32_t mxcsr_mask(void)
{
    static uint32_t mask;
    struct fpu_area fpu;

    if (unlikely(mask == 0)) {
        cpu_fxsave(&fpu);
        memcpy(&mask, fpu.bytes + MXCSR_MASK_OFFSET, sizeof(mask));
        mask = mask ? mask : MXCSR_MASK_DEFAULT;
    }
    return mask;
}

/* The user may have put anything there: an odd address, bits of MXCSR that do not exist. */
static int load_fpu_carefully(vaddr_t from)
{
    struct fpu_area fpu;
    uint32_t mxcsr;

    if (copy_from_user(&fpu, from, sizeof(fpu)) != 0)
        return -EFAULT;
    memcpy(&mxcsr, fpu.bytes + MXCSR_OFFSET, sizeof(mxcsr));
    mxcsr &= mxcsr_mask();
    memcpy(fpu.bytes + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
    cpu_fxrstor(&fpu);
    return 0;
}

/* fpstate NULL: the handler wants a fresh FPU. QEMU takes bits of MXCSR that do not exist, where a CPU traps. */
static int load_fpu(vaddr_t from)
{
    uint32_t mxcsr;

    if (!from) {
        fpu_reset();
        return 0;
    }
    if (unlikely(fpu_load_from_user(from) != 0))
        return load_fpu_carefully(from);
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    return likely((mxcsr & ~mxcsr_mask()) == 0) ? 0 : load_fpu_carefully(from);
}

static inline bool may_run(uint64_t rip, uint16_t cs, uint16_t ss)
{
    return address_is_canonical(rip) && (cs | 3) == USER_CODE && (ss | 3) == USER_DATA;
}

/* => false: a page refuses, or nothing could run with it. What lies at both ends is read first, so that `to` is as it was unless another
 * thread takes the memory away meanwhile. */
static inline bool get_frame(struct ucontext *context, struct trapframe *to, uint64_t *blocked,
                             struct sigframe_stack *stack, vaddr_t *fpu)
{
    struct sigcontext *registers = &context->uc_mcontext;
    uint64_t rip = 0, flags = 0;
    int stack_flags = 0;
    uint16_t cs = 0, ss = 0;

    if (!user_window_open((vaddr_t)context, sizeof(*context)))
        return false;
    user_get(stack->base, &context->uc_stack.ss_sp, fault);
    user_get(stack->size, &context->uc_stack.ss_size, fault);
    user_get(stack_flags, &context->uc_stack.ss_flags, fault);
    stack->disarm = (unsigned)stack_flags & SS_AUTODISARM;
    if (unlikely((unsigned)stack_flags & SS_DISABLE))
        stack->size = 0;
    user_get(*blocked, &context->uc_sigmask, fault);
    user_get(rip, &registers->rip, fault);
    user_get(cs, &registers->cs, fault);
    user_get(ss, &registers->ss, fault);
    if (unlikely(!may_run(rip, cs, ss)))
        goto fault;
#define GET_REGISTER(name) user_get(to->name, &registers->name, fault);
    EACH_REGISTER(GET_REGISTER)
    to->rip = rip;
    user_get(flags, &registers->eflags, fault);
    to->rflags = (to->rflags & ~(uint64_t)USER_FLAGS) | (flags & USER_FLAGS);
    user_get(*fpu, &registers->fpstate, fault);
    user_window_close();
    return true;
fault:
    user_window_close();
    return false;
}

int sigframe_pop(struct trapframe *frame, uint64_t *blocked, struct sigframe_stack *stack)
{
    /* `ret` has taken the restorer's address off the frame. */
    vaddr_t from = frame->rsp - sizeof(uint64_t) + offsetof(struct rt_sigframe, context), fpu;

    if (!get_frame((struct ucontext *)from, frame, blocked, stack, &fpu) || load_fpu(fpu) != 0)
        return -EFAULT;
    frame->rflags |= TRAPFRAME_REPLACED; /* now, because whoever is told of a failure sees the flags */
    return 0;
}
