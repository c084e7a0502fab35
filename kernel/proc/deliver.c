/* SPDX-License-Identifier: MIT */
/* deliver.c - signals take effect: on the way back to ring 3, or at once for a fault.
 *
 *     action      what happens                                 an interrupted system call
 *     SIG_IGN     nothing                                      is started again
 *     SIG_DFL     the process ends, stops, or nothing          is started again
 *     a handler   a frame on the user's stack (sigframe.c)     -EINTR, or started again (SA_RESTART)
 *
 * A fault's signal cannot wait and cannot be refused: if it is blocked or ignored, the process dies of it
 * (Linux's force_sig). Starting a call again means to let its `syscall` instruction run once more: two bytes
 * back, number in rax. A call that found no frame is started again, too, once some are reclaimed. All of this is
 * done by the process itself. */
#include <arch/x86/sigframe.h>
#include <asm-generic/errno.h>
#include <mm/reclaim.h>
#include <proc/explain.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <proc/timer.h>
#include <x86/trapframe.h>

#include <asm/signal.h>

#include <asm-generic/siginfo.h>
#include <asm/unistd.h>

#define SYSCALL_SIZE 2               /* bytes of the instruction: 0f 05 */
#define NS_PER_CLOCK_TICK 10000000UL /* USER_HZ is 100 */

/* ---- Stopping ---- */

/* Sleeps until SIGCONT or SIGKILL (signal.c ends it), as every thread of the process does. */
static void stay_stopped(struct process *process)
{
    SPIN_GUARD(&process_table_lock);
    while (process->stop_signal)
        waitq_sleep(&process->stopped, &process_table_lock, WAIT_FOREVER, false);
}

static void stop(struct process *process, int number)
{
    struct process *parent = process->parent;
    const struct signal_info info = {
        .number = SIGCHLD, .code = CLD_STOPPED, .pid = process->pid, .status = number};
    process->stop_signal = number;
    process->stop_unreported = true;
    process->continue_unreported = false;
    if (parent) {
        if (!(signal_action(parent->signals, SIGCHLD).flags & SA_NOCLDSTOP))
            signal_send(parent, &info);
        waitq_wake(&parent->child_exited, WAKE_ALL);
    }
    signal_summon(process, current_task());
    stay_stopped(process);
}

/* ---- System calls that were interrupted ---- */

static bool was_interrupted(const struct trapframe *frame)
{
    return frame->vector == TRAP_SYSCALL && (int64_t)frame->rax == -EINTR && (int64_t)frame->error >= 0;
}

/* signal(7): these give -EINTR after a handler, whatever SA_RESTART says; so does a futex call with a time-out. */
static bool never_restarted(uint64_t number, const struct task *task)
{
    if (task->restart_deadline)
        return true;
    switch (number) {
    case __NR_pause:
    case __NR_rt_sigsuspend:
    case __NR_rt_sigtimedwait:
    case __NR_nanosleep:
    case __NR_clock_nanosleep:
    case __NR_epoll_wait:
    case __NR_epoll_pwait:
    case __NR_epoll_pwait2:
    case __NR_poll:
    case __NR_ppoll:
    case __NR_select:
    case __NR_pselect6:
        return true;
    default:
        return false;
    }
}

static void restart(struct trapframe *frame)
{
    frame->rax = frame->error;
    frame->rip -= SYSCALL_SIZE;
}

/* ---- Handlers ---- */

void signal_describe(const struct signal_info *from, struct siginfo *to)
{
    *to = (struct siginfo){.si_signo = from->number, .si_code = from->code};
    if (from->trap || from->address) {
        to->si_addr = (void *)from->address;
        return;
    }
    if (from->code == SI_TIMER)
        timer_told(current_process(), from->pid, from->uid);
    to->si_pid = from->pid;
    to->si_uid = (unsigned)from->uid;
    if (from->number == SIGCHLD) {
        to->si_status = from->status;
        to->si_utime = (long)(from->user_ns / NS_PER_CLOCK_TICK);
        to->si_stime = (long)(from->system_ns / NS_PER_CLOCK_TICK);
    } else if (from->value) {
        to->si_ptr = (void *)from->value;
    }
}

/* After the frame is pushed: what is blocked while the handler runs, and what SA_RESETHAND wants. */
static void enter_handler(struct task *task, int number, const struct signal_action *action)
{
    uint64_t blocked = task->blocked | action->mask;
    if (!(action->flags & SA_NODEFER))
        blocked |= signal_bit(number);
    if (action->flags & SA_RESETHAND) {
        struct signal_action reset = *action;
        reset.handler = (uint64_t)SIG_DFL;
        signal_set_action(task->thread.process, number, &reset, NULL);
    }
    if (task->stack.disarm)
        task->stack = (struct sigframe_stack){0};
    task->restart_deadline = 0;
    task->restore_blocked = false;
    signal_set_blocked(task, blocked);
}

