/* SPDX-License-Identifier: MIT */
/* wait.c - wait4 and waitid: a parent learns how its children ended, and buries them.
 *
 * Zombies stand first among the children (exit.c), so waiting for any child looks at one; waiting for a pid
 * asks the table. Only waiting for a group, or for stopped children, looks at them all: the eldest with news is told of first. */
#include <asm-generic/errno.h>
#include <asm/signal.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <string.h>

#include <linux/resource.h>
#include <linux/wait.h>

#define STATUS_STOPPED 0x7f /* low byte; the signal above it (wait(2)) */
#define STATUS_CONTINUED 0xffff

struct wanted {
    struct process *parent;
    int pid; /* as wait4's first argument; 0 was replaced by -group */
    int options;
};

static bool matches(const struct wanted *wanted, const struct process *child)
{
    /* Those who end without SIGCHLD are waited for only on request (wait(2), __WCLONE). */
    bool wants_clones = wanted->options & __WCLONE;
    if (!(wanted->options & __WALL) && wants_clones != (child->exit_signal != SIGCHLD))
        return false;
    if (wanted->pid == -1)
        return true;
    return wanted->pid > 0 ? child->pid == wanted->pid : child->group == -wanted->pid;
}

static bool has_news(const struct wanted *wanted, const struct process *child)
{
    if (child->state == PROCESS_ZOMBIE)
        return wanted->options & WEXITED;
    if ((wanted->options & WUNTRACED) && child->stop_signal && child->stop_unreported)
        return true;
    return (wanted->options & WCONTINUED) && child->continue_unreported;
}

/* => a child with news; else NULL, and *any says whether there is one to wait for. */
static struct process *find_child(const struct wanted *wanted, bool *any)
{
    *any = false;
    struct process *child = NULL;
    if (wanted->pid > 0) {
        child = process_find(wanted->pid);
        *any = child && child->parent == wanted->parent && matches(wanted, child);
        return *any && has_news(wanted, child) ? child : NULL;
    }
    struct process *eldest = NULL;
    TAILQ_FOREACH (child, &wanted->parent->children, sibling) {
        if (!matches(wanted, child))
            continue;
        *any = true;
        if (has_news(wanted, child) && (!eldest || child->started_ns < eldest->started_ns))
            eldest = child;
        if (wanted->pid == -1 && (wanted->options & WEXITED) &&
            !(wanted->options & (WUNTRACED | WCONTINUED | __WCLONE | __WALL)))
            return eldest; /* it is the first; no zombies stand behind one that lives */
    }
    return eldest;
}

static void fill_usage(const struct process *child, struct rusage *usage)
{
    struct process_usage sum = child->usage;
    process_times(child, &sum.user_ns, &sum.system_ns);
    usage_add(&sum, &child->children_usage);
    usage_fill(&sum, usage);
}

static void report(struct process *child, int options, int *status)
{
    bool stays = options & WNOWAIT;
    if (child->state == PROCESS_ZOMBIE) {
        *status = child->exit_status;
        if (!stays)
            process_reap(child);
    } else if ((options & WUNTRACED) && child->stop_signal && child->stop_unreported) {
        *status = child->stop_signal << 8 | STATUS_STOPPED;
        child->stop_unreported = stays;
    } else {
        *status = STATUS_CONTINUED;
        child->continue_unreported = stays;
    }
}

/* With the table locked. => the child's pid; 0: nothing to tell yet; -ECHILD. */
static int look(const struct wanted *wanted, struct process **child)
{
    bool any;
    *child = find_child(wanted, &any);
    if (*child)
        return (*child)->pid;
    return any ? 0 : -ECHILD;
}

int process_wait(int pid, int options, int *status, struct rusage *usage)
{
    struct process *self = current_process();
    struct wanted wanted = {.parent = self, .pid = pid ? pid : -self->group, .options = options};
    if (pid == INT32_MIN)
        return -ESRCH;
    struct process *child;
    spin_lock(&process_table_lock);
    int result = look(&wanted, &child);
    while (result == 0 && !(options & WNOHANG)) {
        result = waitq_sleep(&self->child_exited, &process_table_lock, WAIT_FOREVER, true);
        if (result == 0)
            result = look(&wanted, &child);
    }
    spin_unlock(&process_table_lock);
    if (result > 0) {
        fill_usage(child, usage);
        report(child, options, status);
    }
    return result;
}
