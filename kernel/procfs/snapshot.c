/* SPDX-License-Identifier: MIT */
/* snapshot.c - see snapshot.h. First what the process structure says, while nothing sleeps; then its address space, held
 * by a reference, under its lock. */
#include <procfs/snapshot.h>

#include <mm/mmstat.h>
#include <proc/signal.h>
#include <string.h>

/* Without a thread: it has exited, or its first one has. */
static char state_of(const struct process *process, const struct task *task)
{
    if (process->state == PROCESS_ZOMBIE || task == NULL)
        return 'Z';
    if (process->stop_signal != 0)
        return 'T';
    if (task->thread.state != THREAD_SLEEPING)
        return 'R';
    return task->thread.interruptible ? 'S' : 'D';
}

static void take_task(struct task *task, struct proc_snapshot *snapshot)
{
    snapshot->pid = task->thread.tid;
    snapshot->pending = task->pending.set;
    snapshot->blocked = task->blocked;
    snapshot->cpu = thread_cpu(&task->thread);
    snapshot->cpus = task->thread.cpus & CPUS_ONLINE;
    snapshot->voluntary_switches = task->thread.voluntary_switches;
    snapshot->involuntary_switches = task->thread.involuntary_switches;
    strlcpy(snapshot->name, task_name(task), sizeof(snapshot->name));
}

static void take_process(struct process *process, struct task *task, struct proc_snapshot *snapshot)
{
    *snapshot = (struct proc_snapshot){
        .state = state_of(process, task),
        .pid = process->pid,
        .process = process->pid,
        .threads = process->task_count,
        .parent = process->parent != NULL ? process->parent->pid : 0,
        .group = process->group,
        .session = process->session,
        .umask = process->umask,
        .nice = process->nice,
        .cpus = CPUS_ONLINE,
        .fd_size = process->files != NULL ? process->files->size : 0,
        .children = process->children_usage,
        .started_ns = process->started_ns,
        .resident_limit = process->limits[RLIMIT_RSS].rlim_cur,
        .pending_limit = process->limits[RLIMIT_SIGPENDING].rlim_cur,
        .exit_status = process->state == PROCESS_ZOMBIE ? process->exit_status : 0,
    };
    strlcpy(snapshot->name, process->name, sizeof(snapshot->name));
    if (process->signals != NULL) {
        snapshot->shared_pending = process->signals->pending.set;
        snapshot->ignored = process->signals->ignored;
        snapshot->caught = process->signals->caught;
    }
    if (task != NULL)
        take_task(task, snapshot);
    process_refresh_usage(process);
    snapshot->usage = process->usage;
}

static void take_memory(struct aspace *aspace, struct proc_snapshot *snapshot)
{
    snapshot->has_memory = true;
    snapshot->total = aspace->total;
    snapshot->peak = MAX(aspace->total_peak, aspace->total);
    snapshot->data = aspace->data;
    snapshot->stack = aspace->stack;
    snapshot->exec = aspace->exec;
    snapshot->locked = aspace->locked;
    snapshot->text = (page_ceil(aspace->code_end) - page_floor(aspace->code_start)) >> PAGE_SHIFT;
    memcpy(snapshot->resident, aspace->pmap.resident, sizeof(snapshot->resident));
    snapshot->resident_all = pmap_resident_pages(&aspace->pmap);
    snapshot->resident_peak = mmstat_peak_resident(aspace);
    snapshot->swapped = aspace->pmap.swapped;
    snapshot->tables = aspace->pmap.tables;
    snapshot->code_start = aspace->code_start;
    snapshot->code_end = aspace->code_end;
    snapshot->data_start = aspace->data_start;
    snapshot->data_end = aspace->data_end;
    snapshot->brk_start = aspace->brk_start;
    snapshot->stack_start = aspace->stack_start;
    snapshot->arg_start = aspace->arg_start;
    snapshot->arg_end = aspace->arg_end;
    snapshot->env_start = aspace->env_start;
    snapshot->env_end = aspace->env_end;
}

void proc_snapshot(const struct proctext *text, struct proc_snapshot *snapshot)
{
    struct process *process = text->process;
    struct task *task = text->task;

    take_process(process, task != NULL ? task : process_main(process), snapshot);
    if (task != NULL)
        task_usage(task, &snapshot->usage);
    struct aspace *aspace ASPACE_HELD = process_aspace(process);
    if (aspace == NULL)
        return;
    MUTEX_GUARD(&aspace->lock);
    take_memory(aspace, snapshot);
}
