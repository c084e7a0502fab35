/* SPDX-License-Identifier: MIT */
/* jobs.c - process groups of a session: who is left alone when a process ends.
 *
 *     the session's leader ends    its terminal is free again, those in the foreground get SIGHUP
 *     a group becomes orphaned     if one of it is stopped, all of it gets SIGHUP and SIGCONT: no shell is left that
 *                                  would ever continue it
 *
 * A group is orphaned when no member has a parent outside the group and inside the session; pid 1, which takes everybody's
 * children, is no such parent. */
#include <proc/jobs.h>

#include <fs/tty.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/siginfo.h>
#include <asm/signal.h>

void jobs_signal(int group, int number)
{
    const struct signal_info info = {.number = number, .code = SI_KERNEL};

    PROCESS_FOREACH (process) {
        if (process->group == group)
            signal_send(process, &info);
    }
}

/* Would the parent continue the process, when it is stopped? */
static bool is_tie(const struct process *parent, const struct process *process)
{
    return parent && parent->pid != 1 && parent->group != process->group &&
           parent->session == process->session;
}

bool jobs_orphaned(int group)
{
    PROCESS_FOREACH (process) {
        if (process->group == group && process->state == PROCESS_LIVE && is_tie(process->parent, process))
            return false;
    }
    return true;
}

static bool has_stopped(int group)
{
    PROCESS_FOREACH (process) {
        if (process->group == group && process->stop_signal)
            return true;
    }
    return false;
}

static void look_at(int group)
{
    if (!has_stopped(group) || !jobs_orphaned(group))
        return;
    jobs_signal(group, SIGHUP);
    jobs_signal(group, SIGCONT);
}

static void leader_ended(int session)
{
    struct tty_owner owner = tty_owner();

    if (owner.session != session)
        return;
    tty_set_owner((struct tty_owner){0});
    if (owner.group)
        jobs_signal(owner.group, SIGHUP);
}

void jobs_process_ended(struct process *process, const struct process *parent)
{
    if (process->session == process->pid)
        leader_ended(process->pid);
    if (is_tie(parent, process))
        look_at(process->group);
}

void jobs_child_lost(struct process *child, const struct process *parent)
{
    if (is_tie(parent, child))
        look_at(child->group);
}
