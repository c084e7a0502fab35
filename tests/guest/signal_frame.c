/* SPDX-License-Identifier: MIT */
/* signal_frame.c - the frame of a handler: every register goes into it and comes back from it, changed or not; it may lie in pages that are
 * not there yet, and where there is no room for all of it the program ends. sigaction(2), sigreturn(2). */
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "check.h"

#define REGISTERS 16

/* In the order in which through_a_trap() has them; rsp stands for itself. */
static const int order[REGISTERS] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8,
                                     REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RSP};

static struct {
    unsigned long in[REGISTERS], out[REGISTERS];
} * table;
static volatile long calls, wrong_in_frame, code, address;

/* Fills all registers but rsp from table->in, runs an undefined instruction, and stores them into table->out. */
static void through_a_trap(void)
{
    __asm__ volatile(
        "push %%rbp\n\t"
        "push %%rax\n\t"
        "mov 0x08(%%rax), %%rbx; mov 0x10(%%rax), %%rcx; mov 0x18(%%rax), %%rdx; mov 0x20(%%rax), %%rsi\n\t"
        "mov 0x28(%%rax), %%rdi; mov 0x30(%%rax), %%rbp; mov 0x38(%%rax), %%r8; mov 0x40(%%rax), %%r9\n\t"
        "mov 0x48(%%rax), %%r10; mov 0x50(%%rax), %%r11; mov 0x58(%%rax), %%r12; mov 0x60(%%rax), %%r13\n\t"
        "mov 0x68(%%rax), %%r14; mov 0x70(%%rax), %%r15; mov (%%rax), %%rax\n\t"
        "ud2\n\t"
        "xchg %%rax, (%%rsp)\n\t"
        "mov %%rbx, 0x88(%%rax); mov %%rcx, 0x90(%%rax); mov %%rdx, 0x98(%%rax); mov %%rsi, 0xa0(%%rax)\n\t"
        "mov %%rdi, 0xa8(%%rax); mov %%rbp, 0xb0(%%rax); mov %%r8, 0xb8(%%rax); mov %%r9, 0xc0(%%rax)\n\t"
        "mov %%r10, 0xc8(%%rax); mov %%r11, 0xd0(%%rax); mov %%r12, 0xd8(%%rax); mov %%r13, 0xe0(%%rax)\n\t"
        "mov %%r14, 0xe8(%%rax); mov %%r15, 0xf0(%%rax)\n\t"
        "pop %%rbx\n\t"
        "mov %%rbx, 0x80(%%rax)\n\t"
        "pop %%rbp"
        :
        : "a"(table)
        : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory",
          "cc");
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

    calls++;
    code = info->si_code;
    address = (unsigned long)info->si_addr - (unsigned long)registers[REG_RIP];
    wrong_in_frame += number != SIGILL || info->si_signo != SIGILL || info->si_errno != 0;
    for (int i = 0; i < REGISTERS - 1; i++) {
        wrong_in_frame += (unsigned long)registers[order[i]] != table->in[i];
        registers[order[i]] = (greg_t)~table->in[i];
    }
    registers[REG_RIP] += 2;
}

static void handle(void (*handler)(int, siginfo_t *, void *), int number, int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

    sigaction(number, &action, NULL);
}

static void registers_both_ways(const char *where)
{
    long wrong = 0;

    calls = wrong_in_frame = 0;
    for (int round = 0; round < 3; round++) {
        for (unsigned long i = 0; i < REGISTERS; i++)
            table->in[i] = (i + 1) * 0x0123456789abcdefUL + (unsigned long)round;
        through_a_trap();
        for (int i = 0; i < REGISTERS - 1; i++)
            wrong += table->out[i] != ~table->in[i];
    }
    say("%s", where);
    expect("    calls of the handler", calls, 3);
    expect("    wrong in the frame", wrong_in_frame, 0);
    expect("    wrong after it", wrong, 0);
    expect("    si_code", code, ILL_ILLOPN);
    expect("    si_addr, from rip on", address, 0);
}

