/* SPDX-License-Identifier: MIT */
/* <sys/wait.h> - waiting for children, and what their status says. */
#ifndef _SYS_WAIT_H
#define _SYS_WAIT_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <linux/wait.h>

#define WEXITSTATUS(status) (((status) >> 8) & 0xff)
#define WTERMSIG(status) ((status)&0x7f)
#define WSTOPSIG(status) WEXITSTATUS(status)
#define WCOREDUMP(status) (((status)&0x80) != 0)
#define WIFEXITED(status) (WTERMSIG(status) == 0)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)
#define WIFSTOPPED(status) (((status)&0xff) == 0x7f)
#define WIFCONTINUED(status) ((status) == 0xffff)
#define W_EXITCODE(code, number) ((code) << 8 | (number))
#define W_STOPCODE(number) ((number) << 8 | 0x7f)

/* An enumeration, as POSIX has it; the kernel's header defines plain numbers. */
#undef P_ALL
#undef P_PID
#undef P_PGID
#undef P_PIDFD
typedef enum {
    P_ALL = 0,
    P_PID = 1,
    P_PGID = 2,
    P_PIDFD = 3,
} idtype_t;

pid_t wait(int *status);
pid_t waitpid(pid_t process, int *status, int options);
pid_t wait3(int *status, int options, struct rusage *usage);
pid_t wait4(pid_t process, int *status, int options, struct rusage *usage);
int waitid(idtype_t type, id_t id, siginfo_t *info, int options);

#endif
