/* SPDX-License-Identifier: MIT */
/* tty.c - /dev/console and /dev/tty: the terminal on COM1.
 *
 *   COM1 --interrupt--> received() --> line discipline (ttyline.c) --> tty_read()
 *   COM1 <--------- echo ----------------------+      tty_write() --> \n becomes \r\n --> COM1
 *
 * It listens from the first open that could read and was not made with O_NOCTTY: before that, what arrives
 * stays in the line, for the terminal or for /dev/hostin, whoever is opened first. Bytes that the line
 * discipline has no room for stay in the line as well, so pasting a long text loses nothing.
 *
 * Guarded by: tty.lock. Programs' output takes no lock; echo goes between its bytes, as on any terminal. */
#include <fs/tty.h>

#include <arch/x86/bootinfo.h>
#include <arch/x86/clock.h>
#include <arch/x86/usercopy.h>
#include <fs/device.h>
#include <fs/poll.h>
#include <fs/serialout.h>
#include <fs/ttyline.h>
#include <sched/wait.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm/signal.h>
#include <linux/stat.h>
#include <linux/tty.h>

#define TTY_MAJOR 5

static struct {
    struct spinlock lock;
    struct waitq readers;
    struct ttyline line;
    struct winsize size;
    struct tty_owner owner;
    bool ready;     /* `line` is set up */
    bool listening; /* COM1's input comes here */
} tty = {
    .readers = WAITQ_INIT(tty.readers),
    .size = {.ws_row = 24, .ws_col = 80},
};

const struct tty_jobs *tty_jobs;

struct tty_owner tty_owner(void)
{
    spin_lock(&tty.lock);
    struct tty_owner owner = tty.owner;
    spin_unlock(&tty.lock);
    return owner;
}

void tty_set_owner(struct tty_owner owner)
{
    spin_lock(&tty.lock);
    tty.owner = owner;
    spin_unlock(&tty.lock);
}

static void signal_foreground(int number)
{
    if (tty.owner.group && tty_jobs)
        tty_jobs->signal(tty.owner.group, number);
}

static int refuse(int number)
{
    return tty_jobs ? tty_jobs->refuse(number) : 0;
}

/* ---- input --------------------------------------------------------------------------------------------- */

/* Echo is worth no wait: when the line takes nothing it is lost. */
static void echo(const char *bytes, size_t count)
{
    serial_try_write(SERIAL_COM1, bytes, count);
}

static void wake_readers(void)
{
    waitq_wake(&tty.readers, WAKE_ALL);
    poll_wake();
}

/* Types what has come in, up to a signal character. => the signal, or 0: that was all. */
static int type(void)
{
    uint8_t byte;
    int signal = 0;

    spin_lock(&tty.lock);
    while (!signal && ttyline_has_room(&tty.line) && serial_read(&byte, 1) == 1)
        signal = ttyline_input(&tty.line, byte);
    bool ready = ttyline_ready(&tty.line);
    spin_unlock(&tty.lock);
    if (ready)
        wake_readers();
    return signal;
}

/* Called from the interrupt, and whenever a read has made room. */
static void received(void)
{
    int signal;

    while ((signal = type()) != 0)
        signal_foreground(signal);
}

/* A serial line does not say how large the window at its other end is: console=COLSxROWS. */
static void size_from_command_line(void)
{
    char text[16];

    if (!boot_option("console", text, sizeof(text)))
        return;
    unsigned size[2] = {0}, at = 0;
    for (const char *c = text; *c && at < 2; c++) {
        if (*c >= '0' && *c <= '9')
            size[at] = size[at] * 10 + (unsigned)(*c - '0');
        else
            at++;
    }
    if (size[0] && size[1])
        tty.size = (struct winsize){.ws_col = (uint16_t)size[0], .ws_row = (uint16_t)size[1]};
}

static void set_up(void)
{
    spin_lock(&tty.lock);
    if (!tty.ready) {
        ttyline_init(&tty.line, echo);
        size_from_command_line();
    }
    tty.ready = true;
    spin_unlock(&tty.lock);
}

