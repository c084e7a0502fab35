/* SPDX-License-Identifier: MIT */
/* pty.c - terminals that a program plays: opening /dev/ptmx makes a pair, /dev/pts/N is its other end (pts(4)).
 *
 *   master write --> ttyline_input() --> terminal N's readers
 *   master read  <-- a pipe          <-- terminal N's output and echo
 *
 * Terminal N is there as long as the master is open; then it is hung up, but its memory stays until its last file is closed. When
 * nobody has it open any more the pipe has no writer, and the master reads EIO.
 * Guarded by: slots_lock for the slots, references and `users`. Not here: packet mode, TIOCGPTPEER. */
#include <fs/pty.h>

#include <fs/device.h>
#include <fs/path.h>
#include <fs/pipe.h>
#include <fs/poll.h>
#include <fs/ramfs.h>

#include <arch/x86/usercopy.h>
#include <lib/log.h>
#include <mm/kmem.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/ioctls.h>
#include <linux/major.h>
#include <linux/stat.h>

#define PTY_MAX 64

struct pty {
    struct tty tty;
    unsigned slot, refs;
    unsigned users;   /* open files of the terminal */
    bool locked;      /* TIOCSPTLCK: it cannot be opened yet */
    struct file *out; /* the pipe's end that the terminal writes to; NULL: nobody has it open any more */
    struct file *in;  /* and what the master reads from */
    struct waitq room;
};

static struct spinlock slots_lock;
static struct pty *slots[PTY_MAX];
static struct device devices[PTY_MAX]; /* of /dev/pts: they stay, whatever becomes of the pair */
static char names[PTY_MAX][4];
static const struct file_ops master_ops;

static struct pty *pty_of(struct tty *tty)
{
    return CONTAINER_OF(tty, struct pty, tty);
}

struct tty *pty_of_master(const struct file *file)
{
    return file->ops == &master_ops ? &((struct pty *)file->private)->tty : NULL;
}

static void pty_get(struct pty *pty)
{
    SPIN_GUARD(&slots_lock);
    pty->refs++;
}

static void pty_put(struct pty *pty)
{
    spin_lock(&slots_lock);
    bool last = --pty->refs == 0;
    spin_unlock(&slots_lock);
    if (last) {
        tty_remove(&pty->tty);
        kfree(pty);
    }
}

/* ---- the terminal -------------------------------------------------------------------------------------- */

static ssize_t send(struct tty *tty, const char *bytes, size_t count, bool at_once)
{
    struct io io = io_kernel((void *)(uintptr_t)bytes, count);
    struct pty *pty = pty_of(tty);

    if (tty->hung_up || !pty->out)
        return -EIO;
    io.at_once = at_once;
    ssize_t sent = file_write(pty->out, &io, NULL);
    return sent == -EPIPE ? -EIO : sent;
}

/* What finds no room is lost. */
static void echo(struct tty *tty, const char *bytes, size_t count)
{
    send(tty, bytes, count, true);
}

static void has_room(struct tty *tty)
{
    waitq_wake(&pty_of(tty)->room, WAKE_ALL);
    poll_wake();
}

static void closed(struct tty *tty)
{
    struct pty *pty = pty_of(tty);

    spin_lock(&slots_lock);
    struct file *out = --pty->users == 0 ? pty->out : NULL;
    if (out)
        pty->out = NULL;
    spin_unlock(&slots_lock);
    if (out)
        file_put(out);
    pty_put(pty);
}

/* Making sure of the pipe may sleep: the pair must not go meanwhile. */
static int opened(struct tty *tty)
{
    struct pty *pty = pty_of(tty);

    pty_get(pty);
    int error = pty->locked || tty->hung_up ? -EIO : 0;
    if (!error && !pty->out)
        error = file_open_node(pty->in->node, O_WRONLY, &pty->out);
    if (error) {
        pty_put(pty);
        return error;
    }
    SPIN_GUARD(&slots_lock);
    pty->users++;
    return 0;
}

static const struct tty_driver driver = {
    .send = send, .echo = echo, .has_room = has_room, .opened = opened, .closed = closed};

static int open_terminal(struct node *node, struct file *file)
{
    struct pty *pty = slots[node->rdev & 0xff];

    return pty ? tty_open(&pty->tty, file) : -EIO;
}

/* ---- the master ---------------------------------------------------------------------------------------- */

static ssize_t master_read(struct file *file, struct io *io, uint64_t *position)
{
    struct pty *pty = file->private;

    if (io->left == 0)
        return 0;
    ssize_t moved = pty->in->ops->read(pty->in, io, position);
    return moved ? moved : -EIO;
}

struct typed {
    const char *bytes;
    size_t left;
};

static bool from_typed(void *from, uint8_t *byte)
{
    struct typed *typed = from;

    if (typed->left == 0)
        return false;
    *byte = (uint8_t)*typed->bytes++;
    typed->left--;
    return true;
}

/* => 0, -EAGAIN, -EINTR. */
static int wait_for_room(struct pty *pty, bool at_once)
{
    int error = 0;

    SPIN_GUARD(&pty->tty.lock);
    while (!error && !ttyline_has_room(&pty->tty.line))
        error = at_once ? -EAGAIN : waitq_sleep(&pty->room, &pty->tty.lock, WAIT_FOREVER, true);
    return error;
}

