/* SPDX-License-Identifier: MIT */
/* fork.c - a process becomes two.
 *
 * The child gets copies of everything that a process owns; its memory is shared until one of the two writes
 * (mm/). It starts on its own kernel stack, with a copy of the parent's registers, on the way out of the
 * system call with result 0.
 *
 * What may fail is done first; entering the table and starting the thread come last and make the child
 * visible. vfork(2) is a fork whose parent sleeps until the child has let go of the program: POSIX asks for
 * no more. */
#include <arch/x86/switch.h>
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <string.h>
#include <x86/trapframe.h>

/* The child's first steps, on its own stack and in its own address space. */
static void child_begin(void *argument)
{
    struct process *process = argument;
    struct trapframe *frame = thread_frame(process->thread->stack_top);
    /* A bad address is the program's own affair: Linux ignores it too. */
    if (process->set_child_tid)
        (void)copy_to_user(process->set_child_tid, &process->pid, sizeof(process->pid));
    if (process->thread->pending)
        process_return_to_user(frame);
    switch_to_user(frame);
}

static void copy_identity(struct process *child, const struct process *parent)
{
    memcpy(child->name, parent->name, sizeof(child->name));
    memcpy(child->limits, parent->limits, sizeof(child->limits));
    child->group = parent->group;
    child->session = parent->session;
    child->umask = parent->umask;
    child->cwd = node_get(parent->cwd);
    child->executable = parent->executable ? node_get(parent->executable) : NULL;
}

static void copy_thread(struct process *child, const struct process *parent, const struct trapframe *frame,
                        uint64_t stack)
{
    struct thread *thread = child->thread;
    thread->cr3 = child->aspace->pmap.cr3;
    thread->fs_base = parent->thread->fs_base;
    cpu_fxsave(thread->fpu); /* the parent runs: its registers are in the FPU */
    struct trapframe *child_frame = thread_frame(thread->stack_top);
    *child_frame = *frame;
    child_frame->rax = 0;
    if (stack)
        child_frame->rsp = stack;
    thread_prepare(thread, child_begin, child);
}

static void wait_for_exec(struct process *process)
{
    spin_lock(&process_table_lock);
    while (process->vfork_waits)
        waitq_sleep(&process->vfork_done, &process_table_lock, WAIT_FOREVER, false);
    spin_unlock(&process_table_lock);
}

int process_fork(const struct trapframe *frame, const struct fork_options *options)
{
    struct process *parent = current_process();
    int error = -ENOMEM;
    struct process *child = process_alloc();
    if (!child)
        return -ENOMEM;
    child->signals = signals_fork(parent->signals);
    if (!child->signals)
        goto free_process;
    child->files = fdtable_fork(parent->files);
    if (!child->files)
        goto free_signals;
    child->aspace = aspace_fork(parent->aspace);
    if (!child->aspace)
        goto free_files;
    copy_identity(child, parent);
    copy_thread(child, parent, frame, options->stack);
    child->set_child_tid = options->child_tid;
    child->clear_child_tid = options->clear_child_tid;
    error = process_enter(child, parent);
    if (error)
        goto free_all;

    int pid = child->pid;
    if (options->wait_for_exec) {
        child->vfork_parent = parent;
        parent->vfork_waits = true;
    }
    if (options->parent_tid)
        (void)copy_to_user(options->parent_tid, &pid, sizeof(pid));
    thread_start(child->thread);
    if (options->wait_for_exec)
        wait_for_exec(parent);
    return pid;

free_all:
    node_put(child->cwd);
    child->cwd = NULL;
    if (child->executable)
        node_put(child->executable);
    aspace_put(child->aspace);
    child->aspace = NULL;
free_files:
    fdtable_put(child->files);
    child->files = NULL;
free_signals:
    signals_free(child->signals);
    child->signals = NULL;
free_process:
    process_free_thread(child);
    process_free(child);
    return error;
}
