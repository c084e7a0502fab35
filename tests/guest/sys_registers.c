/* SPDX-License-Identifier: MIT */
/* sys_registers.c - what a system call leaves of the registers: all but rax, rcx and r11, in the caller, in the child of fork and of
 * vfork, and in what a signal's handler is shown; and what the handler changes is there after it.
 *
 * The registers are numbered as in gregs of a signal's context. */
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "check.h"

#define REGISTERS 15 /* up to REG_RCX; rsp is not among them */

long before[REGISTERS]; /* (not static: for the assembly below) */
long after[REGISTERS];
long *child_after; /* shared with children */
extern const char registers_return[];
long registers_call(void);

/* => rax. The registers are `before`, then the call, and then `after` is the registers. A child says what its own are and ends. */
__asm__(".macro EACH do, base\n"
        "    \\do %r8, 0*8, \\base\n    \\do %r9, 1*8, \\base\n    \\do %r10, 2*8, \\base\n"
        "    \\do %r11, 3*8, \\base\n    \\do %r12, 4*8, \\base\n    \\do %r13, 5*8, \\base\n"
        "    \\do %r14, 6*8, \\base\n    \\do %r15, 7*8, \\base\n    \\do %rdi, 8*8, \\base\n"
        "    \\do %rsi, 9*8, \\base\n    \\do %rbp, 10*8, \\base\n    \\do %rbx, 11*8, \\base\n"
        "    \\do %rdx, 12*8, \\base\n    \\do %rcx, 14*8, \\base\n"
        ".endm\n"
        ".macro LOAD register, offset, base\n    mov \\base+\\offset(%rip), \\register\n.endm\n"
        ".macro STORE register, offset, base\n    mov \\register, \\base+\\offset(%rip)\n.endm\n"
        ".macro TELL register, offset, base\n    mov \\register, \\offset(\\base)\n.endm\n"
        ".globl registers_call, registers_return\n"
        "registers_call:\n"
        "    push %rbx\n    push %rbp\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    EACH LOAD, before\n"
        "    mov before+13*8(%rip), %rax\n"
        "    syscall\n"
        "registers_return:\n"
        "    test %rax, %rax\n"
        "    jnz 1f\n"
        "    cmpl $0, is_fork(%rip)\n"
        "    jz 1f\n"
        "    mov child_after(%rip), %rax\n"
        "    EACH TELL, %rax\n"
        "    xor %edi, %edi\n"
        "    mov $60, %eax\n"
        "    syscall\n"
        "1:  mov %rax, after+13*8(%rip)\n"
        "    EACH STORE, after\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbp\n    pop %rbx\n"
        "    ret\n");

int is_fork; /* who gets 0 is a child */

static long call(long number, long first, long second)
{
    for (int i = 0; i < REGISTERS; i++)
        before[i] = 0x0101010101010101 * (i + 1);
    before[REG_RAX] = number;
    before[REG_RDI] = first;
    before[REG_RSI] = second;
    return registers_call();
}

/* All but rax, which is the result. */
static void expect_same(const char *what, const long *got, const long *wanted)
{
    int different = 0;

    for (int i = 0; i < REGISTERS; i++)
        if (i != REG_RAX && i != REG_RCX && i != REG_R11 && got[i] != wanted[i]) {
            say("    register %d is %lx, was %lx", i, got[i], wanted[i]);
            different++;
        }
    say("%s: rcx is the return address: %d", what, got[REG_RCX] == (long)registers_return);
    expect(what, different, 0);
}

static void parents_and_children(const char *what, long number)
{
    int status;

    memset(child_after, 0, PAGE);
    is_fork = 1;
    long child = call(number, 0, 0);
    is_fork = 0;
    expect(what, child > 0 && waitpid((pid_t)child, &status, 0) == child && status == 0, 1);
    expect_same("in the parent", after, before);
    expect_same("in the child", child_after, before);
}

static long seen[REGISTERS];

static void look(int signal, siginfo_t *info, void *context)
{
    greg_t *now = ((ucontext_t *)context)->uc_mcontext.gregs;

    (void)signal;
    (void)info;
    for (int i = 0; i < REGISTERS; i++)
        seen[i] = (long)now[i];
    say("in the handler: rax %ld, rip is the return address: %d, r11 is the flags: %d", (long)now[REG_RAX],
        now[REG_RIP] == (long)registers_return, now[REG_R11] == now[REG_EFL]);
    now[REG_RBX] = 0xbb;
    now[REG_RCX] = 0xcc;
    now[REG_R11] = 0x11;
    now[REG_R12] = 0x12;
    now[REG_RDX] = 0xdd;
}

static void handlers(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};

    action.sa_sigaction = look;
    sigaction(SIGUSR1, &action, NULL);
    expect("kill", call(SYS_kill, getpid(), SIGUSR1), 0);
    expect_same("what the handler sees", seen, before);
    say("what the handler has changed: rbx %lx rcx %lx r11 %lx r12 %lx rdx %lx", after[REG_RBX],
        after[REG_RCX], after[REG_R11], after[REG_R12], after[REG_RDX]);
    expect("r13, which it has not", after[REG_R13] == before[REG_R13], 1);
}

int main(void)
{
    child_after = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    expect("getppid", call(SYS_getppid, 1, 2) == getppid(), 1);
    expect_same("after getppid", after, before);
    expect("an unknown call", call(100000, 1, 2), -ENOSYS);
    expect_same("after an unknown call", after, before);
    parents_and_children("fork", SYS_fork);
    parents_and_children("vfork", SYS_vfork);
    handlers();
    return finish();
}
