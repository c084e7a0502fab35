/* SPDX-License-Identifier: MIT */
/* name.c - by what others know a thread: its name, which `ps` and /proc show, and the number of its clock. */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "thread.h"

#define NAME_SIZE 16 /* TASK_COMM_LEN */

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
