/* SPDX-License-Identifier: MIT */
/* tty.c - what all terminals have in common, whatever is at their other end (the driver): reading, writing, modes.
 *
 *   driver ---> ttyline_input (ttyline.c) ---> tty_read()
 *   driver <--- echo -----+     tty_write() ---> \n becomes \r\n ---> driver
 *
 *   comtty.c   the terminal on COM1          pty.c   a program that plays terminal
 *
 * Guarded by: tty->lock; ttys_lock for the list of all and who owns which. Programs' output takes no lock; echo goes
 * between its bytes, as on any terminal. */
#include <fs/tty.h>

#include <arch/x86/clock.h>
#include <arch/x86/usercopy.h>
#include <fs/poll.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm/signal.h>
#include <linux/tty.h>

static struct spinlock ttys_lock;
static LIST_HEAD(tty_list, tty)
ttys = LIST_HEAD_INITIALIZER(ttys);

const struct tty_jobs *tty_jobs;

struct tty *tty_of(const struct file *file)
{
    return tty_is(file) ? file->private : NULL;
}

struct tty_owner tty_owner(const struct tty *tty)
{
    SPIN_GUARD(&ttys_lock);
    return tty->owner;
}

void tty_set_owner(struct tty *tty, struct tty_owner owner)
{
    SPIN_GUARD(&ttys_lock);
    tty->owner = owner;
}

struct tty *tty_of_session(int session)
{
    struct tty *tty;

    SPIN_GUARD(&ttys_lock);
    LIST_FOREACH (tty, &ttys, link)
        if (session && tty->owner.session == session)
            break;
    return tty;
}

static void echo(struct ttyline *line, const char *bytes, size_t count)
{
    struct tty *tty = CONTAINER_OF(line, struct tty, line);

    tty->driver->echo(tty, bytes, count);
}

void tty_add(struct tty *tty, const struct tty_driver *driver, uint32_t number)
{
    tty->driver = driver;
    tty->number = number;
    waitq_init(&tty->readers);
    ttyline_init(&tty->line, echo);
    SPIN_GUARD(&ttys_lock);
    LIST_INSERT_HEAD(&ttys, tty, link);
}

void tty_remove(struct tty *tty)
{
    SPIN_GUARD(&ttys_lock);
    LIST_REMOVE(tty, link);
}

static void wake_readers(struct tty *tty)
{
    waitq_wake(&tty->readers, WAKE_ALL);
    poll_wake();
}

void tty_hang_up(struct tty *tty)
{
    struct tty_owner owner = tty_owner(tty);

    tty->hung_up = true;
    tty_set_owner(tty, (struct tty_owner){0});
    wake_readers(tty);
    if (owner.session && tty_jobs)
        tty_jobs->hang_up(owner.session);
}

static void signal_foreground(const struct tty *tty, int number)
{
    if (tty->owner.group && tty_jobs)
        tty_jobs->signal(tty->owner.group, number);
}

static int refuse(const struct tty *tty, int number)
{
    return tty_jobs ? tty_jobs->refuse(tty, number) : 0;
}

/* ---- input --------------------------------------------------------------------------------------------- */

/* Up to a signal character. => the signal, or 0: that was all. */
static int type(struct tty *tty, tty_source *source, void *from)
{
    uint8_t byte;
    int signal = 0;

    spin_lock(&tty->lock);
    while (!signal && ttyline_has_room(&tty->line) && source(from, &byte))
        signal = ttyline_input(&tty->line, byte);
    bool ready = ttyline_ready(&tty->line);
    spin_unlock(&tty->lock);
    if (ready)
        wake_readers(tty);
    return signal;
}

void tty_type(struct tty *tty, tty_source *source, void *from)
{
    int signal;

    while ((signal = type(tty, source, from)) != 0)
        signal_foreground(tty, signal);
}

/* Waits until there is a line, or in raw mode a byte. => 0, -EAGAIN, -EINTR, -ETIMEDOUT, -EIO. Lock held. */
static int wait_for_input(struct tty *tty, const struct io *io, uint64_t deadline)
{
    while (!ttyline_ready(&tty->line)) {
        if (tty->hung_up)
            return -EIO;
        if (io->at_once)
            return -EAGAIN;
        int error = waitq_sleep(&tty->readers, &tty->lock, deadline, true);
        if (error)
            return error;
    }
    return 0;
}

