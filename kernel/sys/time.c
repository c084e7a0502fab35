/* SPDX-License-Identifier: MIT */
/* time.c - the system calls that tell the time and those that let it pass.
 *
 * One clock counts nanoseconds since boot; real time is that plus what the battery clock said at boot, or what
 * clock_settime made of it. */
#include <sys/calls.h>

#include <arch/x86/clock.h>
#include <arch/x86/usercopy.h>
#include <dev/rtc.h>
#include <proc/process.h>
#include <proc/timer.h>
#include <sys/timespec.h>
#include <vdso/vdso.h>

#include <asm-generic/errno.h>
#include <linux/time.h>
#include <linux/time_types.h>

/* TIME_SETTOD_SEC_MAX of Linux: 30 years before the end. */
#define LATEST_NS (FOREVER_NS - 30 * 365 * 86400 * NS_PER_SECOND)
#define FOREVER_NS ((uint64_t)INT64_MAX) /* later than any clock here will ever be */

int timespec_write(vaddr_t to, uint64_t ns)
{
    const struct __kernel_timespec time = {.tv_sec = (int64_t)(ns / NS_PER_SECOND),
                                           .tv_nsec = (long long)(ns % NS_PER_SECOND)};
    return copy_to_user(to, &time, sizeof(time));
}

struct __kernel_old_timeval timeval_of(uint64_t ns)
{
    return (struct __kernel_old_timeval){.tv_sec = (long)(ns / NS_PER_SECOND),
                                         .tv_usec = (long)(ns % NS_PER_SECOND / 1000)};
}

int timespec_read(vaddr_t from, uint64_t *ns)
{
    struct __kernel_timespec time;
    if (copy_from_user(&time, from, sizeof(time)) != 0)
        return -EFAULT;
    if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= (long long)NS_PER_SECOND)
        return -EINVAL;
    if ((uint64_t)time.tv_sec >= FOREVER_NS / NS_PER_SECOND)
        *ns = FOREVER_NS;
    else
        *ns = (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
    return 0;
}

uint64_t timespec_deadline(uint64_t ns)
{
    return MAX(MIN(clock_now() + ns, FOREVER_NS), 1UL);
}

/* ---- Clocks ---- */

/* What each clock tells, and whether one can sleep on it. (Linux has no clock 10; the alarm clocks wake nobody here.) */
static const struct {
    enum clock_kind kind;
    int sleep; /* 0, or why not */
} clocks[] = {
    [CLOCK_REALTIME] = {CLOCK_REAL, 0},
    [CLOCK_MONOTONIC] = {CLOCK_SINCE_BOOT, 0},
    [CLOCK_PROCESS_CPUTIME_ID] = {CLOCK_OF_PROCESS, -EOPNOTSUPP},
    [CLOCK_THREAD_CPUTIME_ID] = {CLOCK_OF_THREAD, -EOPNOTSUPP},
    [CLOCK_MONOTONIC_RAW] = {CLOCK_SINCE_BOOT, -EOPNOTSUPP},
    [CLOCK_REALTIME_COARSE] = {CLOCK_REAL, -EOPNOTSUPP},
    [CLOCK_MONOTONIC_COARSE] = {CLOCK_SINCE_BOOT, -EOPNOTSUPP},
    [CLOCK_BOOTTIME] = {CLOCK_SINCE_BOOT, 0},
    [CLOCK_REALTIME_ALARM] = {CLOCK_REAL, 0},
    [CLOCK_BOOTTIME_ALARM] = {CLOCK_SINCE_BOOT, 0},
    [CLOCK_TAI] = {CLOCK_REAL, 0},
};

static enum clock_kind clock_kind(uint64_t clock)
{
    return (uint32_t)clock < ARRAY_SIZE(clocks) ? clocks[(uint32_t)clock].kind : CLOCK_NONE;
}

/* The number of a CPU clock that is not one's own: ~pid << 3, 4: of a thread, and how it is counted (clock_getcpuclockid(3)). */
static int cpu_clock(int clock, struct timer *timer)
{
    int id = ~(clock >> 3);
    bool of_thread = clock & 4, user = (clock & 3) == 1;
    const struct task *task = of_thread ? task_find(id ? id : current_thread()->tid) : NULL;

    if ((clock & 3) == 3 || (of_thread && (user || !task || task->thread.process != current_process())))
        return -EINVAL;
    timer->clock = of_thread ? CLOCK_OF_THREAD : user ? CLOCK_OF_PROCESS_USER : CLOCK_OF_PROCESS;
    timer->clock_tid = task ? task->thread.tid : 0;
    timer->process = of_thread || !id ? current_process() : process_find(id);
    return timer->process && timer->process->state == PROCESS_LIVE ? 0 : -EINVAL;
}

