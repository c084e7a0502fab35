/* SPDX-License-Identifier: MIT */
/* hostport.c - the program's standard files when they are no terminals on the host's side: three pipes to the
 * outside.
 *
 *   /dev/hostin    COM1, in     bytes; DLE DLE is one DLE (0x10), DLE EOT (0x04) is the end, for ever
 *   /dev/hostout   COM1, out    bytes, untouched
 *   /dev/hosterr   COM2, out    bytes, untouched
 *
 * A serial line has no end of file, so the sender has to say it, and that needs an escape. To programs these
 * look like pipes: S_IFIFO, no position, no terminal. From the first open of hostin on, COM1's input belongs
 * to it and not to the terminal (tty.c); so `log=debugcon` and hostin go together, and a program has either
 * this or the console as its input.
 *
 * Guarded by: hostin.lock. A reader that copies to user memory (which may fault and sleep) holds `busy`
 * instead. */
#include <fs/device.h>

#include <arch/x86/usercopy.h>
#include <fs/poll.h>
#include <fs/serialout.h>
#include <sched/wait.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/ioctls.h>
#include <linux/stat.h>

#define DLE 0x10
#define EOT 0x04

static struct {
    struct spinlock lock;
    struct waitq readers;
    bool busy;           /* somebody takes bytes from `bytes` */
    bool escaped;        /* the last byte was a DLE */
    bool ended;          /* the end was seen */
    size_t start, count; /* decoded bytes that wait: bytes[start] .. */
    uint8_t bytes[1024];
} hostin = {.readers = WAITQ_INIT(hostin.readers)};

/* Decodes what has come in, when all that came before has been taken. Lock held. */
static void fill(void)
{
    size_t received;

    if (hostin.count > 0)
        return;
    hostin.start = 0;
    while (hostin.count == 0 && !hostin.ended &&
           (received = serial_read(hostin.bytes, sizeof(hostin.bytes))) > 0) {
        /* Decoding makes it shorter at most, so it can be done in place. What follows the end is dropped. */
        for (size_t i = 0; i < received && !hostin.ended; i++) {
            uint8_t byte = hostin.bytes[i];
            if (!hostin.escaped && byte == DLE) {
                hostin.escaped = true;
                continue;
            }
            if (hostin.escaped && byte == EOT)
                hostin.ended = true;
            else
                hostin.bytes[hostin.count++] = byte;
            hostin.escaped = false;
        }
    }
}

/* Called from the interrupt. */
static void received(void)
{
    waitq_wake(&hostin.readers, 1);
    poll_wake();
}

/* Waits for bytes, or the end, and for being the only one to take them. Lock held. */
static int wait_for_bytes(const struct io *io)
{
    for (;;) {
        if (!hostin.busy)
            fill();
        if (!hostin.busy && (hostin.count > 0 || hostin.ended))
            return 0;
        if (io->at_once)
            return -EAGAIN;
        int error = waitq_sleep(&hostin.readers, &hostin.lock, WAIT_FOREVER, true);
        if (error)
            return error;
    }
}

/* Takes bytes as long as there are any, up to what the caller wants. => bytes, -EFAULT. Lock held, let go
 * meanwhile. */
static ssize_t take_bytes(struct io *io)
{
    ssize_t total = 0;

    hostin.busy = true;
    while (hostin.count > 0 && io->left > 0) {
        size_t piece = MIN(hostin.count, io->left);
        spin_unlock(&hostin.lock);
        ssize_t moved = io_put(io, hostin.bytes + hostin.start, piece);
        spin_lock(&hostin.lock);
        if (moved < 0) {
            total = total > 0 ? total : moved;
            break;
        }
        hostin.start += (size_t)moved;
        hostin.count -= (size_t)moved;
        total += moved;
        fill();
    }
    hostin.busy = false;
    return total;
}

static ssize_t hostin_read(struct file *, struct io *io, uint64_t *)
{
    if (io->left == 0)
        return 0;
    spin_lock(&hostin.lock);
    ssize_t result = wait_for_bytes(io);
    if (result == 0)
        result = take_bytes(io);
    spin_unlock(&hostin.lock);
    /* The next in the row: there may be more, or the end. */
    waitq_wake(&hostin.readers, 1);
    return result;
}

static uint32_t hostin_poll(struct file *)
{
    SPIN_GUARD(&hostin.lock);
    if (!hostin.busy)
        fill();
    return (hostin.count > 0 ? POLL_READABLE : 0) | (hostin.ended ? (uint32_t)POLLHUP : 0);
}

static int64_t hostin_ioctl(struct file *, uint64_t request, vaddr_t argument)
{
    if (request != FIONREAD)
        return -ENOTTY;
    spin_lock(&hostin.lock);
    if (!hostin.busy)
        fill();
    int bytes = (int)hostin.count;
    spin_unlock(&hostin.lock);
    return ioctl_answer(argument, bytes);
}

static int hostin_open(struct node *, struct file *)
{
    serial_start_input(received);
    return 0;
}

static ssize_t hostout_write(struct file *, struct io *io, uint64_t *)
{
    return serialout_copy(SERIAL_COM1, io);
}

static ssize_t hosterr_write(struct file *, struct io *io, uint64_t *)
{
    return serialout_copy(SERIAL_COM2, io);
}

static const struct file_ops hostin_ops = {
    .read = hostin_read, .ioctl = hostin_ioctl, .poll = hostin_poll, .stream = true};
static const struct file_ops hostout_ops = {.write = hostout_write, .stream = true};
static const struct file_ops hosterr_ops = {.write = hosterr_write, .stream = true};

const struct device device_hostin = {
    .name = "hostin", .mode = S_IFIFO | 0400, .ops = &hostin_ops, .open = hostin_open};
const struct device device_hostout = {.name = "hostout", .mode = S_IFIFO | 0200, .ops = &hostout_ops};
const struct device device_hosterr = {.name = "hosterr", .mode = S_IFIFO | 0200, .ops = &hosterr_ops};
