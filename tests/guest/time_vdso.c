/* SPDX-License-Identifier: MIT */
/* time_vdso.c - what the vDSO says agrees with what the system call says: each of its readings lies between two of the
 * kernel's, it never goes back, and what only the kernel knows is asked of the kernel. */
#include <elf.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>

#include "check.h"

#define ROUNDS 2000
#define SECOND 1000000000L

static long nanoseconds(const struct timespec *time)
{
    return time->tv_sec * SECOND + time->tv_nsec;
}

static long kernels(clockid_t clock)
{
    struct timespec now = {0};

    syscall(SYS_clock_gettime, clock, &now);
    return nanoseconds(&now);
}

static void clock_agrees(const char *name, clockid_t clock)
{
    long last = 0, back = 0, outside = 0, odd = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct timespec now = {-1, -1};
        long before = kernels(clock);
        int result = clock_gettime(clock, &now);
        long after = kernels(clock), here = nanoseconds(&now);
        back += here < last;
        outside += here < before || here > after;
        odd += result != 0 || now.tv_nsec < 0 || now.tv_nsec >= SECOND;
        last = here;
    }
    say("%s:", name);
    expect("  went back", back, 0);
    expect("  was not between the kernel's", outside, 0);
    expect("  was no time", odd, 0);
    expect("  is not zero", last > 0, 1);
}

/* gettimeofday and time cut off what they cannot show. */
static void others_agree(void)
{
    long outside = 0, late = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct timeval now;
        long before = kernels(CLOCK_REALTIME) / 1000;
        gettimeofday(&now, NULL);
        long after = kernels(CLOCK_REALTIME) / 1000, here = now.tv_sec * 1000000 + now.tv_usec;
        outside += here < before || here > after;
        time_t seconds = time(NULL), stored;
        late += seconds < before / 1000000 - 1 || seconds > kernels(CLOCK_REALTIME) / SECOND;
        late += time(&stored) < seconds || stored < seconds;
    }
    expect("gettimeofday was not between the kernel's", outside, 0);
    expect("time was not", late, 0);
}

static void edges(void)
{
    struct timespec now;

    expect("gettimeofday of nothing", gettimeofday(NULL, NULL), 0);
    expect_error("no such clock", clock_gettime(99, &now), EINVAL);
    expect_error("a negative clock that is nobody's", clock_gettime(-1, &now), EINVAL);
    expect("clock_getres", clock_getres(CLOCK_MONOTONIC, &now), 0);
    expect("  nanoseconds", nanoseconds(&now), 1);
    expect_error("clock_getres of no such clock", clock_getres(99, &now), EINVAL);
    expect("CPU time", clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    expect("  is not zero", nanoseconds(&now) > 0, 1);
    expect("this CPU is one of few", sched_getcpu() >= 0 && sched_getcpu() < 1024, 1);
}

/* Only what is refused before anybody looks whether we may: this runs on machines whose clock is not ours. */
static void set_refusals(void)
{
    struct timespec time = {.tv_sec = 1000000000};

    expect_error("setting the monotonic clock", syscall(SYS_clock_settime, CLOCK_MONOTONIC, &time), EINVAL);
    expect_error("setting CPU time", syscall(SYS_clock_settime, CLOCK_PROCESS_CPUTIME_ID, &time), EINVAL);
    expect_error("setting no clock", syscall(SYS_clock_settime, 99, &time), EINVAL);
    expect_error("from nowhere", syscall(SYS_clock_settime, CLOCK_REALTIME, 8), EFAULT);
    time.tv_nsec = SECOND;
    expect_error("a second too many nanoseconds", syscall(SYS_clock_settime, CLOCK_REALTIME, &time), EINVAL);
    time = (struct timespec){.tv_sec = -1};
    expect_error("before 1970", syscall(SYS_clock_settime, CLOCK_REALTIME, &time), EINVAL);
    time = (struct timespec){.tv_sec = 9223372036};
    expect_error("in 2262", syscall(SYS_clock_settime, CLOCK_REALTIME, &time), EINVAL);
}

int main(void)
{
    const unsigned char *image = (const unsigned char *)getauxval(AT_SYSINFO_EHDR);

    expect("AT_SYSINFO_EHDR leads to an ELF file", image && memcmp(image, ELFMAG, SELFMAG) == 0, 1);
    clock_agrees("CLOCK_MONOTONIC", CLOCK_MONOTONIC);
    clock_agrees("CLOCK_REALTIME", CLOCK_REALTIME);
    clock_agrees("CLOCK_BOOTTIME", CLOCK_BOOTTIME);
    clock_agrees("CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW);
    clock_agrees("CLOCK_MONOTONIC_COARSE", CLOCK_MONOTONIC_COARSE);
    clock_agrees("CLOCK_REALTIME_COARSE", CLOCK_REALTIME_COARSE);
    clock_agrees("CLOCK_TAI", CLOCK_TAI);
    others_agree();
    edges();
    set_refusals();
    return finish();
}
