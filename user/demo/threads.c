/* SPDX-License-Identifier: MIT */
/* threads - two threads, each with a stack of its own; all other memory is common.
 *
 * This does by hand what pthread_create does (libc/thread/thread.c): memory for a stack, with a page below it that nobody may touch; then
 * clone(2), which starts a second flow of control there. 8 MiB is what glibc takes (musl: 128 KiB); it costs what is
 * touched of it. The kernel has no "stack of a thread": the row is one like any other.
 *
 * The second thread uses nothing of the C library, which does not know of it: its errno and its malloc would be the first one's. */
#include <linux/futex.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define STACK_SIZE (8 * MIB)
#define DEPTH_PAGES 25 /* how far down the second thread uses its stack */
#define THREAD_FLAGS                                                                                         \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |                      \
     CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static int common; /* one for both */
static int tid;    /* of the second thread: set by the kernel at its start, cleared at its end */

struct talk {
    volatile int phase; /* who waits, waits for it to grow */
    char *local;        /* of the second thread */
};

static void wait_for_phase(struct talk *talk, int phase)
{
    while (talk->phase < phase)
        syscall(SYS_sched_yield);
}

/* What the second thread does. */
static void second(struct talk *talk)
{
    volatile char local[DEPTH_PAGES * PAGE_SIZE];

    for (size_t i = sizeof(local); i >= PAGE_SIZE; i -= PAGE_SIZE)
        local[i - 1] = 2;
    talk->local = demo_opaque((char *)&local[sizeof(local) - 1]);
    common++;
    talk->phase = 1;
    wait_for_phase(talk, 2);
}

/* clone returns twice, the second time on the new stack: there lie the function and its argument. */
static long thread_start(char *top, struct talk *talk)
{
    void **words = (void **)(top - 2 * sizeof(void *));
    register int *cleared __asm__("r10") = &tid;
    long result;

    words[0] = (void *)second;
    words[1] = talk;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "pop %%rax\n\t"
                     "pop %%rdi\n\t"
                     "call *%%rax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "mov %[exit], %%eax\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result)
                     : "a"(SYS_clone), "D"(THREAD_FLAGS), "S"(words), "d"(&tid),
                       "r"(cleared), [exit] "i"(SYS_exit)
                     : "rcx", "r11", "memory");
    return result;
}

static void join(void)
{
    for (int seen; (seen = *(volatile int *)&tid) != 0;)
        syscall(SYS_futex, &tid, FUTEX_WAIT, seen, 0L, 0L, 0L);
    while (look_status_kb("Threads") != 1) /* the word is cleared a moment before the thread is gone */
        syscall(SYS_sched_yield);
}

static void write_below(void *stack)
{
    *((volatile char *)stack - 1) = 1;
}

int main(int argc, char **argv)
{
    struct talk talk = {0};
    struct verdict verdict;
    char here;

    demo_start(argc, argv, "two threads, each with its own stack", "");
    look_warm_up();
    look_remember();

    demo_head("a stack for a second thread: %s, and a page below it that nobody may touch",
              demo_size(STACK_SIZE));
    char *guard =
        mmap(NULL, PAGE_SIZE + STACK_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    char *stack = guard + PAGE_SIZE;
    if (guard == MAP_FAILED || mprotect(stack, STACK_SIZE, PROT_READ | PROT_WRITE) != 0)
        return 1;
    look_show_changes();
    printf("  resident of it: %lu kB\n", look_resident_kb(stack));

    demo_head("clone: the second thread runs there");
    printf("  threads of this process: %ld\n", look_status_kb("Threads"));
    if (thread_start(stack + STACK_SIZE, &talk) < 0)
        return 1;
    wait_for_phase(&talk, 1);
    printf("  threads of this process: %ld\n", look_status_kb("Threads"));
    look_show_changes();
    printf("  a local variable of the first:  %s\n", demo_address(&here));
    printf("  a local variable of the second: %s, in the new row: %s\n", demo_address(talk.local),
           talk.local >= stack && talk.local < stack + STACK_SIZE ? "yes" : "NO");
    printf("  the second wrote to %d pages of its stack; resident of it: %lu kB\n", DEPTH_PAGES,
           look_resident_kb(stack));
    printf("  a global variable that the second counted up, seen by the first: %d\n", common);

    demo_head("a stack that grows too far runs into the guard");
    child_try(write_below, stack, &verdict);
    printf("  one byte below the stack: %s\n", verdict_text(&verdict));

    demo_head("the second thread ends; its stack stays until somebody unmaps it");
    talk.phase = 2;
    join();
    printf("  threads of this process: %ld, resident of the row: %lu kB\n", look_status_kb("Threads"),
           look_resident_kb(stack));
    munmap(guard, PAGE_SIZE + STACK_SIZE);
    look_show_changes();

    demo_article("each thread has its own stack, in the mapping area.");
    demo_here("a row of %s and its guard came with the second thread; %d pages of it were ever used.",
              demo_size(STACK_SIZE), DEPTH_PAGES + 1);
    demo_why("threads share every page of a process. What makes one a thread is its registers: its stack is "
             "wherever rsp points, so it has to be somebody's memory. Linux no longer labels such rows "
             "[stack:TID].");
    return 0;
}
