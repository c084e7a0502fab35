/* SPDX-License-Identifier: MIT */
/* exit.c - the end of a thread, and of a process.
 *
 *   on its own stack:   whoever waits for the thread is woken; the last one gives back files,
 *                       directories and memory                         (task_exit)
 *   on the next one's:  its stack and structure go back; if it was the last one, the process's
 *                       children get pid 1 as parent, it becomes a zombie, the parent is told
 *                                                                      (task_gone)
 *
 * So by the time that wait4 can see a zombie, everything is free but the structure that holds its status. To end
 * a process is to end all its threads: each is called to signal_deliver() and ends itself.
 * When pid 1's last thread ends, everything does (shutdown.c). */
#include <arch/x86/usercopy.h>
#include <asm/signal.h>
#include <proc/futex.h>
#include <proc/jobs.h>
#include <proc/process.h>
#include <mm/tell.h>
#include <proc/signal.h>
#include <proc/timer.h>

#include <asm-generic/siginfo.h>

/* Zombies stand before the living, in the order in which they were born: the order in which Linux's wait
 * finds them. */
static void insert_zombie(struct process *parent, struct process *zombie)
{
    struct process *other = NULL;
    TAILQ_FOREACH (other, &parent->children, sibling) {
        if (other->state != PROCESS_ZOMBIE || other->started_ns > zombie->started_ns)
            break;
    }
    if (other)
        TAILQ_INSERT_BEFORE(other, zombie, sibling);
    else
        TAILQ_INSERT_TAIL(&parent->children, zombie, sibling);
}

static void give_child(struct process *child, struct process *from, struct process *to)
{
    SPIN_GUARD(&process_table_lock);
    TAILQ_REMOVE(&from->children, child, sibling);
    child->parent = to;
    child->exit_signal = SIGCHLD;
    if (child->state == PROCESS_ZOMBIE)
        insert_zombie(to, child);
    else
        TAILQ_INSERT_TAIL(&to->children, child, sibling);
}

static struct signal_info child_info(const struct process *child)
{
    struct signal_info info = {.number = child->exit_signal, .pid = child->pid};
    int status = child->exit_status;
    info.code = status & 0x7f ? CLD_KILLED : CLD_EXITED;
    info.status = status & 0x7f ? status & 0x7f : status >> 8;
    info.user_ns = child->usage.user_ns;
    info.system_ns = child->usage.system_ns;
    return info;
}

/* The parent hears of a zombie, or does not want to and it is buried at once. */
static void tell_parent(struct process *zombie)
{
    struct process *parent = zombie->parent;
    struct signal_info info = child_info(zombie);
    if (info.number == SIGCHLD && signal_children_ignored(parent))
        process_reap(zombie);
    signal_send(parent, &info);
    waitq_wake(&parent->child_exited, WAKE_ALL);
}

static void give_children_away(struct process *process)
{
    struct process *init = process_find(1);
    struct process *child;
    while ((child = TAILQ_FIRST(&process->children))) {
        give_child(child, process, init);
        if (child->state == PROCESS_ZOMBIE)
            tell_parent(child);
        else
            jobs_child_lost(child, process);
    }
}

static void become_zombie(struct process *process)
{
    SPIN_GUARD(&process_table_lock);
    process->state = PROCESS_ZOMBIE;
    TAILQ_REMOVE(&process->parent->children, process, sibling);
    insert_zombie(process->parent, process);
}

static void process_gone(struct process *process)
{
    signals_free(process->signals);
    process->signals = NULL;
    give_children_away(process);
    become_zombie(process);
    jobs_process_ended(process, process->parent);
    tell_parent(process);
}

/* Runs on the stack of whoever runs next. */
static void task_gone(void *argument)
{
    struct task *task = argument;
    struct process *process = task->thread.process;
    bool last = task_leave(task);
    signals_task_end(task);
    task_free(task);
    if (last)
        process_gone(process);
}

/* set_tid_address(2): a join waits there. Nobody can if nobody shares the memory. */
void task_clear_tid(struct task *task)
{
    struct process *process = task->thread.process;
    vaddr_t address = task->clear_child_tid;
    const int nobody = 0;
    task->clear_child_tid = 0;
    if (!address || (process->task_count == 1 && process->aspace->refs == 1))
        return;
    if (copy_to_user(address, &nobody, sizeof(nobody)) == 0)
        futex_wake(process->aspace, address, FUTEX_SHARED, 1, FUTEX_ANY);
}

/* => true: it was the last one that had not begun to end. */
static bool begin_to_end(struct process *process)
{
    SPIN_GUARD(&process_table_lock);
    return --process->task_count == 0;
}

/* The last words about a process: what it holds, and that it ends. */
static void tell_exit(struct process *process)
{
    trace_operation_end();
    aspace_tell(process->aspace, TRACE_vma_why_found);
    aspace_tell_counts(process->aspace);
    mutex_lock(&process->aspace->lock);
    aspace_tell_pages(process->aspace, TRACE_vma_why_exit);
    mutex_unlock(&process->aspace->lock);
    TRACE(proc_exit, .status = process->exit_status);
}

void task_exit(int status)
{
    struct task *task = current_task();
    struct process *process = task->thread.process;
    task_release_robust(task);
    task_clear_tid(task);
    if (process->task_count > 1)
        signal_hand_over(task);
    TRACE(thread_exit);
    if (begin_to_end(process)) {
        if (!process->ending)
            process->exit_status = status;
        if (unlikely(trace_wanted()))
            tell_exit(process);
        if (process->pid == 1)
            process_all_done(process->exit_status);
        timers_end(process);
        process_drop_resources(process);
        process_vfork_done(process);
    } else {
        task_leave_memory();
    }
    thread_exit(task_gone, task);
}

/* => false: somebody else was first. survivor: NULL, or the thread that stays. */
static bool call_to_end(struct process *process, struct task *survivor)
{
    if (process->ending)
        return false;
    process->ending = true;
    process->survivor = survivor;
    process->stop_signal = 0;
    waitq_wake(&process->stopped, WAKE_ALL);
    signal_summon(process, current_task());
    return true;
}

void process_exit(int status)
{
    struct process *process = current_process();
    if (call_to_end(process, NULL))
        process->exit_status = status;
    task_exit(status);
}

bool task_end_others(void)
{
    struct task *task = current_task();
    struct process *process = task->thread.process;
    if (TAILQ_FIRST(&process->tasks) != task || TAILQ_NEXT(task, sibling)) {
        if (!call_to_end(process, task))
            return false;
        SPIN_GUARD(&process_table_lock);
        while (TAILQ_FIRST(&process->tasks) != task || TAILQ_NEXT(task, sibling))
            waitq_sleep(&process->task_gone, &process_table_lock, WAIT_FOREVER, false);
        process->ending = false;
        process->survivor = NULL;
    }
    task_become_main(task);
    return true;
}