/* Pages that nobody touched, above pages that are not there. */
static char *stack_above_a_hole(size_t pages)
{
    char *hole = mmap(NULL, (pages + 4) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mprotect(hole + 4 * PAGE, pages * PAGE, PROT_READ | PROT_WRITE);
    return hole + 4 * PAGE;
}

/* The top of the stack lies so many bytes above the hole: fewer than any frame has. */
static void with_little_room(void *argument)
{
    long room = *(long *)argument;
    stack_t stack = {.ss_sp = stack_above_a_hole(1) + room - 4 * PAGE, .ss_size = 4 * PAGE};

    if (sigaltstack(&stack, NULL) != 0)
        _exit(2);
    handle(on_trap, SIGILL, SA_ONSTACK);
    through_a_trap();
    _exit(3);
}

/* A frame of zeros that ends in the hole, or begins there. */
static void return_from_nothing(void *argument)
{
    char *frame = stack_above_a_hole(1) + *(long *)argument;

    __asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall; hlt" : : "r"(frame) : "memory");
}

static volatile long broken;

static void on_broken(int number, siginfo_t *info, void *context)
{
    (void)context;
    broken = number == SIGSEGV && info->si_code == SI_KERNEL;
    _exit(broken ? 0 : 4);
}

static greg_t rip_of_frame;

/* What a handler for a broken frame sees: the registers as they were at the call, or those of the frame as far as it was good. */
static void on_refusal(int number, siginfo_t *info, void *context)
{
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    static const int saved[] = {REG_RBX, REG_R12, REG_R13, REG_R14, REG_R15};
    long wrong = number != SIGSEGV || info->si_code != SI_KERNEL;

    if (rip_of_frame) {
        wrong += registers[REG_RIP] != rip_of_frame;
    } else {
        for (int i = 0; i < 5; i++)
            wrong += registers[saved[i]] != 0x1111 * (i + 1);
        wrong += registers[REG_RCX] != registers[REG_RIP] || registers[REG_RAX] != 0;
    }
    wrong += ((unsigned long)registers[REG_EFL] & ~0x250cd5UL) !=
             0x202; /* arithmetic flags, DF, RF, AC and ID may be anything */
    _exit(wrong != 0);
}

static void refused_to(void (*handler)(int, siginfo_t *, void *))
{
    static char room[4 * PAGE];
    stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};

    sigaltstack(&stack, NULL);
    handle(handler, SIGSEGV, SA_ONSTACK);
}

/* The signal for a broken frame has a handler. */
static void return_to_a_handler(void *argument)
{
    refused_to(on_broken);
    return_from_nothing(argument);
}

static void registers_at_the_call(void *argument)
{
    refused_to(on_refusal);
    __asm__ volatile(
        "mov $0x1111, %%ebx; mov $0x2222, %%r12d; mov $0x3333, %%r13d; mov $0x4444, %%r14d; mov $0x5555, %%r15d\n\t"
        "mov %0, %%rsp; mov $15, %%eax; syscall; hlt"
        :
        : "r"(argument)
        : "rbx", "r12", "r13", "r14", "r15", "memory");
}

static void on_trap_without_fpu(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    ((ucontext_t *)context)->uc_mcontext.fpregs = (void *)(stack_above_a_hole(1) - PAGE);
    rip_of_frame = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

static void frame_without_fpu(void *argument)
{
    (void)argument;
    refused_to(on_refusal);
    handle(on_trap_without_fpu, SIGILL, 0);
    through_a_trap();
}

int main(void)
{
    stack_t stack = {.ss_sp = stack_above_a_hole(4), .ss_size = 4 * PAGE};

    table = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    handle(on_trap, SIGILL, 0);
    registers_both_ways("on the stack");
    expect("an alternate stack that nobody touched", sigaltstack(&stack, NULL), 0);
    handle(on_trap, SIGILL, SA_ONSTACK);
    registers_both_ways("on the alternate stack");
    for (long room = 0; room < 900; room += 50) {
        say("room for %ld bytes", room);
        expect_signal("    a frame", with_little_room, &room, SIGSEGV);
    }
    for (long end = -320; end <= 0; end += 40) {
        say("a frame %ld bytes above the hole", end);
        expect_signal("    rt_sigreturn", return_from_nothing, &end, SIGSEGV);
    }
    for (long start = 4096 - 320; start <= 4096; start += 40) {
        say("a frame %ld bytes below the end", 4096 - start);
        expect_signal("    rt_sigreturn", return_from_nothing, &start, SIGSEGV);
    }
    long middle = 1024;
    expect_signal("rt_sigreturn to a frame of zeros, with a handler", return_to_a_handler, &middle, 0);
    expect_signal("rt_sigreturn to nowhere: the registers that its handler sees", registers_at_the_call,
                  stack_above_a_hole(1) - PAGE, 0);
    expect_signal("a frame whose FPU state is nowhere", frame_without_fpu, NULL, 0);
    return finish();
}