static int clock_find(uint64_t clock, struct timer *timer)
{
    if ((int)clock < 0)
        return cpu_clock((int)clock, timer);
    timer->clock = clock_kind(clock);
    timer->clock_tid = current_thread()->tid;
    timer->process = current_process();
    return timer->clock == CLOCK_NONE ? -EINVAL : 0;
}

int clock_for_timer(uint64_t clock, struct timer *timer)
{
    int error = clock_find(clock, timer);

    if (error || timer->clock > CLOCK_SINCE_BOOT)
        return error || timer->process == current_process() ? error : -EINVAL;
    return clocks[(uint32_t)clock].sleep;
}

/* => the clock's time in nanoseconds; -EINVAL: no such clock. */
static int read_clock(uint64_t clock, uint64_t *ns)
{
    struct timer timer;
    int error = clock_find(clock, &timer);

    if (!error)
        *ns = timer_now(&timer) + (timer.clock == CLOCK_REAL ? clock_boot_realtime() : 0);
    return error;
}

int64_t sys_clock_gettime(struct trapframe *frame)
{
    uint64_t ns;
    int error = read_clock(ARG0(frame), &ns);
    return error ? error : timespec_write(ARG1(frame), ns);
}

/* Real time may not be before the time since boot: so the clock of the boot stays after 1970 (Linux). */
int64_t sys_clock_settime(struct trapframe *frame)
{
    uint64_t ns;
    if ((int)ARG0(frame) != CLOCK_REALTIME)
        return -EINVAL;
    int error = timespec_read(ARG1(frame), &ns);
    if (error)
        return error;
    uint64_t now = clock_now();
    if (ns >= LATEST_NS || ns < now)
        return -EINVAL;
    clock_set_boot_realtime(ns - now);
    vdso_update();
    return 0;
}

int64_t sys_clock_getres(struct trapframe *frame)
{
    uint64_t now;
    int clock = (int)ARG0(frame);
    int error = read_clock(ARG0(frame), &now);
    if (error || !ARG1(frame))
        return error;
    bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
    return timespec_write(ARG1(frame), coarse ? NS_PER_SECOND / CLOCK_TICK_HZ : 1);
}

int64_t sys_gettimeofday(struct trapframe *frame)
{
    const struct __kernel_old_timeval time = timeval_of(clock_boot_realtime() + clock_now());
    const struct timezone zone = {0};
    if (ARG0(frame) && copy_to_user(ARG0(frame), &time, sizeof(time)) != 0)
        return -EFAULT;
    return ARG1(frame) ? copy_to_user(ARG1(frame), &zone, sizeof(zone)) : 0;
}

int64_t sys_time(struct trapframe *frame)
{
    int64_t seconds = (int64_t)((clock_boot_realtime() + clock_now()) / NS_PER_SECOND);
    if (ARG0(frame) && copy_to_user(ARG0(frame), &seconds, sizeof(seconds)) != 0)
        return -EFAULT;
    return seconds;
}

/* ---- Sleeping ---- */

/* => 0 when clock_now() has reached the deadline, never before; -EINTR. */
static int sleep_until(uint64_t deadline)
{
    while (clock_now() < deadline)
        if (sleep_alone(deadline) == -EINTR)
            return -EINTR;
    return 0;
}

static int64_t sleep_for(uint64_t ns, vaddr_t remaining_at)
{
    uint64_t deadline = task_deadline(timespec_deadline(ns));
    int result = sleep_until(deadline);
    if (result == -EINTR)
        current_task()->restart_deadline = deadline;
    if (result == -EINTR && remaining_at) {
        uint64_t now = clock_now();
        if (timespec_write(remaining_at, deadline > now ? deadline - now : 0) != 0)
            return -EFAULT;
    }
    return result;
}

int64_t sys_nanosleep(struct trapframe *frame)
{
    uint64_t ns;
    int error = timespec_read(ARG0(frame), &ns);
    return error ? error : sleep_for(ns, ARG1(frame));
}

int64_t sys_clock_nanosleep(struct trapframe *frame)
{
    uint64_t ns;
    enum clock_kind kind = clock_kind(ARG0(frame));
    uint64_t ahead = kind == CLOCK_REAL ? clock_boot_realtime() : 0; /* of clock_now() */
    int error = kind == CLOCK_NONE ? -EINVAL : clocks[(uint32_t)ARG0(frame)].sleep;
    if (!error)
        error = timespec_read(ARG2(frame), &ns);
    if (error)
        return error;
    if (!(ARG1(frame) & TIMER_ABSTIME))
        return sleep_for(ns, ARG3(frame));
    return sleep_until(ns > ahead ? ns - ahead : 0);
}
