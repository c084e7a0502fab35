/* SPDX-License-Identifier: MIT */
/* timer.c - the system calls for timers: alarm, those of setitimer, and as many as timer_create makes. */
#include <sys/calls.h>

#include <arch/x86/clock.h>
#include <arch/x86/usercopy.h>
#include <dev/rtc.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <proc/timer.h>
#include <sys/timespec.h>

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm-generic/errno.h>
#include <linux/time.h>

static void set_from_now(struct timer *timer, uint64_t first, uint64_t interval)
{
    timer_set(timer, first ? timer_now(timer) + first : 0, first ? interval : 0);
}

/* ---- alarm, setitimer ---------------------------------------------------------------------------------- */

/* => whole seconds that were left, rounded; but what is still to come is never told as 0. */
int64_t sys_alarm(struct trapframe *frame)
{
    struct timer *timer = &current_process()->timers.interval[ITIMER_REAL];
    uint64_t left = timer_left(timer);
    set_from_now(timer, (uint32_t)ARG0(frame) * NS_PER_SECOND, 0);
    return left ? (int64_t)MAX((left + NS_PER_SECOND / 2) / NS_PER_SECOND, 1UL) : 0;
}

static bool timeval_ok(const struct __kernel_old_timeval *time)
{
    return time->tv_sec >= 0 && time->tv_usec >= 0 && time->tv_usec < 1000000;
}

/* So long that it never comes, rather than overflow. */
static uint64_t to_ns(const struct __kernel_old_timeval *time)
{
    uint64_t seconds = MIN((uint64_t)time->tv_sec, (uint64_t)INT32_MAX);
    return seconds * NS_PER_SECOND + (uint64_t)time->tv_usec * 1000;
}

/* Rounded up, as what is left must not look like nothing. */
static struct __kernel_old_itimerval present(const struct timer *timer)
{
    return (struct __kernel_old_itimerval){
        .it_interval = timeval_of(timer->interval + 999),
        .it_value = timeval_of(timer_left(timer) + 999),
    };
}

/* => NULL: no such timer. */
static struct timer *interval_timer(uint64_t which)
{
    return (uint32_t)which <= ITIMER_PROF ? &current_process()->timers.interval[(uint32_t)which] : NULL;
}

int64_t sys_getitimer(struct trapframe *frame)
{
    const struct timer *timer = interval_timer(ARG0(frame));
    if (!timer)
        return -EINVAL;
    const struct __kernel_old_itimerval now = present(timer);
    return copy_to_user(ARG1(frame), &now, sizeof(now));
}

int64_t sys_setitimer(struct trapframe *frame)
{
    struct timer *timer = interval_timer(ARG0(frame));
    struct __kernel_old_itimerval wanted = {0};
    if (ARG1(frame) && copy_from_user(&wanted, ARG1(frame), sizeof(wanted)) != 0)
        return -EFAULT;
    if (!timer || !timeval_ok(&wanted.it_value) || !timeval_ok(&wanted.it_interval))
        return -EINVAL;
    const struct __kernel_old_itimerval old = present(timer);
    set_from_now(timer, to_ns(&wanted.it_value), to_ns(&wanted.it_interval));
    return ARG2(frame) ? copy_to_user(ARG2(frame), &old, sizeof(old)) : 0;
}

/* ---- timer_create and its kin -------------------------------------------------------------------------- */

/* What is to happen when it is due: into the timer. */
static int read_event(vaddr_t from, struct timer *timer)
{
    struct sigevent event;

    if (copy_from_user(&event, from, sizeof(event)) != 0)
        return -EFAULT;
    timer->value = (uint64_t)event.sigev_value.sival_ptr;
    if (event.sigev_notify == SIGEV_NONE)
        return 0;
    if (event.sigev_notify == SIGEV_THREAD_ID) {
        const struct task *task = task_find(event._sigev_un._tid);
        if (!task || task->thread.process != timer->process)
            return -EINVAL;
        timer->tid = event._sigev_un._tid;
    } else if (event.sigev_notify != SIGEV_SIGNAL && event.sigev_notify != SIGEV_THREAD) {
        return -EINVAL; /* SIGEV_THREAD is the C library's: a signal to the kernel */
    }
    timer->signal = event.sigev_signo;
    return event.sigev_signo < 1 || event.sigev_signo > SIGNAL_MAX ? -EINVAL : 0;
}

int64_t sys_timer_create(struct trapframe *frame)
{
    struct process *process = current_process();
    struct timer wanted = {.signal = ARG1(frame) ? 0 : SIGALRM};
    int error = clock_for_timer(ARG0(frame), &wanted);
    if (!error && ARG1(frame))
        error = read_event(ARG1(frame), &wanted);
    if (!error && (uint64_t)process->timers.made_count >= process->limits[RLIMIT_SIGPENDING].rlim_cur)
        error = -EAGAIN;
    if (error)
        return error;
    struct timer *timer = timer_make(&wanted);
    if (!timer)
        return -EAGAIN;
    if (!ARG1(frame))
        timer->value = (uint64_t)timer->id;
    error = copy_to_user(ARG2(frame), &timer->id, sizeof(timer->id));
    if (error)
        timer_delete(timer);
    return error;
}

static struct timer *own_timer(const struct trapframe *frame)
{
    return timer_find(current_process(), (int)ARG0(frame));
}

static int write_setting(vaddr_t to, uint64_t interval, uint64_t left)
{
    int error = timespec_write(to, interval);
    return error ? error : timespec_write(to + sizeof(struct __kernel_timespec), left);
}

int64_t sys_timer_settime(struct trapframe *frame)
{
    uint64_t interval, first;
    int error = ARG2(frame) ? timespec_read(ARG2(frame), &interval) : -EINVAL;
    if (!error)
        error = timespec_read(ARG2(frame) + sizeof(struct __kernel_timespec), &first);
    if (error)
        return error;
    struct timer *timer = own_timer(frame);
    if (!timer)
        return -EINVAL;

    uint64_t old_interval = timer->interval, old_left = timer_left(timer);
    timer->overrun = 0;
    uint64_t ahead = timer->clock == CLOCK_REAL ? clock_boot_realtime() : 0;
    if (ARG1(frame) & TIMER_ABSTIME && first)
        timer_set(timer, first > ahead ? first - ahead : 1, interval);
    else
        timer_set(timer, first ? timer_now(timer) + first : 0, interval);
    return ARG3(frame) ? write_setting(ARG3(frame), old_interval, old_left) : 0;
}

int64_t sys_timer_gettime(struct trapframe *frame)
{
    const struct timer *timer = own_timer(frame);

    return timer ? write_setting(ARG1(frame), timer->interval, timer_left(timer)) : -EINVAL;
}

int64_t sys_timer_getoverrun(struct trapframe *frame)
{
    const struct timer *timer = own_timer(frame);

    return timer ? timer->overrun : -EINVAL;
}

int64_t sys_timer_delete(struct trapframe *frame)
{
    struct timer *timer = own_timer(frame);
    if (!timer)
        return -EINVAL;
    timer_delete(timer);
    return 0;
}