/* Moves what can be taken to the caller; in canonical mode a line at most. => bytes, -EFAULT. */
static ssize_t take(struct tty *tty, struct io *io)
{
    uint8_t bytes[256];
    ssize_t total = 0;
    bool end = false;

    while (io->left > 0 && !end) {
        spin_lock(&tty->lock);
        size_t wanted = ttyline_ready(&tty->line) ? MIN(sizeof(bytes), io->left) : 0;
        size_t count = wanted ? ttyline_take(&tty->line, bytes, wanted, &end) : 0;
        spin_unlock(&tty->lock);
        if (count == 0)
            break;
        ssize_t moved = io_put(io, bytes, count);
        if (moved < 0)
            return total > 0 ? total : moved;
        total += moved;
    }
    tty->driver->has_room(tty);
    return total;
}

static ssize_t read_canonical(struct tty *tty, struct io *io)
{
    spin_lock(&tty->lock);
    int error = wait_for_input(tty, io, WAIT_FOREVER);
    spin_unlock(&tty->lock);
    return error ? error : take(tty, io);
}

/* termios(3), the four cases of MIN and TIME: how many bytes to wait for, and how long for the first and
 * between two. */
static ssize_t read_raw(struct tty *tty, struct io *io)
{
    size_t wanted = MIN(MAX(tty->line.modes.c_cc[VMIN], 1), io->left);
    uint64_t tenths = tty->line.modes.c_cc[VTIME];
    bool wait_first = tty->line.modes.c_cc[VMIN] > 0;
    ssize_t total = 0;

    do {
        uint64_t deadline = WAIT_FOREVER;
        if (!wait_first || (total > 0 && tenths > 0))
            deadline = clock_now() + tenths * (NS_PER_SECOND / 10);
        spin_lock(&tty->lock);
        int error = !wait_first && tenths == 0 && !ttyline_ready(&tty->line)
                        ? -ETIMEDOUT
                        : wait_for_input(tty, io, deadline);
        spin_unlock(&tty->lock);
        if (error == -ETIMEDOUT || (error && total > 0))
            return total;
        if (error)
            return error;
        ssize_t moved = take(tty, io);
        if (moved <= 0)
            return total > 0 ? total : moved;
        total += moved;
    } while ((size_t)total < wanted);
    return total;
}

static ssize_t tty_read(struct file *file, struct io *io, uint64_t *)
{
    struct tty *tty = file->private;

    if (io->left == 0 || tty->hung_up)
        return 0;
    int error = refuse(tty, SIGTTIN);
    if (error)
        return error;
    return ttyline_canonical(&tty->line) ? read_canonical(tty, io) : read_raw(tty, io);
}

/* ---- output -------------------------------------------------------------------------------------------- */

/* One piece without a newline in it. => bytes sent, -EINTR and its like. */
static ssize_t send_plain(struct tty *tty, const char *bytes, size_t count, bool at_once)
{
    ssize_t sent = tty->driver->send(tty, bytes, count, at_once);

    if (sent > 0)
        ttyline_track(&tty->line, bytes, (size_t)sent);
    return sent;
}

/* => bytes of the program's that were sent; less than count, or an error, when a signal came. */
static ssize_t send(void *to, const char *bytes, size_t count, bool at_once)
{
    struct tty *tty = to;
    bool translate = (tty->line.modes.c_oflag & OPOST) && (tty->line.modes.c_oflag & ONLCR);
    size_t done = 0;

    while (done < count) {
        const char *newline = translate ? memchr(bytes + done, '\n', count - done) : NULL;
        size_t plain = newline ? (size_t)(newline - bytes) - done : count - done;
        ssize_t sent = plain ? send_plain(tty, bytes + done, plain, at_once) : 0;
        if (sent >= 0)
            done += (size_t)sent;
        bool whole = sent >= 0 && (size_t)sent == plain;
        if (whole && newline) {
            sent = send_plain(tty, "\r\n", 2, at_once);
            whole = sent == 2;
        }
        if (!whole)
            return done > 0 ? (ssize_t)done : MIN(sent, -EINTR);
        done += newline != NULL;
    }
    return (ssize_t)done;
}

