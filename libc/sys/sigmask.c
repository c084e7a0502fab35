/* SPDX-License-Identifier: MIT */
/* sigmask.c - sets of signals, and the mask that holds some back. Bit n-1 stands for signal n. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "../thread/thread.h"
#include "raw.h"

static int signal_exists(int number)
{
    if (number >= 1 && number <= _NSIG)
        return 1;
    errno = EINVAL;
    return 0;
}

int sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}

int sigfillset(sigset_t *set)
{
    *set = ~(sigset_t)0;
    return 0;
}

int sigaddset(sigset_t *set, int number)
{
    if (!signal_exists(number))
        return -1;
    *set |= (sigset_t)1 << (number - 1);
    return 0;
}

int sigdelset(sigset_t *set, int number)
{
    if (!signal_exists(number))
        return -1;
    *set &= ~((sigset_t)1 << (number - 1));
    return 0;
}

int sigismember(const sigset_t *set, int number)
{
    if (!signal_exists(number))
        return -1;
    return *set >> (number - 1) & 1;
}

/* ---- glibc's: whole sets at once */

int sigisemptyset(const sigset_t *set)
{
    return *set == 0;
}

int sigandset(sigset_t *both, const sigset_t *left, const sigset_t *right)
{
    *both = *left & *right;
    return 0;
}

int sigorset(sigset_t *either, const sigset_t *left, const sigset_t *right)
{
    *either = *left | *right;
    return 0;
}

/* ---- The mask of the thread, and waiting for what it holds back */

/* The signal by which a thread is cancelled is never held back (libc/thread/cancel.c). */
int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    sigset_t wanted = set ? mask_of_program(*set) : 0;

    return (int)SYSCALL(__NR_rt_sigprocmask, how, set ? &wanted : NULL, old, sizeof(sigset_t));
}

int sigpending(sigset_t *set)
{
    return (int)SYSCALL(__NR_rt_sigpending, set, sizeof(sigset_t));
}

int sigsuspend(const sigset_t *mask)
{
    sigset_t wanted = mask_of_program(*mask);

    return (int)WAITING_SYSCALL(__NR_rt_sigsuspend, &wanted, sizeof(wanted));
}

int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                 const struct timespec *restrict timeout)
{
    return (int)WAITING_SYSCALL(__NR_rt_sigtimedwait, set, info, timeout, sizeof(sigset_t));
}

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
    return sigtimedwait(set, info, NULL);
}

/* Returns the error number; an interruption by another signal's handler is no error. */
int sigwait(const sigset_t *restrict set, int *restrict number)
{
    int answer;

    do
        answer = sigwaitinfo(set, NULL);
    while (answer < 0 && errno == EINTR);
    if (answer < 0)
        return errno;
    *number = answer;
    return 0;
}
