/* SPDX-License-Identifier: MIT */
/* identity.c - who a process is: its ids, its group, its session.
 *
 * For Linux the ids belong to the thread, for POSIX to the process. The functions here that change them change those of the calling thread
 * only: a new thread has its maker's, but one that is there already keeps what it has. A program that gives up rights does that
 * before it makes threads.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "raw.h"

pid_t getpid(void)
{
    return (pid_t)SYSCALL(__NR_getpid);
}

pid_t getppid(void)
{
    return (pid_t)SYSCALL(__NR_getppid);
}

pid_t gettid(void)
{
    return (pid_t)SYSCALL(__NR_gettid);
}

uid_t getuid(void)
{
    return (uid_t)SYSCALL(__NR_getuid);
}

uid_t geteuid(void)
{
    return (uid_t)SYSCALL(__NR_geteuid);
}

gid_t getgid(void)
{
    return (gid_t)SYSCALL(__NR_getgid);
}

gid_t getegid(void)
{
    return (gid_t)SYSCALL(__NR_getegid);
}

int setuid(uid_t user)
{
    return (int)SYSCALL(__NR_setuid, user);
}

int setgid(gid_t group)
{
    return (int)SYSCALL(__NR_setgid, group);
}

int setreuid(uid_t real, uid_t effective)
{
    return (int)SYSCALL(__NR_setreuid, real, effective);
}

int setregid(gid_t real, gid_t effective)
{
    return (int)SYSCALL(__NR_setregid, real, effective);
}

int setresuid(uid_t real, uid_t effective, uid_t saved)
{
    return (int)SYSCALL(__NR_setresuid, real, effective, saved);
}

int setresgid(gid_t real, gid_t effective, gid_t saved)
{
    return (int)SYSCALL(__NR_setresgid, real, effective, saved);
}

int getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
    return (int)SYSCALL(__NR_getresuid, real, effective, saved);
}

int getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
    return (int)SYSCALL(__NR_getresgid, real, effective, saved);
}

/* The saved id stays, so that there is a way back (setreuid might change it). -1 is no id, though in the calls above it means "as it is".
 */
int seteuid(uid_t user)
{
    if (user == (uid_t)-1) {
        errno = EINVAL;
        return -1;
    }
    return setresuid((uid_t)-1, user, (uid_t)-1);
}

int setegid(gid_t group)
{
    if (group == (gid_t)-1) {
        errno = EINVAL;
        return -1;
    }
    return setresgid((gid_t)-1, group, (gid_t)-1);
}

int setgroups(size_t count, const gid_t *groups)
{
    return (int)SYSCALL(__NR_setgroups, count, groups);
}

int getgroups(int count, gid_t *groups)
{
    return (int)SYSCALL(__NR_getgroups, count, groups);
}

int setpgid(pid_t process, pid_t group)
{
    return (int)SYSCALL(__NR_setpgid, process, group);
}

pid_t getpgid(pid_t process)
{
    return (pid_t)SYSCALL(__NR_getpgid, process);
}

pid_t getpgrp(void)
{
    return getpgid(0);
}

int setpgrp(void)
{
    return setpgid(0, 0);
}

pid_t setsid(void)
{
    return (pid_t)SYSCALL(__NR_setsid);
}

pid_t getsid(pid_t process)
{
    return (pid_t)SYSCALL(__NR_getsid, process);
}

pid_t tcgetpgrp(int fd)
{
    pid_t group;

    if (ioctl(fd, TIOCGPGRP, &group) != 0)
        return -1;
    return group;
}

int tcsetpgrp(int fd, pid_t group)
{
    return ioctl(fd, TIOCSPGRP, &group);
}
