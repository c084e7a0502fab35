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

/* Bits 47 to 63 are all alike. Kernel addresses are: ring 3 faults on them by itself. */
static bool canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

struct fpu_area {
    uint8_t bytes[FPU_AREA_SIZE];
} __attribute__((aligned(16)));

/* ---- The alternate stack ---- */

static bool within(const struct sigframe_stack *stack, uint64_t rsp)
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

/* Those that both have by the same name; the flags and segments have rules of their own. */
/* clang-format off */
#define EACH_REGISTER(DO)                                                                                    \
    DO(r8) DO(r9) DO(r10) DO(r11) DO(r12) DO(r13) DO(r14) DO(r15) DO(rdi) DO(rsi) DO(rbp) DO(rbx) DO(rdx)    \
    DO(rax) DO(rcx) DO(rsp) DO(rip)
/* clang-format on */
#define COPY_REGISTER(name) to->name = from->name;

static void save_registers(struct sigcontext *to, const struct trapframe *from)
{
    EACH_REGISTER(COPY_REGISTER)
    to->eflags = from->rflags;
    to->cs = (uint16_t)from->cs;
    to->ss = (uint16_t)from->ss;
}

static void fill_frame(struct rt_sigframe *to, const struct trapframe *frame,
                       const struct sigframe_request *request, vaddr_t fpu)
{
    to->restorer = request->restorer;
    to->info = *request->info;
    to->context.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
    to->context.uc_link = NULL;
    to->context.uc_stack.ss_sp = (void *)request->stack.base;
    to->context.uc_stack.ss_size = request->stack.size;
    /* As Linux: what sigaltstack() was told, not whether the stack is in use. */
    to->context.uc_stack.ss_flags = request->stack.disarm ? (int)SS_AUTODISARM : 0;
    to->context.uc_sigmask = request->blocked;

    struct sigcontext *context = &to->context.uc_mcontext;
    save_registers(context, frame);
    context->trapno = request->trap;
    context->err = request->error;
    context->cr2 = request->fault_address;
    context->oldmask = request->blocked;
    context->fpstate = (void *)fpu;
    context->gs = context->fs = 0;
    memset(context->reserved1, 0, sizeof(context->reserved1));
}

int sigframe_push(struct trapframe *frame, const struct sigframe_request *request)
{
    struct placement placement;
    struct rt_sigframe user_frame;
    if (!request->restorer || !canonical(request->handler) || !place(frame, request, &placement))
        return -EFAULT;
    fill_frame(&user_frame, frame, request, placement.fpu);
    if (fpu_save_to_user(placement.fpu) != 0 ||
        copy_to_user(placement.frame, &user_frame, sizeof(user_frame)) != 0)
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

static void load_registers(struct trapframe *to, const struct sigcontext *from)
{
    EACH_REGISTER(COPY_REGISTER)
    to->rflags = (to->rflags & ~(uint64_t)USER_FLAGS) | (from->eflags & USER_FLAGS) | TRAPFRAME_REPLACED;
}

static bool context_ok(const struct sigcontext *context)
{
    return canonical(context->rip) && (context->cs | 3) == USER_CODE && (context->ss | 3) == USER_DATA;
}

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

int sigframe_pop(struct trapframe *frame, uint64_t *blocked, struct sigframe_stack *stack)
{
    struct ucontext context;
    /* `ret` has taken the restorer's address off the frame. */
    vaddr_t from = frame->rsp - sizeof(uint64_t) + offsetof(struct rt_sigframe, context);
    if (copy_from_user(&context, from, sizeof(context)) != 0)
        return -EFAULT;
    if (!context_ok(&context.uc_mcontext) || load_fpu((vaddr_t)context.uc_mcontext.fpstate) != 0)
        return -EFAULT;
    load_registers(frame, &context.uc_mcontext);
    *blocked = context.uc_sigmask;
    bool disabled = (unsigned)context.uc_stack.ss_flags & SS_DISABLE;
    stack->base = (vaddr_t)context.uc_stack.ss_sp;
    stack->size = disabled ? 0 : context.uc_stack.ss_size;
    stack->disarm = (unsigned)context.uc_stack.ss_flags & SS_AUTODISARM;
    return 0;
}