static int push_frame(struct trapframe *frame, const struct task *task, const struct signal_action *action,
                      const struct signal_info *info)
{
    struct siginfo siginfo;
    signal_describe(info, &siginfo);
    const struct sigframe_request request = {
        .handler = action->handler,
        .restorer = action->flags & SA_RESTORER ? action->restorer : 0,
        .info = &siginfo,
        .blocked = task->restore_blocked ? task->saved_blocked : task->blocked,
        .stack = task->stack,
        .use_stack = action->flags & SA_ONSTACK,
        .trap = task->fault_trap,
        .error = task->fault_error,
        .fault_address = task->fault_address,
    };
    return sigframe_push(frame, &request);
}

/* => false: the stack cannot take the frame. */
static bool run_handler(struct trapframe *frame, struct task *task, const struct signal_info *info)
{
    struct signal_action action = task->thread.process->signals->actions[info->number - 1];
    if (was_interrupted(frame) && (action.flags & SA_RESTART) && !never_restarted(frame->error, task))
        restart(frame);
    if (push_frame(frame, task, &action, info) != 0)
        return false;
    enter_handler(task, info->number, &action);
    return true;
}

/* ---- Faults ---- */

_Noreturn static void die_of_fault(const struct trapframe *frame, const struct signal_info *info)
{
    explain_fault(frame, info);
    process_exit(info->number);
}

static void no_room_for_frame(struct trapframe *frame, int number)
{
    const struct signal_info info = {.number = SIGSEGV, .code = SI_KERNEL};
    if (number == SIGSEGV)
        die_of_fault(frame, &info);
    signal_fault(frame, &info);
}

void signal_fault(struct trapframe *frame, const struct signal_info *info)
{
    struct task *task = current_task();
    uint64_t bit = signal_bit(info->number);
    if (info->trap || info->address) { /* the trap of a division is 0 */
        task->fault_trap = info->trap;
        task->fault_error = info->error;
    }
    if (info->trap == TRAP_PAGE_FAULT)
        task->fault_address = info->address;
    if (!(task->thread.process->signals->caught & bit) || (task->blocked & bit))
        die_of_fault(frame, info);
    if (!run_handler(frame, task, info))
        no_room_for_frame(frame, info->number);
}

/* ---- What waits ---- */

/* => true: a handler is going to run. */
static bool deliver_one(struct trapframe *frame, struct task *task, const struct signal_info *info)
{
    struct process *process = task->thread.process;
    uint64_t bit = signal_bit(info->number);
    if (process->signals->ignored & bit)
        return false;
    if (process->signals->caught & bit) {
        if (!run_handler(frame, task, info))
            no_room_for_frame(frame, info->number);
        return true;
    }
    switch (signal_default(info->number)) {
    case SIGNAL_IGNORE:
        break;
    case SIGNAL_STOP:
        stop(process, info->number);
        break;
    case SIGNAL_TERMINATE:
        process_exit(info->number);
    }
    return false;
}

/* What others have decided about this thread's process: its end, or a stop. */
static void follow_others(struct process *process)
{
    if (unlikely(process->ending))
        task_exit(0);
    if (unlikely(process->stop_signal))
        stay_stopped(process);
}

void signal_deliver(struct trapframe *frame)
{
    struct task *task = current_task();
    struct signal_info info;
    bool handled = false;
    follow_others(task->thread.process);
    while (signal_take(task, ~task->blocked, &info)) {
        handled |= deliver_one(frame, task, &info);
        follow_others(task->thread.process);
    }
    if (handled)
        return;
    if (was_interrupted(frame))
        restart(frame);
    if (task->restore_blocked) {
        task->restore_blocked = false;
        signal_set_blocked(task, task->saved_blocked);
    }
}

/* Frames have become few, or a system call found none. That one changed nothing when it failed, so it may begin again. */
static void reclaim_and_retry(struct trapframe *frame, struct thread *thread)
{
    int64_t result = (int64_t)frame->rax;
    bool failed = frame->vector == TRAP_SYSCALL && (int64_t)frame->error >= 0 &&
                  (result == -ENOMEM || result == -ENOSPC);

    __atomic_and_fetch(&thread->pending, ~THREAD_FRAMES, __ATOMIC_RELAXED);
    if ((failed || page_scarce) && reclaim() && failed)
        restart(frame);
}

void process_return_to_user(struct trapframe *frame)
{
    struct thread *thread = current_thread();
    uint32_t pending;
    while ((pending = __atomic_load_n(&thread->pending, __ATOMIC_RELAXED)) != 0) {
        if (pending & THREAD_RESCHEDULE)
            sched_preempt();
        if (pending & THREAD_FRAMES)
            reclaim_and_retry(frame, thread);
        if (pending & THREAD_SIGNAL)
            signal_deliver(frame);
    }
}
