/* SPDX-License-Identifier: MIT */
/* signal.c - sending signals, and choosing what they do.
 *
 * The kernel's struct sigaction has another order of fields than the public one, and it must be told where a
 * handler returns to: restorer.asm, which asks the kernel to put the interrupted registers back. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h> /* needs the two signal headers before it */

#include "../thread/thread.h"
#include "raw.h"
#include "restorer.h"

_Static_assert(sizeof(sigset_t) * 8 == _NSIG, "the kernel wants a mask of 64 signals");
_Static_assert(offsetof(struct ucontext, uc_sigmask) == offsetof(ucontext_t, uc_sigmask), "uc_sigmask");
#define SAME_REGISTER(number, field)                                                                         \
    _Static_assert(offsetof(ucontext_t, uc_mcontext.gregs) + (number) * sizeof(greg_t) ==                    \
                       offsetof(struct ucontext, uc_mcontext.field),                                         \
                   #number)
SAME_REGISTER(REG_R8, r8);
SAME_REGISTER(REG_RDI, rdi);
SAME_REGISTER(REG_RAX, rax);
SAME_REGISTER(REG_RSP, rsp);
SAME_REGISTER(REG_RIP, rip);
SAME_REGISTER(REG_CSGSFS, cs);
SAME_REGISTER(REG_ERR, err);
SAME_REGISTER(REG_CR2, cr2);
_Static_assert(offsetof(struct ucontext, uc_mcontext.fpstate) == offsetof(ucontext_t, uc_mcontext.fpregs),
               "fpregs");

int __sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old)
{
    struct kernel_sigaction wanted, previous;

    if (action != NULL) {
        wanted.sa_handler = action->sa_handler;
        wanted.sa_flags = (unsigned int)action->sa_flags | SA_RESTORER;
        wanted.sa_restorer = signal_restorer;
        wanted.sa_mask = action->sa_mask;
    }
    if (SYSCALL(__NR_rt_sigaction, number, action != NULL ? &wanted : NULL, old != NULL ? &previous : NULL,
                sizeof(sigset_t)) != 0)
        return -1;
    if (old != NULL) {
        old->sa_handler = previous.sa_handler;
        old->sa_flags = (int)(previous.sa_flags & ~(unsigned long)SA_RESTORER);
        old->sa_restorer = NULL;
        old->sa_mask = previous.sa_mask;
    }
    return 0;
}

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old)
{
    if (number == SIGCANCEL || number == SIGTIMER) {
        errno = EINVAL;
        return -1;
    }
    return __sigaction(number, action, old);
}

/* BSD's meaning, as in glibc: the handler stays, and interrupted calls go on. */
sighandler_t signal(int number, sighandler_t handler)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;

    if (sigaction(number, &action, &old) != 0)
        return SIG_ERR;
    return old.sa_handler;
}

int siginterrupt(int number, int interrupt)
{
    struct sigaction action;

    if (sigaction(number, NULL, &action) != 0)
        return -1;
    action.sa_flags = interrupt ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
    return sigaction(number, &action, NULL);
}

int kill(pid_t process, int number)
{
    return (int)SYSCALL(__NR_kill, process, number);
}

int killpg(pid_t group, int number)
{
    if (group < 0) {
        errno = EINVAL;
        return -1;
    }
    return kill(-group, number);
}

int tkill(pid_t thread, int number)
{
    return (int)SYSCALL(__NR_tkill, thread, number);
}

int tgkill(pid_t process, pid_t thread, int number)
{
    return (int)SYSCALL(__NR_tgkill, process, thread, number);
}

int raise(int number)
{
    return tkill(gettid(), number);
}

int sigqueue(pid_t process, int number, const union sigval value)
{
    siginfo_t info = {0};

    info.si_signo = number;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value = value;
    return (int)SYSCALL(__NR_rt_sigqueueinfo, process, number, &info);
}

int sigaltstack(const stack_t *restrict stack, stack_t *restrict old)
{
    return (int)SYSCALL(__NR_sigaltstack, stack, old);
}
