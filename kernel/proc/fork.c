/* SPDX-License-Identifier: MIT */
/* fork.c - a process becomes two, or gets one more thread.
 *
 * The child gets copies of everything that a process owns, unless the flags say that it is shared; copied memory
 * is shared until one of the two writes (mm/). It starts on its own kernel stack, with a copy of the parent's
 * registers, on the way out of the system call with result 0. A thread gets only that: the rest is its process's.
 *
 * What may fail is done first; entering the table and starting the thread come last and make the child visible.
 * vfork(2) shares the memory, and the parent sleeps until the child has let go of it. */
#include <arch/x86/switch.h>
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <proc/timer.h>
#include <sched/giant.h>
#include <mm/tell.h>
#include <string.h>
#include <x86/trapframe.h>

#include <linux/sched.h>

/* The child's first steps, on its own stack and in its own address space. */
static void child_begin(void *argument)
{
    struct task *task = argument;
    struct trapframe *frame = thread_frame(task->thread.stack_top);
    if (TRACE_FROM(1))
        aspace_tell(task->thread.process->aspace, TRACE_vma_why_fork);
    /* A bad address is the program's own affair: Linux ignores it too. */
    if (task->set_child_tid)
        (void)copy_to_user(task->set_child_tid, &task->thread.tid, sizeof(task->thread.tid));
    if (task->thread.pending)
        process_return_to_user(frame);
    giant_leave_if_used();
    switch_to_user(frame);
}

static void copy_identity(struct process *child, const struct process *parent)
{
    memcpy(child->name, task_name(current_task()), sizeof(child->name));
    memcpy(child->limits, parent->limits, sizeof(child->limits));
    child->group = parent->group;
    child->session = parent->session;
    child->umask = parent->umask;
    child->nice = parent->nice;
    child->oom_score_adj = parent->oom_score_adj;
    child->no_new_privileges = parent->no_new_privileges;
    child->cwd = node_get(parent->cwd);
    child->executable = parent->executable;
    if (child->executable)
        node_run(node_get(child->executable)); /* as it does already */
}

/* The child's registers and what else a thread has for itself. */
static void copy_task(struct task *child, struct task *parent, const struct trapframe *frame,
                      const struct clone_options *options)
{
    struct thread *thread = &child->thread;
    uint64_t flags = options->flags;
    thread->cr3 = thread->process->aspace->pmap.cr3;
    thread->cpus = parent->thread.cpus;
    thread->fs_base = flags & CLONE_SETTLS ? options->tls : parent->thread.fs_base;
    cpu_fxsave(thread->fpu); /* the parent runs: its registers are in the FPU */
    memcpy(child->name, task_name(parent), sizeof(child->name));
    child->blocked = parent->blocked;
    if ((flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM) /* else two would run on one alternate stack */
        child->stack = parent->stack;
    child->set_child_tid = flags & CLONE_CHILD_SETTID ? options->child_tid : 0;
    child->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? options->child_tid : 0;

    struct trapframe *child_frame = thread_frame(thread->stack_top);
    *child_frame = *frame;
    child_frame->rax = 0;
    if (options->stack)
        child_frame->rsp = options->stack;
    thread_prepare(thread, child_begin, child);
}

/* It has its tid and nothing can fail any more. */
static int begin(struct task *child, const struct clone_options *options)
{
    int tid = child->thread.tid;
    if (options->flags & CLONE_PARENT_SETTID)
        (void)copy_to_user(options->parent_tid, &tid, sizeof(tid));
    thread_start(&child->thread);
    return tid;
}

static int clone_thread(const struct trapframe *frame, const struct clone_options *options)
{
    struct task *child = task_alloc(current_process());
    if (!child)
        return -ENOMEM;
    copy_task(child, current_task(), frame, options);
    __atomic_or_fetch(&current_process()->files->refs, FDTABLE_THREADED, __ATOMIC_RELAXED);
    int error = task_enter(child);
    if (!error) {
        TRACE(thread_new, .child = (uint32_t)child->thread.tid);
        return begin(child, options);
    }
    task_free(child);
    return error;
}

static void wait_for_exec(struct vfork_wait *wait)
{
    SPIN_GUARD(&process_table_lock);
    while (!wait->done)
        waitq_sleep(&wait->queue, &process_table_lock, WAIT_FOREVER, false);
}

static struct fdtable *share_files(struct fdtable *files)
{
    __atomic_add_fetch(&files->refs, 1, __ATOMIC_RELAXED);
    return files;
}

/* The faults that it counts from now on are the child's, too. */
static struct aspace *share_memory(struct process *child, struct aspace *aspace)
{
    aspace_get(aspace);
    child->past_faults = -aspace->faults;
    return aspace;
}

static int clone_process(const struct trapframe *frame, const struct clone_options *options)
{
    struct process *parent = current_process();
    struct vfork_wait wait = {.done = false};
    uint64_t flags = options->flags;
    int error = -ENOMEM;
    struct task *task = process_alloc();
    if (!task)
        return -ENOMEM;
    struct process *child = task->thread.process;
    timers_init(child);
    child->signals = signals_fork(parent->signals);
    if (!child->signals)
        goto free_child;
    child->files = flags & CLONE_FILES ? share_files(parent->files) : fdtable_fork(parent->files);
    if (!child->files)
        goto free_child;
    child->aspace = flags & CLONE_VM ? share_memory(child, parent->aspace) : aspace_fork(parent->aspace);
    if (!child->aspace)
        goto free_child;
    copy_identity(child, parent);
    child->exit_signal = flags & CLONE_PARENT ? parent->exit_signal : (int)(flags & CSIGNAL);
    copy_task(task, current_task(), frame, options);
    error = process_enter(child, flags & CLONE_PARENT ? parent->parent : parent, task);
    if (error)
        goto free_child;

    TRACE(proc_new, .child = (uint32_t)child->pid, .flags = (uint32_t)flags);
    if (flags & CLONE_VFORK) {
        waitq_init(&wait.queue);
        child->vfork = &wait;
    }
    int pid = begin(task, options);
    if (flags & CLONE_VFORK)
        wait_for_exec(&wait);
    return pid;

free_child:
    task_free(task);
    process_free(child);
    return error;
}

int process_clone(const struct trapframe *frame, const struct clone_options *options)
{
    return options->flags & CLONE_THREAD ? clone_thread(frame, options) : clone_process(frame, options);
}
