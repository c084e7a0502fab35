/* SPDX-License-Identifier: MIT */
/* signal.c - the system calls about signals. What they mean is in proc/signal.c and proc/deliver.c. */
#include <sys/calls.h>

#include <arch/x86/clock.h>
#include <arch/x86/sigframe.h>
#include <arch/x86/usercopy.h>
#include <proc/alarm.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <sys/timespec.h>

#include <asm-generic/errno.h>
#include <asm/signal.h>

#include <asm-generic/siginfo.h>
#include <linux/signal.h>
#include <linux/time.h>
#include <linux/time_types.h>

#define SET_SIZE sizeof(uint64_t) /* the only size of a signal set that the kernel takes */
static_assert(sizeof(struct signal_action) == sizeof(struct sigaction), "copied as it is");

/* ---- Sending ---- */

SYSCALL_IS(kill, signal_kill((int)ARG0(frame), (int)ARG1(frame)));

/* group 0: whatever process the thread belongs to. */
static int send_to_thread(int group, int tid, const struct signal_info *info)
{
    struct task *task = task_find(tid);
    if (info->number < 0 || info->number > SIGNAL_MAX)
        return -EINVAL;
    if (!task || (group && task->thread.process->pid != group))
        return -ESRCH;
    return signal_send_task(task, info);
}

static struct signal_info from_self(int number)
{
    return (struct signal_info){.number = number, .code = SI_TKILL, .pid = current_process()->pid};
}

int64_t sys_tkill(struct trapframe *frame)
{
    const struct signal_info info = from_self((int)ARG1(frame));
    int tid = (int)ARG0(frame);
    return tid > 0 ? send_to_thread(0, tid, &info) : -EINVAL;
}

int64_t sys_tgkill(struct trapframe *frame)
{
    const struct signal_info info = from_self((int)ARG2(frame));
    int group = (int)ARG0(frame), tid = (int)ARG1(frame);
    return group > 0 && tid > 0 ? send_to_thread(group, tid, &info) : -EINVAL;
}

/* What the sender says of itself is believed, unless it pretends to be the kernel, to somebody else. */
static int read_info(vaddr_t from, int number, int pid, struct signal_info *info)
{
    struct siginfo given;
    if (copy_from_user(&given, from, sizeof(given)) != 0)
        return -EFAULT;
    if ((given.si_code >= 0 || given.si_code == SI_TKILL) && pid != current_thread()->tid)
        return -EPERM;
    *info = (struct signal_info){.number = number,
                                 .code = given.si_code,
                                 .pid = given.si_pid,
                                 .uid = (int)given.si_uid,
                                 .value = (uint64_t)given.si_ptr};
    return 0;
}

int64_t sys_rt_sigqueueinfo(struct trapframe *frame)
{
    struct signal_info info;
    int pid = (int)ARG0(frame);
    int error = read_info(ARG2(frame), (int)ARG1(frame), pid, &info);
    if (error)
        return error;
    struct process *process = process_find(pid);
    return process ? signal_send(process, &info) : -ESRCH;
}

int64_t sys_rt_tgsigqueueinfo(struct trapframe *frame)
{
    struct signal_info info;
    int group = (int)ARG0(frame), tid = (int)ARG1(frame);
    if (group <= 0 || tid <= 0)
        return -EINVAL;
    int error = read_info(ARG3(frame), (int)ARG2(frame), tid, &info);
    return error ? error : send_to_thread(group, tid, &info);
}

/* ---- Alarms ---- */

static uint64_t alarm_left(const struct process *process)
{
    uint64_t now = clock_now(), due = process->alarm_ns;
    if (due == 0)
        return 0;
    return due > now ? due - now : 1;
}

