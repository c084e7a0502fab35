/* SPDX-License-Identifier: MIT */
/* vdso - the time is told without entering the kernel.
 *
 * The kernel maps two regions into every program: [vdso], a small shared object of code, and [vvar], the data that it
 * reads. Here both are watched: the CPU's single-step flag (TF) makes a SIGTRAP of every instruction, and the handler
 * looks where it lies and whether it is `syscall`. Where the data lie is told by a copy of the code that is put somewhere
 * else: it looks for its data at the same distance, where now there is nothing, and faults. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define ROUNDS 20
#define FAR (64 * PAGE_SIZE) /* more than [vvar] is large */

static struct map_row code; /* [vdso] */
static struct {
    volatile unsigned long all, inside, system_calls;
    volatile unsigned long entry; /* of the first function of [vdso] that was come to */
} steps;

static void step(int signal, siginfo_t *info, void *context)
{
    unsigned long pc = (unsigned long)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

    (void)signal;
    (void)info;
    steps.all++;
    if (memcmp((const void *)pc, "\x0f\x05", 2) == 0)
        steps.system_calls++;
    if (pc < code.start || pc >= code.end)
        return;
    steps.inside++;
    if (steps.entry == 0)
        steps.entry = pc;
}

static inline void single_step(bool on)
{
    if (on)
        __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp"
                         :
                         :
                         : "memory", "cc");
    else
        __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp"
                         :
                         :
                         : "memory", "cc");
}

static void by_clock_gettime(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
}

static void by_gettimeofday(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
}

static void by_time(void)
{
    (void)time(NULL);
}

static void by_system_call(void)
{
    struct timespec now;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

static void watch(const char *name, void (*ask)(void))
{
    ask(); /* once unwatched: the libc may have to look for the function first */
    memset((void *)&steps, 0, sizeof(steps));
    single_step(true);
    for (int i = 0; i < ROUNDS; i++)
        ask();
    single_step(false);
    printf("  %-28s %2d rounds: %2lu system calls, instructions in [vdso]: %s\n", name, ROUNDS,
           steps.system_calls, steps.inside > 0 ? "yes" : "none");
    if (demo_exact)
        printf("  %-28s %lu instructions a round, %lu of them in [vdso]\n", "", steps.all / ROUNDS,
               steps.inside / ROUNDS);
}

/* Does it go back, and does it agree with the kernel's own answer? */
static void compare(void)
{
    struct timespec before, here, after;
    unsigned long back = 0, outside = 0;
    long last = 0;

    for (int i = 0; i < 10000; i++) {
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &before);
        clock_gettime(CLOCK_MONOTONIC, &here);
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &after);
        long first = before.tv_sec * 1000000000L + before.tv_nsec;
        long now = here.tv_sec * 1000000000L + here.tv_nsec;
        long end = after.tv_sec * 1000000000L + after.tv_nsec;
        back += now < last;
        outside += now < first || now > end;
        last = now;
    }
    printf("  10000 times kernel, [vdso], kernel: went back %lu times, not between the two %lu times\n", back,
           outside);
}

/* The same code at another place. */
static void run_copy(void *copy)
{
    struct timespec now;
    int (*function)(clockid_t, struct timespec *);
    char *entry = (char *)copy + (steps.entry - code.start);

    memcpy(&function, &entry, sizeof(function));
    function(CLOCK_MONOTONIC, &now);
}

static void look_for_data(void)
{
    size_t size = code.end - code.start;
    char *room = mmap(NULL, FAR + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct verdict verdict;
    struct map_row row;

    if (room == MAP_FAILED)
        return;
    char *copy = room + FAR;
    mprotect(copy, size, PROT_READ | PROT_WRITE);
    memcpy(copy, (const void *)code.start, size);
    mprotect(copy, size, PROT_READ | PROT_EXEC);
    child_try(run_copy, copy, &verdict);
    unsigned long wanted = verdict.address - (unsigned long)(uintptr_t)copy + code.start;
    printf("  a copy of the code, elsewhere: %s\n", verdict_text(&verdict));
    if (look_row((const void *)wanted, &row))
        printf("  where it reads, seen from the original: in %s, %s\n", row.name, row.perms);
    munmap(room, FAR + size);
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};
    unsigned long image = getauxval(AT_SYSINFO_EHDR);

    demo_start(argc, argv, "the time without a system call", "");
    demo_head("what the kernel put into this program");
    if (!look_row_named("[vdso]", &code)) {
        puts("  there is no [vdso] here");
        return 1;
    }
    if (demo_exact)
        look_show_row("  ", &code);
    printf("  [vdso] %s, and AT_SYSINFO_EHDR points to %s\n", code.perms,
           image == code.start ? "its first byte" : "somewhere else");
    printf("  it begins like a file of code: %s\n",
           memcmp((const void *)image, "\177ELF", 4) == 0 ? "ELF" : "no");

    demo_head("every instruction watched");
    sigaction(SIGTRAP, &action, NULL);
    watch("gettimeofday", by_gettimeofday);
    watch("time", by_time);
    watch("syscall(SYS_clock_gettime)", by_system_call);
    watch("clock_gettime", by_clock_gettime);

    demo_head("where its data lie");
    look_for_data();

    demo_head("is it the kernel's clock?");
    compare();

    demo_article("gettimeofday is answered by the vDSO: no system call.");
    demo_here("none in %d rounds; the program counter was inside [vdso], what it read lies in [vvar].",
              ROUNDS);
    demo_why(
        "the kernel writes down once how ticks of the CPU's counter become nanoseconds. The code reads the "
        "counter and these numbers; a sequence number tells it when they were just being changed.");
    return 0;
}
