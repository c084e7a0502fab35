/* SPDX-License-Identifier: MIT */
/* vdso.c - the code of [vdso]: time without entering the kernel.
 *
 * This is no part of the kernel but a shared object (the Makefile links it to build/vdso.so), which the kernel maps into
 * every process and names in AT_SYSINFO_EHDR. It runs in ring 3, with the caller's stack, and reads the page [vvar] that
 * lies right below it. What it cannot answer (CPU time, unknown clocks) it asks the kernel for.
 *
 * Like Linux's it does not check pointers: a bad one is a segmentation fault here, where the system call has EFAULT. */
#include <vdso/data.h>

#include <asm/unistd.h>
#include <linux/time.h>
#include <linux/time_types.h>

/* vdso.ld puts it where [vvar] will be. Hidden, so that it is reached relative to rip and nothing needs relocation.
 * Not const: the kernel writes it, and the compiler must not read it before the sequence. */
extern struct vdso_data vvar __attribute__((visibility("hidden")));

int __vdso_clock_gettime(int clock, struct __kernel_timespec *time);
int __vdso_clock_getres(int clock, struct __kernel_timespec *resolution);
int __vdso_gettimeofday(struct timeval *time, struct timezone *zone);
__kernel_old_time_t __vdso_time(__kernel_old_time_t *time);
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);
unsigned __vdso_trace_level(void);

static long system_call(long number, long first, long second, long third)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
}

/* The TSC, read after everything before it has been (SDM vol. 2, RDTSC): else a reading could be older than the data. */
static uint64_t ticks_now(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* => CLOCK_MONOTONIC in nanoseconds; *realtime: by how much CLOCK_REALTIME is ahead. */
static uint64_t read_clock(uint64_t *realtime)
{
    uint32_t sequence;
    uint64_t now;

    do {
        while ((sequence = __atomic_load_n(&vvar.sequence, __ATOMIC_ACQUIRE)) & 1)
            __asm__ volatile("pause");
        now = clock_scaled(&vvar.scale, ticks_now());
        *realtime = vvar.realtime;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&vvar.sequence, __ATOMIC_RELAXED) != sequence);
    return now;
}

int __vdso_clock_gettime(int clock, struct __kernel_timespec *time)
{
    uint64_t realtime, now;

    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        now = read_clock(&realtime);
        now += realtime;
        break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        now = read_clock(&realtime);
        break;
    default:
        return (int)system_call(__NR_clock_gettime, clock, (long)time, 0);
    }
    time->tv_sec = (long long)(now / NS_PER_SECOND);
    time->tv_nsec = (long long)(now % NS_PER_SECOND);
    return 0;
}

int __vdso_clock_getres(int clock, struct __kernel_timespec *resolution)
{
    return (int)system_call(__NR_clock_getres, clock, (long)resolution, 0);
}

int __vdso_gettimeofday(struct timeval *time, struct timezone *zone)
{
    if (time) {
        uint64_t realtime, now = read_clock(&realtime);
        now += realtime;
        time->tv_sec = (long)(now / NS_PER_SECOND);
        time->tv_usec = (long)(now % NS_PER_SECOND / 1000);
    }
    if (zone)
        *zone = (struct timezone){0};
    return 0;
}

__kernel_old_time_t __vdso_time(__kernel_old_time_t *time)
{
    uint64_t realtime, now = read_clock(&realtime);
    __kernel_old_time_t seconds = (__kernel_old_time_t)((now + realtime) / NS_PER_SECOND);

    if (time)
        *time = seconds;
    return seconds;
}

long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
    uint32_t number;

    (void)unused;
    if (!vvar.has_rdtscp)
        return system_call(__NR_getcpu, (long)cpu, (long)node, 0);
    __asm__ volatile("rdtscp" : "=c"(number) : : "eax", "edx");
    if (cpu)
        *cpu = number;
    if (node)
        *node = 0;
    return 0;
}

/* Faultline's own, for its C library: does somebody watch? */
unsigned __vdso_trace_level(void)
{
    return *(volatile uint8_t *)&vvar.trace_level;
}
