/* SPDX-License-Identifier: MIT */
/* system.c - limits, use of resources, and the machine as a whole. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "raw.h"

int getrusage(int who, struct rusage *usage)
{
    return (int)SYSCALL(__NR_getrusage, who, usage);
}

int getrlimit(int resource, struct rlimit *limit)
{
    return (int)SYSCALL(__NR_getrlimit, resource, limit);
}

int setrlimit(int resource, const struct rlimit *limit)
{
    return (int)SYSCALL(__NR_setrlimit, resource, limit);
}

int prlimit(pid_t process, int resource, const struct rlimit *limit, struct rlimit *old)
{
    return (int)SYSCALL(__NR_prlimit64, process, resource, limit, old);
}

/* The kernel answers 20 - nice, so that no good answer is negative. */
int getpriority(int which, id_t who)
{
    long answer = SYSCALL(__NR_getpriority, which, who);

    return answer < 0 ? -1 : 20 - (int)answer;
}

int setpriority(int which, id_t who, int priority)
{
    return (int)SYSCALL(__NR_setpriority, which, who, priority);
}

int nice(int increment)
{
    if (setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + increment) != 0)
        return -1;
    return getpriority(PRIO_PROCESS, 0);
}

int uname(struct utsname *name)
{
    return (int)SYSCALL(__NR_uname, name);
}

int sethostname(const char *name, size_t size)
{
    return (int)SYSCALL(__NR_sethostname, name, size);
}

int setdomainname(const char *name, size_t size)
{
    return (int)SYSCALL(__NR_setdomainname, name, size);
}

int personality(unsigned long persona)
{
    return (int)SYSCALL(__NR_personality, persona);
}

int sysinfo(struct sysinfo *info)
{
    return (int)SYSCALL(__NR_sysinfo, info);
}

/* Of the last 1, 5 and 15 minutes. Returns how many there are. */
int getloadavg(double *loads, int count)
{
    struct sysinfo info;

    if (count < 0 || sysinfo(&info) != 0)
        return -1;
    if (count > 3)
        count = 3;
    for (int i = 0; i < count; i++)
        loads[i] = (double)info.loads[i] / (1 << SI_LOAD_SHIFT);
    return count;
}

int reboot(int command)
{
    return (int)SYSCALL(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command);
}

void sync(void)
{
    RAW_SYSCALL(__NR_sync);
}

ssize_t getrandom(void *to, size_t count, unsigned int flags)
{
    return SYSCALL(__NR_getrandom, to, count, flags);
}

/* All or nothing; the kernel promises that up to 256 bytes are never cut short. */
int getentropy(void *to, size_t count)
{
    if (count > 256) {
        errno = EIO;
        return -1;
    }
    return getrandom(to, count, 0) == (ssize_t)count ? 0 : -1;
}