static int tty_open(struct node *node, struct file *file)
{
    (void)node, (void)file;
    set_up();
    return 0;
}

void tty_listen(void)
{
    spin_lock(&tty.lock);
    bool first = !tty.listening;
    tty.listening = true;
    spin_unlock(&tty.lock);
    if (first)
        serial_offer_input(received);
}

/* Waits until there is a line, or in raw mode a byte. => 0, -EAGAIN, -EINTR, -ETIMEDOUT. Lock held. */
static int wait_for_input(const struct io *io, uint64_t deadline)
{
    while (!ttyline_ready(&tty.line)) {
        if (io->at_once)
            return -EAGAIN;
        int error = waitq_sleep(&tty.readers, &tty.lock, deadline, true);
        if (error)
            return error;
    }
    return 0;
}

/* Moves what can be taken to the caller; in canonical mode a line at most. => bytes, -EFAULT. */
static ssize_t take(struct io *io)
{
    uint8_t bytes[256];
    ssize_t total = 0;
    bool end = false;

    while (io->left > 0 && !end) {
        spin_lock(&tty.lock);
        size_t wanted = ttyline_ready(&tty.line) ? MIN(sizeof(bytes), io->left) : 0;
        size_t count = wanted ? ttyline_take(&tty.line, bytes, wanted, &end) : 0;
        spin_unlock(&tty.lock);
        if (count == 0)
            break;
        ssize_t moved = io_put(io, bytes, count);
        if (moved < 0)
            return total > 0 ? total : moved;
        total += moved;
    }
    received();
    return total;
}

static ssize_t read_canonical(struct io *io)
{
    spin_lock(&tty.lock);
    int error = wait_for_input(io, WAIT_FOREVER);
    spin_unlock(&tty.lock);
    return error ? error : take(io);
}

/* termios(3), the four cases of MIN and TIME: how many bytes to wait for, and how long for the first and
 * between two. */
static ssize_t read_raw(struct io *io)
{
    size_t wanted = MIN(MAX(tty.line.modes.c_cc[VMIN], 1), io->left);
    uint64_t tenths = tty.line.modes.c_cc[VTIME];
    bool wait_first = tty.line.modes.c_cc[VMIN] > 0;
    ssize_t total = 0;

    do {
        uint64_t deadline = WAIT_FOREVER;
        if (!wait_first || (total > 0 && tenths > 0))
            deadline = clock_now() + tenths * (NS_PER_SECOND / 10);
        spin_lock(&tty.lock);
        int error = !wait_first && tenths == 0 && !ttyline_ready(&tty.line) ? -ETIMEDOUT
                                                                            : wait_for_input(io, deadline);
        spin_unlock(&tty.lock);
        if (error == -ETIMEDOUT || (error && total > 0))
            return total;
        if (error)
            return error;
        ssize_t moved = take(io);
        if (moved <= 0)
            return total > 0 ? total : moved;
        total += moved;
    } while ((size_t)total < wanted);
    return total;
}

static ssize_t tty_read(struct file *file, struct io *io, uint64_t *position)
{
    (void)file, (void)position;
    if (io->left == 0)
        return 0;
    int error = refuse(SIGTTIN);
    if (error)
        return error;
    return ttyline_canonical(&tty.line) ? read_canonical(io) : read_raw(io);
}

/* ---- output -------------------------------------------------------------------------------------------- */

/* One piece without a newline in it. => bytes sent, -EINTR. */
static ssize_t send_plain(enum serial_line line, const char *bytes, size_t count)
{
    ssize_t sent = serialout_write(line, bytes, count);

    if (sent > 0)
        ttyline_track(&tty.line, bytes, (size_t)sent);
    return sent;
}

