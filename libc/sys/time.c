/* SPDX-License-Identifier: MIT */
/* time.c - clocks, and the timers that every process has (those it makes: libc/thread/timer.c). What the vDSO can tell is asked there,
 * all else of the kernel. */
#include <errno.h>
#include <stddef.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"
#include "vdso.h"

int clock_gettime(clockid_t clock, struct timespec *now)
{
    const struct vdso *vdso = vdso_functions();

    if (vdso->clock_gettime != NULL)
        return (int)syscall_result(vdso->clock_gettime(clock, now));
    return (int)SYSCALL(__NR_clock_gettime, clock, now);
}

int clock_getres(clockid_t clock, struct timespec *resolution)
{
    return (int)SYSCALL(__NR_clock_getres, clock, resolution);
}

int clock_settime(clockid_t clock, const struct timespec *now)
{
    return (int)SYSCALL(__NR_clock_settime, clock, now);
}

/* The clock of a process is known by its number (clock_getres(2): CPUCLOCK_SCHED). Returns the error number. */
int clock_getcpuclockid(pid_t process, clockid_t *clock)
{
    clockid_t wanted = (clockid_t)(~(unsigned int)process << 3 | 2);

    if (RAW_SYSCALL(__NR_clock_getres, wanted, NULL) != 0)
        return ESRCH;
    *clock = wanted;
    return 0;
}

/* Returns the error number instead of setting errno. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *remaining)
{
    return (int)-RAW_WAITING_SYSCALL(__NR_clock_nanosleep, clock, flags, request, remaining);
}

int nanosleep(const struct timespec *request, struct timespec *remaining)
{
    return (int)WAITING_SYSCALL(__NR_nanosleep, request, remaining);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    const struct vdso *vdso = vdso_functions();

    if (vdso->gettimeofday != NULL)
        return (int)syscall_result(vdso->gettimeofday(now, zone));
    return (int)SYSCALL(__NR_gettimeofday, now, zone);
}

int settimeofday(const struct timeval *now, const struct timezone *zone)
{
    return (int)SYSCALL(__NR_settimeofday, now, zone);
}

int getitimer(int which, struct itimerval *now)
{
    return (int)SYSCALL(__NR_getitimer, which, now);
}

int setitimer(int which, const struct itimerval *restrict value, struct itimerval *restrict old)
{
    return (int)SYSCALL(__NR_setitimer, which, value, old);
}

unsigned int alarm(unsigned int seconds)
{
    return (unsigned int)SYSCALL(__NR_alarm, seconds);
}

static struct timeval timeval_of(unsigned int microseconds)
{
    return (struct timeval){.tv_sec = microseconds / 1000000, .tv_usec = microseconds % 1000000};
}

/* Returns the microseconds that were left until the alarm before. */
unsigned int ualarm(unsigned int microseconds, unsigned int interval)
{
    struct itimerval timer = {.it_interval = timeval_of(interval), .it_value = timeval_of(microseconds)}, old;

    if (setitimer(ITIMER_REAL, &timer, &old) != 0)
        return (unsigned int)-1;
    return (unsigned int)(old.it_value.tv_sec * 1000000 + old.it_value.tv_usec);
}

int pause(void)
{
    return (int)WAITING_SYSCALL(__NR_pause);
}

clock_t times(struct tms *used)
{
    return SYSCALL(__NR_times, used);
}

time_t time(time_t *now)
{
    const struct vdso *vdso = vdso_functions();

    return vdso->time != NULL ? vdso->time(now) : SYSCALL(__NR_time, now);
}

int timespec_get(struct timespec *now, int base)
{
    if (base != TIME_UTC || clock_gettime(CLOCK_REALTIME, now) != 0)
        return 0;
    return base;
}

/* Processor time of the process, in microseconds. */
clock_t clock(void)
{
    struct timespec used;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
        return -1;
    return used.tv_sec * CLOCKS_PER_SEC + used.tv_nsec / (1000000000L / CLOCKS_PER_SEC);
}

/* Returns the seconds not slept when a signal came first. */
unsigned int sleep(unsigned int seconds)
{
    struct timespec request = {.tv_sec = seconds};

    if (nanosleep(&request, &request) == 0)
        return 0;
    return (unsigned int)request.tv_sec + (request.tv_nsec >= 500000000L);
}

int usleep(useconds_t microseconds)
{
    struct timespec request = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000L};

    return nanosleep(&request, NULL);
}
