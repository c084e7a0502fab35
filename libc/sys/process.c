/* SPDX-License-Identifier: MIT */
/* process.c - replacing, ending and awaiting processes, and what they do not share. */
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "raw.h"

_Static_assert(__NR_clone == 56 && __NR_vfork == 58 && __NR_exit == 60,
               "NR_CLONE, NR_VFORK, NR_EXIT in clone.asm");

int execve(const char *path, char *const argv[], char *const envp[])
{
    return (int)SYSCALL(__NR_execve, path, argv, envp);
}

void _exit(int status)
{
    for (;;)
        RAW_SYSCALL(__NR_exit_group, status);
}

void _Exit(int status)
{
    _exit(status);
}

pid_t wait4(pid_t process, int *status, int options, struct rusage *usage)
{
    return (pid_t)WAITING_SYSCALL(__NR_wait4, process, status, options, usage);
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
    return wait4(-1, status, options, usage);
}

pid_t waitpid(pid_t process, int *status, int options)
{
    return wait4(process, status, options, NULL);
}

pid_t wait(int *status)
{
    return wait4(-1, status, 0, NULL);
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    return (int)WAITING_SYSCALL(__NR_waitid, type, id, info, options);
}

int prctl(int option, ...)
{
    va_list arguments;
    unsigned long argument[4];

    va_start(arguments, option);
    for (int i = 0; i < 4; i++)
        argument[i] = va_arg(arguments, unsigned long);
    va_end(arguments);
    return (int)SYSCALL(__NR_prctl, option, argument[0], argument[1], argument[2], argument[3]);
}

int unshare(int flags)
{
    return (int)SYSCALL(__NR_unshare, flags);
}

int setns(int fd, int kinds)
{
    return (int)SYSCALL(__NR_setns, fd, kinds);
}