static ssize_t tty_write(struct file *file, struct io *io, uint64_t *)
{
    struct tty *tty = file->private;

    if (tty->hung_up)
        return -EIO;
    int error = tty->line.modes.c_lflag & TOSTOP ? refuse(tty, SIGTTOU) : 0;
    return error ? error : io_pour(io, send, tty);
}

/* ---- ioctl --------------------------------------------------------------------------------------------- */

static int64_t set_modes(struct tty *tty, vaddr_t argument, bool flush)
{
    struct termios modes;

    if (copy_from_user(&modes, argument, sizeof(modes)) < 0)
        return -EFAULT;
    spin_lock(&tty->lock);
    ttyline_set_modes(&tty->line, &modes, flush);
    bool ready = ttyline_ready(&tty->line);
    spin_unlock(&tty->lock);
    if (ready)
        wake_readers(tty);
    tty->driver->has_room(tty);
    return 0;
}

static int64_t set_size(struct tty *tty, vaddr_t argument)
{
    struct winsize size;

    if (copy_from_user(&size, argument, sizeof(size)) < 0)
        return -EFAULT;
    bool changed = memcmp(&size, &tty->size, sizeof(size)) != 0;
    tty->size = size;
    if (changed)
        signal_foreground(tty, SIGWINCH);
    return 0;
}


static int64_t flush(struct tty *tty, uint64_t which)
{
    if (which > TCIOFLUSH)
        return -EINVAL;
    if (which != TCOFLUSH) {
        spin_lock(&tty->lock);
        ttyline_flush(&tty->line);
        spin_unlock(&tty->lock);
        tty->driver->has_room(tty);
    }
    return 0;
}

int64_t tty_control(struct tty *tty, uint64_t request, vaddr_t argument)
{
    switch (request) {
    case TCGETS:
        return copy_to_user(argument, &tty->line.modes, sizeof(tty->line.modes));
    case TCSETS:
    case TCSETSW: /* output is never held back: nothing to wait for */
        return set_modes(tty, argument, false);
    case TCSETSF:
        return set_modes(tty, argument, true);
    case TIOCGWINSZ:
        return copy_to_user(argument, &tty->size, sizeof(tty->size));
    case TIOCSWINSZ:
        return set_size(tty, argument);
    case FIONREAD:
        return ioctl_answer(argument, (int)ttyline_readable(&tty->line));
    case TIOCOUTQ:
        return ioctl_answer(argument, 0);
    case TIOCGETD:
        return ioctl_answer(argument, N_TTY);
    case TCFLSH:
        return flush(tty, argument);
    case TCSBRK:
    case TCSBRKP:
    case TCXONC:
        return 0;
    default:
        return -ENOTTY;
    }
}

static int64_t tty_ioctl(struct file *file, uint64_t request, vaddr_t argument)
{
    struct tty *tty = file->private;

    return tty->hung_up ? -EIO : tty_control(tty, request, argument);
}

static uint32_t tty_poll(struct file *file)
{
    struct tty *tty = file->private;

    if (tty->hung_up)
        return POLL_READABLE | POLL_WRITABLE | POLLERR | POLLHUP;
    SPIN_GUARD(&tty->lock);
    return POLL_WRITABLE | (ttyline_ready(&tty->line) ? POLL_READABLE : 0);
}

static void tty_release(struct file *file)
{
    struct tty *tty = file->private;

    if (tty->driver->closed)
        tty->driver->closed(tty);
}

static const struct file_ops tty_ops = {
    .read = tty_read,
    .write = tty_write,
    .ioctl = tty_ioctl,
    .poll = tty_poll,
    .release = tty_release,
    .stream = true,
};

int tty_open(struct tty *tty, struct file *file)
{
    int error = tty->driver->opened ? tty->driver->opened(tty) : 0;

    if (!error) {
        file->ops = &tty_ops;
        file->private = tty;
    }
    return error;
}

bool tty_is(const struct file *file)
{
    return file->ops == &tty_ops;
}
