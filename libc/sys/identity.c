/* SPDX-License-Identifier: MIT */
/* identity.c - who a process is: its ids, its group, its session. */
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