/* => whole seconds that were left, rounded; but what is still to come is never told as 0. */
int64_t sys_alarm(struct trapframe *frame)
{
    struct process *process = current_process();
    uint64_t seconds = (uint32_t)ARG0(frame), left = alarm_left(process);
    alarm_set(process, seconds ? clock_now() + seconds * NS_PER_SECOND : 0, 0);
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
static struct __kernel_old_itimerval present_timer(const struct process *process)
{
    return (struct __kernel_old_itimerval){
        .it_interval = timeval_of(process->alarm_interval + 999),
        .it_value = timeval_of(alarm_left(process) + 999),
    };
}

/* Only the timer of real time; those of the CPU's time are not here. */
int64_t sys_getitimer(struct trapframe *frame)
{
    if (ARG0(frame) != ITIMER_REAL)
        return -EINVAL;
    const struct __kernel_old_itimerval present = present_timer(current_process());
    return copy_to_user(ARG1(frame), &present, sizeof(present));
}

int64_t sys_setitimer(struct trapframe *frame)
{
    struct process *process = current_process();
    struct __kernel_old_itimerval wanted = {0};
    if (ARG1(frame) && copy_from_user(&wanted, ARG1(frame), sizeof(wanted)) != 0)
        return -EFAULT;
    if (ARG0(frame) != ITIMER_REAL || !timeval_ok(&wanted.it_value) || !timeval_ok(&wanted.it_interval))
        return -EINVAL;
    const struct __kernel_old_itimerval old = present_timer(process);
    uint64_t first = to_ns(&wanted.it_value);
    alarm_set(process, first ? clock_now() + first : 0, first ? to_ns(&wanted.it_interval) : 0);
    return ARG2(frame) ? copy_to_user(ARG2(frame), &old, sizeof(old)) : 0;
}

/* ---- Actions and sets ---- */

int64_t sys_rt_sigaction(struct trapframe *frame)
{
    struct signal_action wanted, old;
    if (ARG3(frame) != SET_SIZE)
        return -EINVAL;
    if (ARG1(frame) && copy_from_user(&wanted, ARG1(frame), sizeof(wanted)) != 0)
        return -EFAULT;
    int error = signal_set_action(current_process(), (int)ARG0(frame), ARG1(frame) ? &wanted : NULL, &old);
    if (!error && ARG2(frame))
        error = copy_to_user(ARG2(frame), &old, sizeof(old));
    return error;
}

/* => the set after the change, in *result; -EINVAL. */
static int change_set(int how, uint64_t blocked, uint64_t set, uint64_t *result)
{
    switch (how) {
    case SIG_BLOCK:
        *result = blocked | set;
        return 0;
    case SIG_UNBLOCK:
        *result = blocked & ~set;
        return 0;
    case SIG_SETMASK:
        *result = set;
        return 0;
    default:
        return -EINVAL;
    }
}

int64_t sys_rt_sigprocmask(struct trapframe *frame)
{
    struct task *task = current_task();
    uint64_t old = task->blocked, set, blocked;
    if (ARG3(frame) != SET_SIZE)
        return -EINVAL;
    if (ARG1(frame)) {
        if (copy_from_user(&set, ARG1(frame), sizeof(set)) != 0)
            return -EFAULT;
        int error = change_set((int)ARG0(frame), old, set, &blocked);
        if (error)
            return error;
        signal_set_blocked(task, blocked);
    }
    return ARG2(frame) ? copy_to_user(ARG2(frame), &old, sizeof(old)) : 0;
}

int64_t sys_rt_sigpending(struct trapframe *frame)
{
    const struct task *task = current_task();
    uint64_t set = signal_waiting(task, task->blocked);
    if (ARG1(frame) > SET_SIZE)
        return -EINVAL;
    return copy_to_user(ARG0(frame), &set, ARG1(frame));
}

/* ---- Waiting ---- */

static int64_t wait_for_signal(void)
{
    while (sleep_alone(WAIT_FOREVER) == 0)
        continue;
    return -EINTR;
}

SYSCALL_IS(pause, wait_for_signal());

/* The old set comes back when the handler returns, or with the first signal that has none (deliver.c). */
int64_t sys_rt_sigsuspend(struct trapframe *frame)
{
    struct task *task = current_task();
    uint64_t set;
    if (ARG1(frame) != SET_SIZE)
        return -EINVAL;
    if (copy_from_user(&set, ARG0(frame), sizeof(set)) != 0)
        return -EFAULT;
    signal_mask_begin(task, set);
    return wait_for_signal();
}

/* => the signal's number; -EAGAIN: none came in time; -EINTR: another one came. */
static int take_wanted(struct task *task, uint64_t wanted, uint64_t deadline, struct signal_info *info)
{
    int result = 0;
    signal_set_wanted(task, wanted);
    bool taken = signal_take(task, wanted, info);
    while (!taken && result == 0) {
        result = sleep_alone(deadline);
        taken = signal_take(task, wanted, info);
    }
    signal_set_wanted(task, 0);
    if (taken)
        return info->number;
    return result == -ETIMEDOUT ? -EAGAIN : result;
}

int64_t sys_rt_sigtimedwait(struct trapframe *frame)
{
    struct signal_info info;
    uint64_t wanted, deadline = WAIT_FOREVER;
    if (ARG3(frame) != SET_SIZE)
        return -EINVAL;
    if (copy_from_user(&wanted, ARG0(frame), sizeof(wanted)) != 0)
        return -EFAULT;
    if (ARG2(frame)) {
        uint64_t ns;
        int error = timespec_read(ARG2(frame), &ns);
        if (error)
            return error;
        deadline = timespec_deadline(ns);
    }
    int result =
        take_wanted(current_task(), wanted & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP)), deadline, &info);
    if (result < 0 || !ARG1(frame))
        return result;
    struct siginfo siginfo;
    signal_describe(&info, &siginfo);
    return copy_to_user(ARG1(frame), &siginfo, sizeof(siginfo)) != 0 ? -EFAULT : result;
}

