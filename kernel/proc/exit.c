/* SPDX-License-Identifier: MIT */
/* exit.c - the end of a process.
 *
 *   on its own stack:   files, directories and memory go back          (process_drop_resources)
 *   on the next one's:  its stack, thread and signals go back, its children get pid 1 as parent,
 *                       it becomes a zombie, the parent is told         (process_gone)
 *
 * So by the time that wait4 can see a zombie, everything is free but the structure that holds its status.
 * pid 1 does not come here: when it ends, everything does (shutdown.c). */
#include <asm/signal.h>
#include <proc/alarm.h>
#include <proc/process.h>
#include <proc/signal.h>

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
    TAILQ_REMOVE(&from->children, child, sibling);
    child->parent = to;
    if (child->state == PROCESS_ZOMBIE)
        insert_zombie(to, child);
    else
        TAILQ_INSERT_TAIL(&to->children, child, sibling);
}

static struct signal_info child_info(const struct process *child)
{
    struct signal_info info = {.number = SIGCHLD, .pid = child->pid};
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
    if (signal_children_ignored(parent))
        process_reap(zombie);
    signal_send(parent, &info);
    waitq_wake(&parent->child_exited, WAKE_ALL);
}

static void give_children_away(struct process *process)
{
    struct process *init = process_find(1);
    struct process *child;
    while ((child = TAILQ_FIRST(&process->children))) {
        spin_lock(&process_table_lock);
        give_child(child, process, init);
        spin_unlock(&process_table_lock);
        if (child->state == PROCESS_ZOMBIE)
            tell_parent(child);
    }
}

static void become_zombie(struct process *process)
{
    spin_lock(&process_table_lock);
    process->state = PROCESS_ZOMBIE;
    TAILQ_REMOVE(&process->parent->children, process, sibling);
    insert_zombie(process->parent, process);
    spin_unlock(&process_table_lock);
}

/* Runs on the stack of whoever runs next. */
static void process_gone(void *argument)
{
    struct process *process = argument;
    process_free_thread(process);
    signals_free(process->signals);
    process->signals = NULL;
    give_children_away(process);
    become_zombie(process);
    tell_parent(process);
}

void process_exit(int status)
{
    struct process *process = current_process();
    if (process->pid == 1)
        process_all_done(status);
    process->exit_status = status;
    alarm_set(process, 0, 0);
    process_drop_resources(process);
    process_vfork_done(process);
    thread_exit(process_gone, process);
}
