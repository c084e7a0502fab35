/* SPDX-License-Identifier: MIT */
/* kill.c - signals for one thread, and its name.
 *
 * A thread says that it is `deaf`, under `signal_lock`, before it ends, so its number is not another's by the time a signal is sent. Who
 * holds the lock runs no handlers: one could want to send a signal to the same thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../sys/raw.h"
#include "lock.h"
#include "thread.h"

#define NAME_SIZE 16 /* TASK_COMM_LEN */

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

/* ---- Names: the kernel's, which `ps` and /proc show */

/* Of the file that is the name of another thread. */
static int open_name(const struct thread *thread, int flags)
{
    char path[sizeof("/proc/self/task//comm") + 12];

    snprintf(path, sizeof(path), "/proc/self/task/%d/comm", thread->tid);
    return open(path, flags);
}

int pthread_setname_np(pthread_t thread, const char *name)
{
    const struct thread *other = (const struct thread *)thread;
    size_t length = strlen(name);
    int saved = errno, error = 0;

    if (length >= NAME_SIZE)
        return ERANGE;
    if (other == thread_self()) {
        error = prctl(PR_SET_NAME, name) == 0 ? 0 : errno;
    } else {
        int file = open_name(other, O_WRONLY | O_CLOEXEC);

        error = file >= 0 && write(file, name, length) == (ssize_t)length ? 0 : errno;
        if (file >= 0)
            close(file);
    }
    errno = saved;
    return error;
}

int pthread_getname_np(pthread_t thread, char *name, size_t size)
{
    const struct thread *other = (const struct thread *)thread;
    int saved = errno, error = 0;

    if (size < NAME_SIZE)
        return ERANGE;
    if (other == thread_self()) {
        error = prctl(PR_GET_NAME, name) == 0 ? 0 : errno;
    } else {
        int file = open_name(other, O_RDONLY | O_CLOEXEC);
        ssize_t length = file >= 0 ? read(file, name, NAME_SIZE) : -1;

        if (length > 0)
            name[length - 1] = '\0'; /* where the file has its newline */
        else
            error = errno;
        if (file >= 0)
            close(file);
    }
    errno = saved;
    return error;
}

/* The kernel's number for the clock that counts a thread's time on the CPU (clock_getres(2): CPUCLOCK_PERTHREAD, CPUCLOCK_SCHED). */
int pthread_getcpuclockid(pthread_t thread, clockid_t *clock)
{
    const struct thread *other = (const struct thread *)thread;
    int tid = other == thread_self() ? thread_id() : other->tid;

    *clock = (clockid_t)(~(unsigned int)tid << 3 | 6);
    return 0;
}
