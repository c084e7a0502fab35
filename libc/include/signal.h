/* SPDX-License-Identifier: MIT */
/* <signal.h> - signals; numbers, masks and siginfo_t are the kernel's.
 *
 * Two things are not taken as they are. The uapi struct sigaction has neither sa_sigaction nor an int
 * sa_flags: it is renamed while its header is read, and libc/sys/signal.c copies between the two. And NSIG
 * there is that of old Linux. */
#ifndef _SIGNAL_H
#define _SIGNAL_H

#include <stddef.h>
#include <sys/types.h>

#define _NSIG 64
#define sigaction kernel_sigaction
#include <linux/signal.h>
#undef sigaction
#undef NSIG
#undef SIGRTMIN
#define SIGRTMIN 34 /* the first two are the library's (libc/thread/thread.h), as with glibc */
#define NSIG (_NSIG + 1)
#define SIG_HOLD ((__sighandler_t)2) /* for sigset */

#define si_timerid si_tid

#include <sys/ucontext.h>

typedef int sig_atomic_t;
typedef __sighandler_t sighandler_t;
typedef __sighandler_t sig_t;

struct sigaction {
    union {
        sighandler_t sa_handler;
        void (*sa_sigaction)(int, siginfo_t *, void *);
    };
    sigset_t sa_mask;
    int sa_flags;
    void (*sa_restorer)(void);
};

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old);
sighandler_t signal(int number, sighandler_t handler);
int kill(pid_t process, int number);
int killpg(pid_t group, int number);
int tkill(pid_t thread, int number);
int tgkill(pid_t process, pid_t thread, int number);
int raise(int number);
int pthread_kill(pthread_t thread, int number);
int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old);
int pthread_sigqueue(pthread_t thread, int number, const union sigval value);
int sigqueue(pid_t process, int number, const union sigval value);
int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigwait(const sigset_t *restrict set, int *restrict number);
int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info);
int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                 const struct timespec *restrict timeout);
int sigaltstack(const stack_t *restrict stack, stack_t *restrict old);
int siginterrupt(int number, int interrupt);
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int number);
int sigdelset(sigset_t *set, int number);
int sigismember(const sigset_t *set, int number);
int sigisemptyset(const sigset_t *set);
int sigandset(sigset_t *both, const sigset_t *left, const sigset_t *right);
int sigorset(sigset_t *either, const sigset_t *left, const sigset_t *right);
void psignal(int number, const char *text);
void psiginfo(const siginfo_t *info, const char *text);

/* System V's and BSD's (libc/sys/oldsignal.c). */
sighandler_t bsd_signal(int number, sighandler_t handler);
sighandler_t sigset(int number, sighandler_t handler);
int sighold(int number);
int sigrelse(int number);
int sigignore(int number);
int sigpause(int number);

#endif
