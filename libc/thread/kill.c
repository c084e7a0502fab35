/* SPDX-License-Identifier: MIT */
/* kill.c - signals for one thread.
 *
 * A thread says that it is `deaf`, under `signal_lock`, before it ends, so its number is not another's by the time a signal is sent. Who
 * holds the lock runs no handlers: one could want to send a signal to the same thread.
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "../sys/raw.h"
#include "lock.h"
#include "thread.h"

sigset_t signals_hold(void)
{
    sigset_t all = ~(sigset_t)0, before;

    RAW_SYSCALL(__NR_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(before));
    return before;
}

void signals_let(sigset_t mask)
{
    RAW_SYSCALL(__NR_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

void signals_end(void)
{
    struct thread *self = thread_self();

    lock_take(&self->signal_lock);
    self->deaf = true;
    lock_drop(&self->signal_lock);
}

/* To a thread that has ended: nothing happens, and that is no error. */
static int send(struct thread *thread, int number, siginfo_t *info)
{
    sigset_t mask = signals_hold();
    long answer = number < 0 || number > _NSIG ? -EINVAL : 0;

    lock_take(&thread->signal_lock);
    if (answer == 0 && !thread->deaf) {
        int process = getpid(), tid = thread == thread_self() ? thread_id() : thread->tid;

        answer = info ? RAW_SYSCALL(__NR_rt_tgsigqueueinfo, process, tid, number, info)
                      : RAW_SYSCALL(__NR_tgkill, process, tid, number);
    }
    lock_drop(&thread->signal_lock);
    signals_let(mask);
    return (int)-answer;
}

int pthread_kill(pthread_t thread, int number)
{
    return send((struct thread *)thread, number, NULL);
}

int pthread_sigqueue(pthread_t thread, int number, const union sigval value)
{
    siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};

    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value = value;
    return send((struct thread *)thread, number, &info);
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    int saved = errno, error = sigprocmask(how, set, old) == 0 ? 0 : errno;

    errno = saved;
    return error;
}
