/* SPDX-License-Identifier: MIT */
/* sysconf.c - numbers about the system that a program asks for at run time. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

int getpagesize(void)
{
    return (int)getauxval(AT_PAGESZ);
}

/* Processors that this process may run on, from its affinity mask; 1 when the kernel does not say. */
int get_nprocs(void)
{
    unsigned long mask[16];
    int count = 0, saved = errno;
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);

    errno = saved;
    for (long word = 0; word < bytes / (long)sizeof(long); word++)
        for (unsigned long left = mask[word]; left != 0; left &= left - 1)
            count++;
    return count > 0 ? count : 1;
}

int get_nprocs_conf(void)
{
    return get_nprocs();
}

static long limit_of(int resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return -1;
    return (long)limit.rlim_cur;
}

long get_phys_pages(void)
{
    struct sysinfo info;

    return sysinfo(&info) == 0 ? (long)(info.totalram * info.mem_unit / (unsigned long)getpagesize()) : -1;
}

long get_avphys_pages(void)
{
    struct sysinfo info;

    return sysinfo(&info) == 0 ? (long)(info.freeram * info.mem_unit / (unsigned long)getpagesize()) : -1;
}

/* POSIX's options, of which <unistd.h> says the same; those that are not here are -1 without an error. => 0: no option */
static long option(int name)
{
    switch (name) {
    case _SC_BARRIERS:
    case _SC_CLOCK_SELECTION:
    case _SC_CPUTIME:
    case _SC_FSYNC:
    case _SC_MAPPED_FILES:
    case _SC_MEMLOCK:
    case _SC_MEMLOCK_RANGE:
    case _SC_MEMORY_PROTECTION:
    case _SC_MONOTONIC_CLOCK:
    case _SC_PRIORITY_SCHEDULING:
    case _SC_READER_WRITER_LOCKS:
    case _SC_REALTIME_SIGNALS:
    case _SC_SEMAPHORES:
    case _SC_SHARED_MEMORY_OBJECTS:
    case _SC_SPAWN:
    case _SC_SPIN_LOCKS:
    case _SC_THREADS:
    case _SC_THREAD_ATTR_STACKADDR:
    case _SC_THREAD_ATTR_STACKSIZE:
    case _SC_THREAD_CPUTIME:
    case _SC_THREAD_PRIORITY_SCHEDULING:
    case _SC_THREAD_PROCESS_SHARED:
    case _SC_THREAD_SAFE_FUNCTIONS:
    case _SC_TIMEOUTS:
    case _SC_TIMERS:
    case _SC_VERSION:
        return _POSIX_VERSION;
    case _SC_JOB_CONTROL:
    case _SC_SAVED_IDS:
    case _SC_SHELL:
    case _SC_V6_LP64_OFF64:
    case _SC_V7_LP64_OFF64:
        return 1;
    case _SC_ASYNCHRONOUS_IO:
    case _SC_IPV6:
    case _SC_MESSAGE_PASSING:
    case _SC_THREAD_PRIO_INHERIT:
    case _SC_THREAD_PRIO_PROTECT:
    case _SC_V6_ILP32_OFF32:
    case _SC_V6_ILP32_OFFBIG:
    case _SC_V6_LPBIG_OFFBIG:
    case _SC_V7_ILP32_OFF32:
    case _SC_V7_ILP32_OFFBIG:
    case _SC_V7_LPBIG_OFFBIG:
        return -1;
    }
    return 0;
}

/* -1 without touching errno means "no limit". */
long sysconf(int name)
{
    long there = option(name);

    if (there != 0)
        return there;
    switch (name) {
    case _SC_ARG_MAX:
        return ARG_MAX;
    case _SC_CHILD_MAX:
        return limit_of(RLIMIT_NPROC);
    case _SC_CLK_TCK:
        return (long)getauxval(AT_CLKTCK);
    case _SC_NGROUPS_MAX:
        return NGROUPS_MAX;
    case _SC_OPEN_MAX:
        return limit_of(RLIMIT_NOFILE);
    case _SC_PAGESIZE:
        return getpagesize();
    case _SC_IOV_MAX:
        return IOV_MAX;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN:
        return get_nprocs();
    case _SC_PHYS_PAGES:
        return get_phys_pages();
    case _SC_AVPHYS_PAGES:
        return get_avphys_pages();
    case _SC_HOST_NAME_MAX:
        return HOST_NAME_MAX;
    case _SC_LOGIN_NAME_MAX:
        return LOGIN_NAME_MAX;
    case _SC_TTY_NAME_MAX:
        return TTY_NAME_MAX;
    case _SC_SYMLOOP_MAX:
        return SYMLOOP_MAX;
    case _SC_LINE_MAX:
        return LINE_MAX;
    case _SC_NZERO:
        return NZERO;
    case _SC_GETGR_R_SIZE_MAX:
    case _SC_GETPW_R_SIZE_MAX:
        return 1024; /* glibc's; where it is too little the functions say so */
    case _SC_RTSIG_MAX:
        return SIGRTMAX - SIGRTMIN + 1;
    case _SC_SEM_VALUE_MAX:
        return SEM_VALUE_MAX;
    case _SC_THREAD_DESTRUCTOR_ITERATIONS:
        return PTHREAD_DESTRUCTOR_ITERATIONS;
    case _SC_THREAD_KEYS_MAX:
        return PTHREAD_KEYS_MAX;
    case _SC_THREAD_STACK_MIN:
        return PTHREAD_STACK_MIN;
    case _SC_STREAM_MAX:
    case _SC_THREAD_THREADS_MAX:
    case _SC_TIMER_MAX:
        return -1;
    }
    errno = EINVAL;
    return -1;
}

int getdtablesize(void)
{
    long limit = limit_of(RLIMIT_NOFILE);

    return limit < 0 || limit > INT_MAX ? INT_MAX : (int)limit;
}

/* Nothing here gives a machine a number of its own (glibc has /etc/hostid). */
long gethostid(void)
{
    return 0;
}

int gethostname(char *to, size_t size)
{
    struct utsname name;

    if (uname(&name) != 0)
        return -1;
    if (strlcpy(to, name.nodename, size) >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

int getdomainname(char *to, size_t size)
{
    struct utsname name;

    if (uname(&name) != 0)
        return -1;
    if (strlcpy(to, name.domainname, size) >= size) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}
