/* SPDX-License-Identifier: MIT */
/* wrong.c - one mistake a child, for the explanations: `wrong` makes them all, `wrong NAME` that one in this very process.
 *
 * A child is called like its mistake (PR_SET_NAME), so that the kernel's report of it can be found. A name is that of a row of
 * kernel/lib/words.def, a number behind it tells several ways to the same verdict apart. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

struct record {
    char name[24];
    int number;
};

static volatile int sink;
static unsigned char data[16] = {0xc3};

static void *hidden(uintptr_t value)
{
    __asm__ volatile("" : "+r"(value));
    return (void *)value;
}

static void read_at(uintptr_t address)
{
    sink = *(volatile unsigned char *)hidden(address);
}

static void write_at(uintptr_t address)
{
    *(volatile unsigned char *)hidden(address) = 1;
}

static void call(uintptr_t address)
{
    ((void (*)(void))hidden(address))();
}

static char *pages(int protection)
{
    return mmap(NULL, PAGE, protection, PRIVATE, -1, 0);
}

static void beyond_file(void)
{
    int fd = open("/tmp/short", O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (write(fd, "x", 1) == 1)
        read_at((uintptr_t)mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0) + 2 * PAGE);
}

static void null_call(void)
{
    call(0);
}

static void null_pointer(void)
{
    write_at(0);
}

static void null_pointer2(void)
{
    write_at((uintptr_t) & ((struct record *)0)->number);
}

static void kernel_address(void)
{
    read_at(0xffff888000000000);
}

static void after_unmap(void)
{
    char *page = pages(PROT_READ | PROT_WRITE);

    munmap(page, PAGE);
    write_at((uintptr_t)page + 8);
}

static void after_unmap2(void)
{
    char *large = malloc(1 << 20), *stale = hidden((uintptr_t)large);

    free(large);
    read_at((uintptr_t)stale + 5000);
}

static int recurse(int depth)
{
    volatile char room[2000];

    room[0] = (char)depth;
    return depth < 0 ? 0 : recurse(depth + 1) + room[0];
}

static void stack_overflow(void)
{
    sink = recurse(0);
}

static void heap_overrun(void)
{
    long end = syscall(SYS_brk, syscall(SYS_brk, 0) + PAGE);

    write_at((uintptr_t)(end + PAGE - 1) / PAGE * PAGE + 100);
}

static void guard_region(void)
{
    read_at((uintptr_t)pages(PROT_NONE));
}

static void executed_data(void)
{
    call((uintptr_t)data);
}

static void write_code(void)
{
    write_at((uintptr_t)write_code);
}

static void write_constant(void)
{
    write_at((uintptr_t) "a constant");
}

static void write_readonly(void)
{
    char *page = pages(PROT_READ | PROT_WRITE);

    page[0] = 1;
    mprotect(page, PAGE, PROT_READ);
    write_at((uintptr_t)page);
}

static void wild_jump(void)
{
    call(0x123456789000);
}

static void wild_pointer(void)
{
    read_at(0x123456789000);
}

static void privileged(void)
{
    __asm__ volatile("cli");
}

static void freed_pointer(void)
{
    read_at(0x5a5a5a5a5a5a5a5a);
}

static void fresh_pointer(void)
{
    read_at(0xa5a5a5a5a5a5a5a5);
}

/* A string one character too long runs over the pointer behind its buffer. */
static void text_pointer(void)
{
    struct {
        char name[8];
        struct record *next;
    } entry;

    strcpy(hidden((uintptr_t)entry.name), "12345678hello wo");
    entry.next->number = 1;
}

static void text_pointer2(void) /* smashes its return address */
{
    __asm__ volatile("pushq %0\n\tret" : : "r"(0x6f77206f6c6c6568));
}

static void text_pointer3(void) /* calls through it */
{
    call(0x6f77206f6c6c6568);
}

static void text_pointer4(
    void) /* base, index and displacement, and garbage in a register that has nothing to do with it */
{
    __asm__ volatile("movl 16(%0, %1, 4), %%eax"
                     :
                     : "r"(data), "r"(0x6f77206f6c6c6568), "d"(0x8000000000000000)
                     : "rax");
}

static void garbage_pointer(void)
{
    read_at(0x8000000000000000);
}

static void stopped_itself(void)
{
    __builtin_trap();
}

static void bad_instruction(void)
{
    __asm__ volatile(".byte 0x06");
}

static void division(void)
{
    __asm__ volatile("xorl %%ecx, %%ecx\n\tidivl %%ecx" : : "a"(1), "d"(0) : "rcx");
}

static void breakpoint(void)
{
    __asm__ volatile("int3");
}

static void floating(void) /* by the x87: not every emulator traps for SSE */
{
    unsigned short control = 0x37f & ~4; /* division by zero is unmasked */

    __asm__ volatile("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(control));
}

static void misaligned(void)
{
    __asm__ volatile("movaps %%xmm0, (%0)" : : "r"((uintptr_t)data | 1));
}

/* Its handler would need a stack, and that is what is missing. */
static void no_frame(void)
{
    struct sigaction action = {.sa_handler = exit, .sa_flags = 0};

    sigaction(SIGUSR1, &action, NULL);
    __asm__ volatile(
        "movl $39, %%eax\n\tsyscall\n\tmovl %%eax, %%edi\n\tmovl $10, %%esi\n\tmovl $62, %%eax\n\t"
        "movl $64, %%esp\n\tsyscall" /* kill(getpid(), SIGUSR1) */
        :
        :
        : "rax", "rdi", "rsi", "rcx", "r11", "memory");
}

#define MISTAKE(name)                                                                                        \
    {                                                                                                        \
#name, name                                                                                          \
    }
static const struct {
    const char *name;
    void (*make)(void);
} mistakes[] = {
    MISTAKE(beyond_file),    MISTAKE(null_call),       MISTAKE(null_pointer),  MISTAKE(null_pointer2),
    MISTAKE(kernel_address), MISTAKE(after_unmap),     MISTAKE(after_unmap2),  MISTAKE(stack_overflow),
    MISTAKE(heap_overrun),   MISTAKE(guard_region),    MISTAKE(executed_data), MISTAKE(write_code),
    MISTAKE(write_constant), MISTAKE(write_readonly),  MISTAKE(wild_jump),     MISTAKE(wild_pointer),
    MISTAKE(privileged),     MISTAKE(freed_pointer),   MISTAKE(fresh_pointer), MISTAKE(text_pointer),
    MISTAKE(text_pointer2),  MISTAKE(text_pointer3),   MISTAKE(text_pointer4), MISTAKE(garbage_pointer),
    MISTAKE(stopped_itself), MISTAKE(bad_instruction), MISTAKE(division),      MISTAKE(breakpoint),
    MISTAKE(floating),       MISTAKE(misaligned),      MISTAKE(no_frame),
};

int main(int argc, char **argv)
{
    int status;

    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        if (argc > 1 && strcmp(argv[1], mistakes[i].name) != 0)
            continue;
        pid_t child = argc > 1 ? 0 : fork();
        if (child == 0) {
            prctl(PR_SET_NAME, mistakes[i].name);
            mistakes[i].make();
            _exit(0);
        }
        waitpid(child, &status, 0);
        printf("%s: %s\n", mistakes[i].name,
               WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "nothing happened");
        fflush(stdout);
    }
    return 0;
}
