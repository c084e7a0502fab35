/* SPDX-License-Identifier: MIT */
/* terminal.c - the terminal below knows no processes, and processes know no terminal: here they meet.
 *
 * The terminal belongs to one session, whose leader took it with TIOCSCTTY; opening it does not take it (as Linux has
 * it for /dev/console). One group of that session is in the foreground: it gets ^C and may read. The others are
 * stopped when they try (credentials(7), termios(3)). When the leader ends the terminal is free again
 * (proc/jobs.c). Not here: hanging up the line itself, which ends only with the machine. */
#include <sys/terminal.h>

#include <arch/x86/usercopy.h>
#include <fs/tty.h>
#include <proc/jobs.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm/ioctls.h>
#include <asm/signal.h>
#include <linux/major.h>

#define DEV_TTY (TTYAUX_MAJOR << 8) /* 5:0: the terminal of whoever opens it */

static bool is_own(struct tty_owner owner)
{
    return owner.session && owner.session == current_process()->session;
}

static int refuse(int number)
{
    const struct process *process = current_process();
    struct tty_owner owner = tty_owner();

    if (!is_own(owner) || owner.group == 0 || owner.group == process->group)
        return 0;
    if ((current_task()->blocked | process->signals->ignored) & signal_bit(number))
        return number == SIGTTIN ? -EIO : 0;
    if (jobs_orphaned(process->group))
        return -EIO;
    jobs_signal(process->group, number);
    return -EINTR;
}

static const struct tty_jobs jobs = {.signal = jobs_signal, .refuse = refuse};

int terminal_opened(struct file *file, uint32_t flags)
{
    if (!tty_is(file))
        return 0;
    tty_jobs = &jobs;
    if (file->node->rdev == DEV_TTY && !is_own(tty_owner()))
        return -ENXIO;
    if ((flags & O_ACCMODE) != O_WRONLY && !(flags & O_NOCTTY))
        tty_listen();
    return 0;
}

/* TIOCSCTTY: only for a session's leader that has no terminal; with `force` it is taken from another session. */
static int64_t take(bool force)
{
    const struct process *process = current_process();
    struct tty_owner owner = tty_owner();

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
    jobs_signal(owner.group, SIGHUP);
    jobs_signal(owner.group, SIGCONT);
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
    struct tty_owner owner = tty_owner();
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
