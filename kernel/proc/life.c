/* SPDX-License-Identifier: MIT */
/* life.c - the structures of processes and threads, and what a process owns, from the allocation to the grave.
 *
 * fork.c and start.c make a process and fill it in; what they have got when something fails, process_free() lets go. One that has lived
 * lets go of most of it by itself (process_drop_resources, called by exit.c), so that a zombie is the structure alone. */
#include <arch/x86/clock.h>
#include <arch/x86/switch.h>
#include <mm/kmap.h>
#include <mm/kmem.h>
#include <mm/kstack.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <string.h>

static struct kmem_cache process_cache = KMEM_CACHE("process", struct process);
static struct kmem_cache task_cache = KMEM_CACHE("task", struct task);

struct task *task_alloc(struct process *process)
{
    struct task *task = kmem_alloc(&task_cache);
    if (!task)
        return NULL;
    memset(task, 0, offsetof(struct task, fpu));
    task->thread.fpu = task->fpu;
    task->thread.cpus = ~0U;
    task->thread.process = process;
    TAILQ_INIT(&task->pending.queue);
    task->thread.stack_top = kstack_alloc();
    if (task->thread.stack_top)
        return task;
    kmem_free(&task_cache, task);
    return NULL;
}

struct task *process_alloc(void)
{
    struct process *process = kmem_zalloc(&process_cache);
    struct task *task = process ? task_alloc(process) : NULL;
    if (!task) {
        if (process)
            kmem_free(&process_cache, process);
        return NULL;
    }
    process->started_ns = clock_now();
    TAILQ_INIT(&process->tasks);
    TAILQ_INIT(&process->children);
    waitq_init(&process->task_gone);
    waitq_init(&process->child_exited);
    waitq_init(&process->stopped);
    return task;
}

void task_free(struct task *task)
{
    assert(TAILQ_EMPTY(&task->pending.queue));
    kstack_free(task->thread.stack_top);
    kmem_free(&task_cache, task);
}

static void drop_files(struct process *process)
{
    if (process->files)
        fdtable_put(process->files);
    if (process->cwd)
        node_put(process->cwd);
    node_run_put(process->executable);
    process->files = NULL;
    process->cwd = process->executable = NULL;
}

void process_free(struct process *process)
{
    assert(TAILQ_EMPTY(&process->tasks));
    drop_files(process);
    if (process->signals)
        signals_free(process->signals);
    if (process->aspace)
        aspace_put(process->aspace);
    kmem_free(&process_cache, process);
}

struct aspace *process_aspace(struct process *process)
{
    if (!process->aspace)
        return NULL;
    aspace_get(process->aspace);
    return process->aspace;
}

void process_drop_resources(struct process *process)
{
    process_refresh_usage(process);
    drop_files(process);
    struct aspace *aspace = process->aspace;
    process->aspace = NULL;
    task_leave_memory();
    aspace_put(aspace);
}

void task_leave_memory(void)
{
    struct thread *thread = current_thread();
    thread->cr3 = kmap_cr3();
    switch_load(this_cpu(), thread->stack_top, thread->cr3, 0);
}

void process_vfork_done(struct process *process)
{
    struct vfork_wait *wait = process->vfork;
    if (!wait)
        return;
    SPIN_GUARD(&process_table_lock);
    process->vfork = NULL;
    wait->done = true;
    waitq_wake(&wait->queue, WAKE_ALL);
}

void process_reap(struct process *process)
{
    struct process *parent = process->parent;
    assert(process->state == PROCESS_ZOMBIE && !process->aspace && !process->files && !process->signals);
    if (parent) {
        usage_add(&parent->children_usage, &process->usage);
        usage_add(&parent->children_usage, &process->children_usage);
    }
    process_leave(process);
    process_free(process);
}
