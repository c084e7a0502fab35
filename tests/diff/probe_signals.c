/* SPDX-License-Identifier: MIT */
/* probe_signals.c - every way to trap: the signal, si_code, si_addr, and what the frame says of the trap. */
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#include "probe.h"

static sigjmp_buf back;
static const char *volatile what;
static volatile uintptr_t base; /* si_addr and CR2 are printed relative to this when they lie near it */
static volatile uintptr_t code; /* ... or to this, the instruction */

static const char *place(uintptr_t address)
{
    static char texts[4][64];
    static unsigned next;
    char *text = texts[next++ % 4];

    if (base && address - base < 64 * PAGE)
        snprintf(text, sizeof(texts[0]), "base+%#lx", (unsigned long)(address - base));
    else if (address - code < 32)
        snprintf(text, sizeof(texts[0]), "code+%lu", (unsigned long)(address - code));
    else
        snprintf(text, sizeof(texts[0]), "%#lx", (unsigned long)address);
    return text;
}

static void handler(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

    say("%s: signal %d, si_code %d, si_errno %d, si_addr %s, trap %lld, error %#llx, cr2 %s, rip %s", what,
        number, info->si_code, info->si_errno, place((uintptr_t)info->si_addr),
        (long long)registers[REG_TRAPNO], (long long)registers[REG_ERR],
        registers[REG_TRAPNO] == 14 ? place((uintptr_t)registers[REG_CR2]) : "-",
        place((uintptr_t)registers[REG_RIP]));
    siglongjmp(back, 1);
}

/* Does something in a row of its own; comes back however it ends. The address of what traps is noted first. */
#define TRAP(title, instruction, ...)                                                                        \
    do {                                                                                                     \
        what = title;                                                                                        \
        if (sigsetjmp(back, 1) == 0) {                                                                       \
            __asm__ volatile(                                                                                \
                "leaq 1f(%%rip), %%rcx\n\tmovq %%rcx, code(%%rip)\n1:\n\t" instruction ::__VA_ARGS__         \
                : "rcx", "rdx", "memory", "cc");                                                             \
            say("%s: nothing", what);                                                                        \
        }                                                                                                    \
    } while (0)

#define READ(title, address) TRAP(title ", read", "movb (%%rax), %%dl", "a"(address))
#define WRITE(title, address) TRAP(title ", write", "movb $1, (%%rax)", "a"(address))
#define BOTH(title, address)                                                                                 \
    do {                                                                                                     \
        READ(title, address);                                                                                \
        WRITE(title, address);                                                                               \
    } while (0)

static void memory_traps(void)
{
    char *island_at = island(4);
    int file = scratch_file(PAGE + 100);
    char *mapped = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, file, 0);

    base = 0;
    BOTH("address 0", 0L);
    BOTH("address 0xfff", 0xfffL);
    BOTH("top of user space", 0x7ffffffff000L);
    BOTH("lowest non-canonical", 0x800000000000L);
    BOTH("highest non-canonical", (long)0xffff7fffffffffffUL);
    BOTH("lowest of the kernel half", (long)0xffff800000000000UL);
    BOTH("kernel image", (long)0xffffffff81000000UL);
    BOTH("last byte", -1L);
    base = (uintptr_t)island_at - PAGE;
    BOTH("PROT_NONE", island_at - 1);
    BOTH("hole", (munmap(island_at + PAGE, PAGE), island_at + PAGE + 5));
    TRAP("8 bytes into a PROT_NONE page", "movq (%%rax), %%rdx", "a"(island_at + 4 * PAGE - 4));
    mprotect(island_at, PAGE, PROT_READ);
    BOTH("read-only, untouched", island_at + 7);
    mprotect(island_at, PAGE, RW);
    *island_at = 1;
    mprotect(island_at, PAGE, PROT_READ);
    BOTH("read-only, resident", island_at + 7);
    mprotect(island_at, PAGE, PROT_WRITE);
    BOTH("PROT_WRITE alone", island_at + 7);
    mprotect(island_at, PAGE, PROT_EXEC);
    BOTH("PROT_EXEC alone", island_at + 7);
    TRAP("call of data", "call *%%rax\n\taddq $0, %%rsp", "a"(island_at + 3 * PAGE));
    TRAP("call of a hole", "call *%%rax", "a"(island_at + PAGE + 16));
    base = (uintptr_t)mapped;
    BOTH("file, in its last page", mapped + PAGE + 200);
    BOTH("file, beyond its end", mapped + 2 * PAGE + 3);
    ftruncate(file, 10);
    BOTH("file, cut", mapped + PAGE + 3);
}

static void instruction_traps(void)
{
    base = 0;
    TRAP("ud2", "ud2", "a"(0));
    TRAP("hlt", "hlt", "a"(0));
    TRAP("cli", "cli", "a"(0));
    TRAP("in", "inb $0x80, %%al", "a"(0));
    TRAP("rdmsr", "movl $0x10, %%ecx\n\trdmsr", "a"(0));
    TRAP("mov from cr0", "movq %%cr0, %%rax", "a"(0));
    TRAP("int3", "int3", "a"(0));
    TRAP("int1", ".byte 0xf1", "a"(0));
    TRAP("int $4", "int $4", "a"(0));
    TRAP("int $14", "int $14", "a"(0));
    TRAP("int $0x81", "int $0x81", "a"(0));
    TRAP("divide by zero", "xorl %%edx, %%edx\n\tdivl %%edx", "a"(1));
    TRAP("divide overflow", "cltd\n\tidivl %%ebx", "a"(1 << 31), "b"(-1));
    TRAP("null selector into ss", "movw %%ax, %%ss", "a"(0));
    TRAP("bad selector into ds", "movw %%ax, %%ds", "a"(0x1234));
    TRAP("single step", "pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tnop", "a"(0));
}

static void floating_traps(void)
{
    uint32_t unmasked = 0x1f80 & ~(1u << 9), masked = 0x1f80;
    uint16_t x87 = 0x37f & ~(1u << 2), plain = 0x37f;

    base = 0;
    __asm__ volatile("ldmxcsr %0" ::"m"(unmasked));
    TRAP("SSE divide by zero", "cvtsi2sd %%rax, %%xmm0\n\txorps %%xmm1, %%xmm1\n\tdivsd %%xmm1, %%xmm0",
         "a"(1L));
    __asm__ volatile("ldmxcsr %0" ::"m"(masked));
    __asm__ volatile("fninit\n\tfldcw %0" ::"m"(x87));
    TRAP("x87 divide by zero", "fld1\n\tfldz\n\tfdivrp\n\tfwait", "a"(0));
    __asm__ volatile("fninit\n\tfldcw %0" ::"m"(plain));
}

static void as_sent(int number, siginfo_t *info, void *context)
{
    (void)context;
    say("    signal %d, si_code %d, si_errno %d, from itself %d, uid %u", number, info->si_code,
        info->si_errno, info->si_pid == getpid(), info->si_uid);
    siglongjmp(back, 1);
}

static void sent(const char *title, long call)
{
    what = title;
    if (sigsetjmp(back, 1) == 0)
        syscall(call, getpid(), SIGSEGV);
}

int main(void)
{
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};

    sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
    memory_traps();
    instruction_traps();
    floating_traps();
    action.sa_sigaction = as_sent;
    sigaction(SIGSEGV, &action, NULL);
    sent("kill with SIGSEGV", SYS_kill);
    sent("tkill with SIGSEGV", SYS_tkill);
    return 0;
}