static ssize_t master_write(struct file *file, struct io *io, uint64_t *)
{
    struct pty *pty = file->private;
    char bytes[256];
    ssize_t total = 0;

    while (io->left > 0) {
        ssize_t piece = io_get(io, bytes, sizeof(bytes));
        struct typed typed = {bytes, (size_t)MAX(piece, 0)};
        int error = (int)MIN(piece, 0);
        while (!error && typed.left > 0) {
            error = wait_for_room(pty, io->at_once);
            if (!error)
                tty_type(&pty->tty, from_typed, &typed);
        }
        total += MAX(piece, 0) - (ssize_t)typed.left;
        if (error)
            return total > 0 ? total : error;
    }
    return total;
}

static uint32_t master_poll(struct file *file)
{
    struct pty *pty = file->private;

    spin_lock(&pty->tty.lock);
    uint32_t ready = ttyline_has_room(&pty->tty.line) ? POLL_WRITABLE : 0;
    spin_unlock(&pty->tty.lock);
    return ready | pty->in->ops->poll(pty->in);
}

static int64_t lock(struct pty *pty, vaddr_t argument)
{
    int on;

    if (copy_from_user(&on, argument, sizeof(on)) < 0)
        return -EFAULT;
    pty->locked = on;
    return 0;
}

static int64_t master_ioctl(struct file *file, uint64_t request, vaddr_t argument)
{
    struct pty *pty = file->private;

    switch (request) {
    case TIOCGPTN:
        return ioctl_answer(argument, (int)pty->slot);
    case TIOCGPTLCK:
        return ioctl_answer(argument, pty->locked);
    case TIOCSPTLCK:
        return lock(pty, argument);
    case FIONREAD:
        return pty->in->ops->ioctl(pty->in, request, argument);
    default:
        return tty_control(&pty->tty, request, argument);
    }
}

/* Nobody opens the terminal from now on. */
static void master_release(struct file *file)
{
    struct pty *pty = file->private;
    struct node *folder NODE_HELD = NULL;

    if (path_lookup(NULL, "/dev/pts", PATH_DIRECTORY, &folder) == 0)
        folder->ops->unlink(folder, names[pty->slot], false);
    tty_hang_up(&pty->tty);
    file_put(pty->in); /* who waits for room to write wakes */
    spin_lock(&slots_lock);
    slots[pty->slot] = NULL;
    struct file *out = pty->users == 0 ? pty->out : NULL;
    spin_unlock(&slots_lock);
    if (out)
        file_put(out);
    pty_put(pty);
}

static const struct file_ops master_ops = {
    .read = master_read,
    .write = master_write,
    .ioctl = master_ioctl,
    .poll = master_poll,
    .release = master_release,
    .stream = true,
};

/* A free slot and a name in /dev/pts. => 0, -ENOSPC, -ENOENT, -ENOMEM. */
static int find_place(struct pty *pty)
{
    struct node *folder NODE_HELD = NULL;
    unsigned slot = 0;

    spin_lock(&slots_lock);
    while (slot < PTY_MAX && slots[slot])
        slot++;
    if (slot < PTY_MAX)
        slots[slot] = pty;
    spin_unlock(&slots_lock);
    if (slot == PTY_MAX)
        return -ENOSPC;
    pty->slot = slot;
    format_text(names[slot], sizeof(names[slot]), "%u", slot);
    devices[slot] = (struct device){.name = names[slot],
                                    .mode = S_IFCHR | 0620,
                                    .number = DEVICE_NUMBER(UNIX98_PTY_SLAVE_MAJOR, slot),
                                    .open = open_terminal};
    int error = path_lookup(NULL, "/dev/pts", PATH_DIRECTORY, &folder);
    if (!error)
        error = ramfs_add_device(folder, &devices[slot]);
    if (error)
        slots[slot] = NULL;
    return error;
}

static int open_master(struct node *, struct file *file)
{
    struct pty *pty = kzalloc(sizeof(*pty));
    struct file *ends[2];

    if (!pty)
        return -ENOMEM;
    int error = pipe_create(0, ends);
    if (error)
        goto free_pty;
    pty->refs = 1;
    pty->locked = true;
    pty->in = ends[0];
    pty->out = ends[1];
    waitq_init(&pty->room);
    error = find_place(pty);
    if (error)
        goto put_ends;
    tty_add(&pty->tty, &driver, devices[pty->slot].number);
    pty->tty.line.modes.c_cflag = B38400 | CS8 | CREAD;
    pty->tty.line.modes.c_iflag = ICRNL | IXON;
    file->ops = &master_ops;
    file->private = pty;
    return 0;

put_ends:
    file_put(ends[0]);
    file_put(ends[1]);
free_pty:
    kfree(pty);
    return error;
}

const struct device device_ptmx = {
    .name = "ptmx",
    .mode = S_IFCHR | 0666,
    .number = DEVICE_NUMBER(TTYAUX_MAJOR, 2),
    .open = open_master,
};
