/* SPDX-License-Identifier: MIT */
/* sched.c - when and on which CPUs a process or thread runs. For threads by their pthread_t: libc/thread/schedule.c. */
#include <sched.h>
#include <string.h>

#include "raw.h"
#include "vdso.h"

int sched_yield(void)
{
    return (int)SYSCALL(__NR_sched_yield);
}

int sched_getcpu(void)
{
    const struct vdso *vdso = vdso_functions();
    unsigned int cpu;

    if (vdso->getcpu != NULL && vdso->getcpu(&cpu, NULL, NULL) == 0)
        return (int)cpu;
    return SYSCALL(__NR_getcpu, &cpu, NULL, NULL) == 0 ? (int)cpu : -1;
}

int sched_get_priority_max(int policy)
{
    return (int)SYSCALL(__NR_sched_get_priority_max, policy);
}

int sched_get_priority_min(int policy)
{
    return (int)SYSCALL(__NR_sched_get_priority_min, policy);
}

int sched_getscheduler(pid_t process)
{
    return (int)SYSCALL(__NR_sched_getscheduler, process);
}

int sched_setscheduler(pid_t process, int policy, const struct sched_param *parameters)
{
    return (int)SYSCALL(__NR_sched_setscheduler, process, policy, parameters);
}

int sched_getparam(pid_t process, struct sched_param *parameters)
{
    return (int)SYSCALL(__NR_sched_getparam, process, parameters);
}

int sched_setparam(pid_t process, const struct sched_param *parameters)
{
    return (int)SYSCALL(__NR_sched_setparam, process, parameters);
}

int sched_rr_get_interval(pid_t process, struct timespec *slice)
{
    return (int)SYSCALL(__NR_sched_rr_get_interval, process, slice);
}

int sched_setaffinity(pid_t process, size_t size, const cpu_set_t *set)
{
    return (int)SYSCALL(__NR_sched_setaffinity, process, size, set);
}

/* The kernel answers how many bytes it has written: as many as it needs for all CPUs that there could be. */
int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    long written = SYSCALL(__NR_sched_getaffinity, process, size, set);

    if (written < 0)
        return -1;
    memset((char *)set + written, 0, size - (size_t)written);
    return 0;
}
