/* SPDX-License-Identifier: MIT */
/* cpus - several CPUs: a page that one of them takes away is gone on all.
 *
 * A second thread counts up in a page, without a system call. The first one protects the page, unmaps it, and forks. When such a call has
 * returned, no CPU may use what it remembers of the page any more: the number stands still, and the second thread is in its handler.
 * Where there are two CPUs, the threads are sent to one each (-v tells which); with one CPU the same holds, and is easy. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"

#define LOOKS 100000 /* so long the first thread looks whether the number moves */

static volatile unsigned long *volatile page;
static volatile bool done, caught, go_on;
static volatile int code;
static volatile bool right_address;

static cpu_set_t cpus; /* that this process may use */

static void a_moment(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* The n-th of them; -1: there are not so many. */
static int allowed_cpu(int n)
{
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &cpus) && n-- == 0)
            return cpu;
    return -1;
}

/* The calling thread runs there only, if there is such a CPU. */
static void go_to(int cpu)
{
    cpu_set_t only;

    if (cpu < 0)
        return;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    sched_setaffinity(0, sizeof(only), &only);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    code = info->si_code;
    right_address = info->si_addr == (void *)(uintptr_t)page;
    caught = true;
    while (!go_on)
        a_moment();
    go_on = false;
}

static void *count_up(void *unused)
{
    go_to(allowed_cpu(1));
    while (!done)
        ++*page;
    return unused;
}

static bool moves(void)
{
    unsigned long before = *page;

    for (volatile int i = 0; i < LOOKS; i++)
        if (*page != before)
            return true;
    return false;
}

/* (Across a nap: on one CPU it stands still while the first thread looks.) */
static void wait_until_it_counts(void)
{
    for (unsigned long before = *page; *page == before;)
        a_moment();
}

static void wait_for_handler(void)
{
    while (!caught)
        a_moment();
    printf("  the second thread: SIGSEGV, %s, at the page's address: %s\n", signal_code_name(SIGSEGV, code),
           right_address ? "yes" : "NO");
    caught = false;
}

static bool map_page(void *at)
{
    page = mmap(at, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1,
                0);
    return page != MAP_FAILED;
}

static void let_go_on(void)
{
    go_on = true;
    wait_until_it_counts();
}

int main(int argc, char **argv)
{
    const struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    pthread_t second;
    int status = -1;

    demo_start(argc, argv, "several CPUs: a page that is taken away on one is gone on all", "");
    sched_getaffinity(0, sizeof(cpus), &cpus);
    if (!map_page(NULL) || sigaction(SIGSEGV, &action, NULL) != 0)
        return 1;

    demo_head("a second thread counts up in a page, without a system call");
    if (pthread_create(&second, NULL, count_up, NULL) != 0)
        return 1;
    go_to(allowed_cpu(0));
    wait_until_it_counts();
    printf("  the number grows: yes\n");
    if (demo_exact && allowed_cpu(1) >= 0)
        printf("  the first runs on CPU %d, the second on CPU %d\n", allowed_cpu(0), allowed_cpu(1));
    else if (demo_exact)
        printf("  both run on CPU %d, in turn; two: scripts/guest -c 2 cpus -v, or make run CPUS=2\n",
               allowed_cpu(0));

    demo_head("mprotect(PROT_READ): the right to write is taken away");
    if (mprotect((void *)(uintptr_t)page, PAGE_SIZE, PROT_READ) != 0)
        return 1;
    printf("  the number still grows when the call has returned: %s\n", moves() ? "YES" : "no");
    wait_for_handler();
    mprotect((void *)(uintptr_t)page, PAGE_SIZE, PROT_READ | PROT_WRITE);
    let_go_on();

    demo_head("munmap: the page is taken away, its frame goes to somebody else");
    if (munmap((void *)(uintptr_t)page, PAGE_SIZE) != 0)
        return 1;
    wait_for_handler();
    if (!map_page((void *)(uintptr_t)page))
        return 1;
    let_go_on();

    demo_head("fork: both processes share the frame, so neither may write to it as before");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(moves());
    waitpid(child, &status, 0);
    printf("  the child sees its parent count: %s\n", status == 0 ? "no" : "YES");
    wait_until_it_counts();
    printf("  the parent's number still grows, in a frame of its own: yes\n");
    done = true;
    pthread_join(second, NULL);

    demo_article("the MMU translates addresses by the page tables.");
    demo_here(
        "three times a translation was taken from a thread that was using it; when the call had returned, it was gone.");
    demo_why(
        "each CPU keeps translations in a TLB of its own, and does not notice that an entry changes. So the kernel asks every CPU that "
        "has these page tables loaded to forget, by an interrupt, and waits for all of them before it gives the frame away: "
        "a TLB shootdown (kernel/arch/x86/tlb.c).");
    return 0;
}
