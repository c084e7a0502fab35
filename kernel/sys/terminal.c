/* SPDX-License-Identifier: MIT */
/* terminal.c - the terminals below know no processes, and processes know no terminal: here they meet.
 *
 * A terminal belongs to one session, whose leader took it with TIOCSCTTY or, but for /dev/console, by opening it as the first one
 * that it has. One group of that session is in the foreground: it gets ^C and may read. The others are
 * stopped when they try (credentials(7), termios(3)). When the leader ends the terminal is free again
 * (proc/jobs.c). When the other end hangs up, the leader gets SIGHUP. */
#include <sys/terminal.h>

#include <arch/x86/usercopy.h>
#include <fs/comtty.h>
#include <fs/pty.h>
#include <proc/jobs.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm/ioctls.h>
#include <asm-generic/siginfo.h>
#include <asm/signal.h>
#include <linux/major.h>

static bool is_own(struct tty_owner owner)
{
    return owner.session && owner.session == current_process()->session;
}

static int refuse(const struct tty *tty, int number)
{
    const struct process *process = current_process();
    struct tty_owner owner = tty_owner(tty);

    if (!is_own(owner) || owner.group == 0 || owner.group == process->group)
        return 0;
    if ((current_task()->blocked | process->signals->ignored) & signal_bit(number))
        return number == SIGTTIN ? -EIO : 0;
    if (jobs_orphaned(process->group))
        return -EIO;
    jobs_signal(process->group, number);
    return -EINTR;
}

static int own_session(void)
{
    return current_process()->session;
}

static void hang_up(int session)
{
    struct signal_info info = {.number = SIGHUP, .code = SI_KERNEL};
    struct process *leader = process_find(session);
    if (!leader)
        return;
    signal_send(leader, &info);
    info.number = SIGCONT;
    signal_send(leader, &info);
}

static const struct tty_jobs jobs = {
    .signal = jobs_signal, .refuse = refuse, .session = own_session, .hang_up = hang_up};

static bool is_leader(const struct process *process)
{
    return process->session == process->pid;
}

static void own(struct tty *tty)
{
    const struct process *process = current_process();

    tty_set_owner(tty, (struct tty_owner){.session = process->session, .group = process->group});
}

void terminal_opened(struct file *file, uint32_t flags)
{
    struct tty *tty = tty_of(file);
    if (!tty)
        return;
    tty_jobs = &jobs;
    if (flags & O_NOCTTY)
        return;
    if ((flags & O_ACCMODE) != O_WRONLY)
        comtty_listen(tty);
    if (tty->number >> 8 != TTYAUX_MAJOR && is_leader(current_process()) && !tty_of_session(own_session()) &&
        !tty_owner(tty).session)
        own(tty);
}

/* TIOCSCTTY: only for a session's leader that has no terminal; with `force` it is taken from another session. */
static int64_t take(struct tty *tty, bool force)
{
    const struct process *process = current_process();
    struct tty_owner owner = tty_owner(tty);

    if (is_own(owner) && is_leader(process))
        return 0;
    if (!is_leader(process) || tty_of_session(process->session) || (owner.session && !force))
        return -EPERM;
    own(tty);
    return 0;
}

/* TIOCNOTTY: a leader gives the terminal up for its whole session; nobody else can be without it alone here. */
static int64_t give_up(struct tty *tty, struct tty_owner owner)
{
    if (!is_own(owner))
        return -ENOTTY;
    if (current_process()->pid != owner.session)
        return 0;
    tty_set_owner(tty, (struct tty_owner){0});
    jobs_signal(owner.group, SIGHUP);
    jobs_signal(owner.group, SIGCONT);
    return 0;
}

static int64_t set_foreground(struct tty *tty, struct tty_owner owner, vaddr_t argument)
{
    int group;

    if (!is_own(owner))
        return -ENOTTY;
    if (copy_from_user(&group, argument, sizeof(group)) < 0)
        return -EFAULT;
    if (group < 0)
        return -EINVAL;
    PROCESS_FOREACH (member) {
        if (member->group != group)
            continue;
        if (member->session != owner.session)
            return -EPERM;
        owner.group = group;
        tty_set_owner(tty, owner);
        return 0;
    }
    return -ESRCH;
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

/* A master asks for its terminal's group and session whoever has it. */
static int64_t master_ioctl(struct file *file, const struct tty *tty, uint32_t request, vaddr_t argument)
{
    struct tty_owner owner = tty_owner(tty);

    if (request == TIOCGPGRP)
        return ioctl_answer(argument, owner.group);
    if (request == TIOCGSID)
        return owner.session ? ioctl_answer(argument, owner.session) : -ENOTTY;
    return file->ops->ioctl(file, request, argument);
}

int64_t terminal_ioctl(struct file *file, uint32_t request, vaddr_t argument)
{
    struct tty *tty = tty_of(file);
    if (!tty)
        return master_ioctl(file, pty_of_master(file), request, argument);
    struct tty_owner owner = tty_owner(tty);
    int error = changes(request) ? refuse(tty, SIGTTOU) : 0;
    if (error)
        return error;

    switch (request) {
    case TIOCSCTTY:
        return take(tty, argument == 1);
    case TIOCNOTTY:
        return give_up(tty, owner);
    case TIOCGPGRP:
        return is_own(owner) ? ioctl_answer(argument, owner.group) : -ENOTTY;
    case TIOCGSID:
        return is_own(owner) ? ioctl_answer(argument, owner.session) : -ENOTTY;
    case TIOCSPGRP:
        return set_foreground(tty, owner, argument);
    default:
        return file->ops->ioctl(file, request, argument);
    }
}

bool terminal_is(const struct file *file)
{
    return tty_is(file) || pty_of_master(file);
}
