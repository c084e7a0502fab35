/* SPDX-License-Identifier: MIT */
/* libc_signal.c - handlers: their arguments, the return through the restorer, masks, and siglongjmp out of one. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t calls;
static sigjmp_buf place;

static void count(int number)
{
    calls += number == SIGUSR1;
}

static void leave(int number, siginfo_t *info, void *context)
{
    (void)context;
    siglongjmp(place,
               number == SIGSEGV && info->si_addr == (void *)0x10 && info->si_code == SEGV_MAPERR ? 1 : 2);
}

static void counting(void)
{
    struct sigaction action;
    sigset_t set, old;

    memset(&action, 0, sizeof(action));
    action.sa_handler = count;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
    printf("calls %d\n", (int)calls);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR1);
    sigpending(&set);
    printf("blocked: calls %d, pending %d\n", (int)calls, sigismember(&set, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("released: calls %d\n", (int)calls);
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    printf("ignored: calls %d\n", (int)calls);
}

/* Twice: siglongjmp must have brought the mask back, or the second fault would kill. */
static void faulting(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = leave;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, NULL);
    for (volatile int i = 0; i < 2; i++) {
        int how = sigsetjmp(place, 1);
        if (how == 0)
            *(volatile int *)0x10 = 1;
        printf("fault %d: %d\n", i, how);
    }
}

int main(void)
{
    counting();
    faulting();
    return 0;
}