/* ---- Handlers ---- */

/* => 0, -EPERM while the thread runs on it, -ENOMEM: too small. */
static int set_alternate_stack(struct sigframe_stack *present, const struct sigframe_stack *wanted,
                               bool disable, uint64_t rsp)
{
    if (sigframe_on_stack(present, rsp))
        return -EPERM;
    if (!disable && wanted->size < MINSIGSTKSZ)
        return -ENOMEM;
    *present = *wanted;
    if (disable)
        present->base = present->size = 0;
    return 0;
}

int64_t sys_sigaltstack(struct trapframe *frame)
{
    struct sigframe_stack *present = &current_task()->stack;
    stack_t old = {.ss_sp = (void *)present->base, .ss_size = present->size};
    old.ss_flags = sigframe_stack_flags(present, frame->rsp);
    if (present->disarm)
        old.ss_flags |= (int)SS_AUTODISARM;
    if (ARG0(frame)) {
        stack_t new;
        if (copy_from_user(&new, ARG0(frame), sizeof(new)) != 0)
            return -EFAULT;
        unsigned mode = (unsigned)new.ss_flags & ~SS_FLAG_BITS;
        if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
            return -EINVAL;
        const struct sigframe_stack wanted = {.base = (vaddr_t) new.ss_sp,
                                              .size = new.ss_size,
                                              .disarm = (unsigned)new.ss_flags &SS_AUTODISARM};
        int error = set_alternate_stack(present, &wanted, mode == SS_DISABLE, frame->rsp);
        if (error)
            return error;
    }
    return ARG1(frame) ? copy_to_user(ARG1(frame), &old, sizeof(old)) : 0;
}

int64_t sys_rt_sigreturn(struct trapframe *frame)
{
    struct task *task = current_task();
    struct sigframe_stack stack;
    uint64_t blocked;
    if (sigframe_pop(frame, &blocked, &stack) != 0) {
        const struct signal_info info = {.number = SIGSEGV, .code = SI_KERNEL};
        frame->rax = 0; /* as Linux */
        signal_fault(frame, &info);
        return (int64_t)frame->rax;
    }
    signal_set_blocked(task, blocked);
    /* A stack that cannot be set is left as it is, as on Linux. */
    (void)set_alternate_stack(&task->stack, &stack, stack.size == 0, frame->rsp);
    return (int64_t)frame->rax;
}
