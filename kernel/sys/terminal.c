/* SPDX-License-Identifier: MIT */
/* terminal.c - the terminal below knows no processes, and processes know no terminal: here they meet.
 *
 * The terminal belongs to one session, whose leader took it with TIOCSCTTY; opening it does not take it (as Linux has
 * it for /dev/console). One group of that session is in the foreground: it gets ^C and may read. The others are
 * stopped when they try (credentials(7), termios(3)). When the leader is gone the terminal is free again, which is
 * found out when somebody asks. Not here: SIGHUP to those whom the leader leaves behind. */
#include <sys/terminal.h>

#include <arch/x86/usercopy.h>
#include <fs/tty.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm/ioctls.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/major.h>

#define DEV_TTY (TTYAUX_MAJOR << 8) /* 5:0: the terminal of whoever opens it */

/* ^C and its like, for each process of a group. Called from the interrupt, perhaps with no process running; what it
 * interrupts is ring 3 or the idle loop, never kernel code that has the process table in its hands. */
static void signal_group(int group, int number)
{
    const struct signal_info info = {.number = number, .code = SI_KERNEL};

    for (struct process *process = process_next(1); process; process = process_next(process->pid + 1)) {
        if (process->group == group)
            signal_send(process, &info);
    }
}

/* Nobody outside the group, in its session, is the parent of a member: no shell would ever continue it. */
static bool orphaned(int group, int session)
{
    for (const struct process *process = process_next(1); process; process = process_next(process->pid + 1)) {
        const struct process *parent = process->parent;
        if (process->group == group && parent && parent->group != group && parent->session == session)
            return false;
    }
    return true;
}

static struct tty_owner owner_now(void)
{
    struct tty_owner owner = tty_owner();
    const struct process *leader = owner.session ? process_find(owner.session) : NULL;

    if (!leader || leader->state != PROCESS_LIVE)
        owner = (struct tty_owner){0};
    return owner;
}

static bool is_own(struct tty_owner owner)
{
    return owner.session && owner.session == current_process()->session;
}

static int refuse(int number)
{
    const struct process *process = current_process();
    struct tty_owner owner = owner_now();

    if (!is_own(owner) || owner.group == 0 || owner.group == process->group)
        return 0;
    if ((current_task()->blocked | process->signals->ignored) & signal_bit(number))
        return number == SIGTTIN ? -EIO : 0;
    if (orphaned(process->group, process->session))
        return -EIO;
    signal_group(process->group, number);
    return -EINTR;
}

static const struct tty_jobs jobs = {.signal = signal_group, .refuse = refuse};

int terminal_opened(struct file *file, uint32_t flags)
{
    if (!tty_is(file))
        return 0;
    tty_jobs = &jobs;
    if (file->node->rdev == DEV_TTY && !is_own(owner_now()))
        return -ENXIO;
    if ((flags & O_ACCMODE) != O_WRONLY && !(flags & O_NOCTTY))
        tty_listen();
    return 0;
}

/* TIOCSCTTY: only for a session's leader that has no terminal; with `force` it is taken from another session. */
static int64_t take(bool force)
{
    const struct process *process = current_process();
    struct tty_owner owner = owner_now();

    if (is_own(owner) && process->session == process->pid)
        return 0;
    if (process->session != process->pid || (owner.session && !force))
        return -EPERM;
    tty_set_owner((struct tty_owner){.session = process->session, .group = process->group});
    return 0;
}

/* TIOCNOTTY: a leader gives the terminal up for its whole session; nobody else can be without it alone here. */
static int64_t give_up(struct tty_owner owner)
{
    if (!is_own(owner))
        return -ENOTTY;
    if (current_process()->pid != owner.session)
        return 0;
    tty_set_owner((struct tty_owner){0});
    signal_group(owner.group, SIGHUP);
    signal_group(owner.group, SIGCONT);
    return 0;
}

static int64_t set_foreground(struct tty_owner owner, vaddr_t argument)
{
    int group;

    if (!is_own(owner))
        return -ENOTTY;
    if (copy_from_user(&group, argument, sizeof(group)) < 0)
        return -EFAULT;
    if (group < 0)
        return -EINVAL;
    const struct process *member = process_next(1);
    while (member && member->group != group)
        member = process_next(member->pid + 1);
    if (!member)
        return -ESRCH;
    if (member->session != owner.session)
        return -EPERM;
    owner.group = group;
    tty_set_owner(owner);
    return 0;
}

static int64_t number_out(struct tty_owner owner, int number, vaddr_t argument)
{
    return is_own(owner) ? copy_to_user(argument, &number, sizeof(number)) : -ENOTTY;
}

/* Does the request change what those in the foreground see? */
static bool changes(uint32_t request)
{
    switch (request) {
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCSBRK:
    case TCSBRKP:
    case TCFLSH:
    case TCXONC:
    case TIOCSPGRP:
        return true;
    default:
        return false;
    }
}

int64_t terminal_ioctl(struct file *file, uint32_t request, vaddr_t argument)
{
    struct tty_owner owner = owner_now();
    int error = changes(request) ? refuse(SIGTTOU) : 0;
    if (error)
        return error;

    switch (request) {
    case TIOCSCTTY:
        return take(argument == 1);
    case TIOCNOTTY:
        return give_up(owner);
    case TIOCGPGRP:
        return number_out(owner, owner.group, argument);
    case TIOCGSID:
        return number_out(owner, owner.session, argument);
    case TIOCSPGRP:
        return set_foreground(owner, argument);
    default:
        return file->ops->ioctl(file, request, argument);
    }
}