/* => bytes of the program's that were sent; less than count, or -EINTR, when a signal came. */
static ssize_t send(enum serial_line line, const void *text, size_t count)
{
    const char *bytes = text;
    bool translate = (tty.line.modes.c_oflag & OPOST) && (tty.line.modes.c_oflag & ONLCR);
    size_t done = 0;

    while (done < count) {
        const char *newline = translate ? memchr(bytes + done, '\n', count - done) : NULL;
        size_t plain = newline ? (size_t)(newline - bytes) - done : count - done;
        ssize_t sent = send_plain(line, bytes + done, plain);
        if (sent >= 0)
            done += (size_t)sent;
        bool whole = sent >= 0 && (size_t)sent == plain;
        if (whole && newline)
            whole = send_plain(line, "\r\n", 2) == 2;
        if (!whole)
            return done > 0 ? (ssize_t)done : -EINTR;
        done += newline != NULL;
    }
    return (ssize_t)done;
}

static ssize_t tty_write(struct file *file, struct io *io, uint64_t *position)
{
    (void)file, (void)position;
    int error = tty.line.modes.c_lflag & TOSTOP ? refuse(SIGTTOU) : 0;
    return error ? error : serialout_copy(SERIAL_COM1, io, send);
}

/* ---- ioctl --------------------------------------------------------------------------------------------- */

static int64_t set_modes(vaddr_t argument, bool flush)
{
    struct termios modes;

    if (copy_from_user(&modes, argument, sizeof(modes)) < 0)
        return -EFAULT;
    spin_lock(&tty.lock);
    ttyline_set_modes(&tty.line, &modes, flush);
    bool ready = ttyline_ready(&tty.line);
    spin_unlock(&tty.lock);
    if (ready)
        wake_readers();
    received();
    return 0;
}

static int64_t set_size(vaddr_t argument)
{
    struct winsize size;

    if (copy_from_user(&size, argument, sizeof(size)) < 0)
        return -EFAULT;
    bool changed = memcmp(&size, &tty.size, sizeof(size)) != 0;
    tty.size = size;
    if (changed)
        signal_foreground(SIGWINCH);
    return 0;
}

static int64_t number_out(vaddr_t argument, int number)
{
    return copy_to_user(argument, &number, sizeof(number));
}

static int64_t flush(uint64_t which)
{
    if (which > TCIOFLUSH)
        return -EINVAL;
    if (which != TCOFLUSH) {
        spin_lock(&tty.lock);
        ttyline_flush(&tty.line);
        spin_unlock(&tty.lock);
    }
    return 0;
}

static int64_t tty_ioctl(struct file *file, uint64_t request, vaddr_t argument)
{
    (void)file;
    switch (request) {
    case TCGETS:
        return copy_to_user(argument, &tty.line.modes, sizeof(tty.line.modes));
    case TCSETS:
    case TCSETSW: /* output is never held back: nothing to wait for */
        return set_modes(argument, false);
    case TCSETSF:
        return set_modes(argument, true);
    case TIOCGWINSZ:
        return copy_to_user(argument, &tty.size, sizeof(tty.size));
    case TIOCSWINSZ:
        return set_size(argument);
    case FIONREAD:
        return number_out(argument, (int)ttyline_readable(&tty.line));
    case TIOCOUTQ:
        return number_out(argument, 0);
    case TIOCGETD:
        return number_out(argument, N_TTY);
    case TCFLSH:
        return flush(argument);
    case TCSBRK:
    case TCSBRKP:
    case TCXONC:
        return 0;
    default:
        return -ENOTTY;
    }
}

static uint32_t tty_poll(struct file *file)
{
    (void)file;
    spin_lock(&tty.lock);
    uint32_t ready = POLL_WRITABLE | (ttyline_ready(&tty.line) ? POLL_READABLE : 0);
    spin_unlock(&tty.lock);
    return ready;
}

static const struct file_ops tty_ops = {
    .read = tty_read, .write = tty_write, .ioctl = tty_ioctl, .poll = tty_poll, .stream = true};

bool tty_is(const struct file *file)
{
    return file->ops == &tty_ops;
}

const struct device device_console = {
    .name = "console",
    .mode = S_IFCHR | 0600,
    .number = DEVICE_NUMBER(TTY_MAJOR, 1),
    .ops = &tty_ops,
    .open = tty_open,
};

const struct device device_tty = {
    .name = "tty",
    .mode = S_IFCHR | 0666,
    .number = DEVICE_NUMBER(TTY_MAJOR, 0),
    .ops = &tty_ops,
    .open = tty_open,
};
