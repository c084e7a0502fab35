/* SPDX-License-Identifier: MIT */
/* message.c - bytes and open files through sockets: send and recv in their three forms. A message carries descriptors
 * (SCM_RIGHTS), no credentials; MSG_PEEK and MSG_OOB are EOPNOTSUPP. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/channel.h>
#include <fs/epoll.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <sys/descriptor.h>
#include <sys/socket.h>
#include <sys/transfer.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/socket.h>
#include <linux/uio.h>

/* Of the ABI, but not in the uapi headers. */
#define MSG_OOB 1U
#define MSG_PEEK 2U
#define MSG_DONTWAIT 0x40U
#define MSG_WAITALL 0x100U
#define MSG_NOSIGNAL 0x4000U
#define MSG_CTRUNC 8U
#define MSG_CMSG_CLOEXEC 0x40000000U
#define SCM_RIGHTS 1

struct message {
    vaddr_t name;
    int32_t name_length;
    vaddr_t vectors;
    size_t vector_count;
    vaddr_t control;
    size_t control_length;
    uint32_t flags;
};

struct control_header {
    size_t length; /* with this header */
    int32_t level, type;
};

/* Moves the bytes of a row of pieces, as the flags want it. */
static int64_t move(struct file *file, const struct iovec *vectors, size_t count, bool out, uint32_t flags)
{
    bool at_once = flags & MSG_DONTWAIT;
    int64_t total = 0;

    if (flags & (MSG_OOB | MSG_PEEK))
        return -EOPNOTSUPP;
    if (out) {
        total = transfer_pieces(file, vectors, count, file_write, NULL, at_once);
        return flags & MSG_NOSIGNAL ? total : transfer_sigpipe(total);
    }
    total = transfer_pieces(file, vectors, count, file_read, NULL, at_once);
    if (!(flags & MSG_WAITALL) || count != 1)
        return total;
    while (total > 0 && (size_t)total < vectors[0].iov_len) {
        struct iovec rest = {(char *)vectors[0].iov_base + total, vectors[0].iov_len - (size_t)total};
        int64_t more = transfer_pieces(file, &rest, 1, file_read, NULL, at_once);
        if (more <= 0)
            break;
        total += more;
    }
    return total;
}

static int64_t move_buffer(const struct trapframe *frame, bool out)
{
    struct iovec whole = {(void *)ARG1(frame), ARG2(frame)};
    struct file *file;

    if (!user_range_ok(ARG1(frame), ARG2(frame)))
        return -EFAULT;
    int64_t error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    struct socket_address address;
    bool connected = socket_name(file, true, &address) == 0;
    if (out && ARG4(frame) && (int)ARG5(frame) != 0)
        error = connected ? -EISCONN : -EOPNOTSUPP;
    else
        error = move(file, &whole, 1, out, (uint32_t)ARG3(frame));
    file_put(file);
    if (error >= 0 && !out && ARG4(frame)) {
        address.length = address.length <= sizeof(__kernel_sa_family_t) ? 0 : address.length;
        int failed = socket_address_write(ARG4(frame), ARG5(frame), &address);
        error = failed ? failed : error;
    }
    return error;
}

SYSCALL_IS(sendto, move_buffer(frame, true));
SYSCALL_IS(recvfrom, move_buffer(frame, false));

/* Sockets and sets of files do not travel: they could be in themselves and stay for ever. */
static bool may_travel(const struct parcel *parcel)
{
    for (unsigned i = 0; i < parcel->count; i++) {
        if (socket_is(parcel->files[i]) || epoll_is(parcel->files[i]))
            return false;
    }
    return true;
}

static int attach(struct channel *channel, const struct parcel *parcel)
{
    if (!channel)
        return -ENOTCONN;
    return may_travel(parcel) ? channel_attach(channel, parcel) : -ETOOMANYREFS;
}

/* The open files that a message names. => 0; -EINVAL, -EFAULT, -EBADF: no reference is held. */
static int parcel_read(const struct message *message, struct parcel *parcel)
{
    struct control_header header;
    int fd, error = 0;

    parcel->count = 0;
    if (message->control_length < sizeof(header))
        return message->control_length ? -EINVAL : 0;
    if (copy_from_user(&header, message->control, sizeof(header)) < 0)
        return -EFAULT;
    size_t bytes = header.length - sizeof(header);
    if (header.length < sizeof(header) || header.length > message->control_length ||
        header.level != SOL_SOCKET || header.type != SCM_RIGHTS || bytes / sizeof(fd) > PARCEL_MAX)
        return -EINVAL;
    for (size_t i = 0; i < bytes / sizeof(fd) && !error; i++) {
        if (copy_from_user(&fd, message->control + sizeof(header) + i * sizeof(fd), sizeof(fd)) < 0)
            error = -EFAULT;
        else if ((parcel->files[i] = fdtable_get_open(current_process()->files, fd)) == NULL)
            error = -EBADF;
        else
            parcel->count++;
    }
    if (error)
        parcel_put(parcel);
    return error;
}

/* Takes over the references. What finds no room in the message or in the table is closed. => MSG_CTRUNC or 0. */
static uint32_t parcel_write(struct message *message, const struct parcel *parcel, bool close_on_exec)
{
    struct control_header header = {.level = SOL_SOCKET, .type = SCM_RIGHTS};
    size_t room = message->control_length >= sizeof(header) ? message->control_length - sizeof(header) : 0;
    unsigned told = 0;

    for (unsigned i = 0; i < parcel->count; i++) {
        int fd = -1;
        if ((told + 1) * sizeof(fd) <= room)
            fd = descriptor_make(parcel->files[i], close_on_exec);
        else
            file_put(parcel->files[i]);
        if (fd >= 0 &&
            copy_to_user(message->control + sizeof(header) + told * sizeof(fd), &fd, sizeof(fd)) == 0)
            told++;
    }
    header.length = sizeof(header) + told * sizeof(int);
    if (told > 0 && copy_to_user(message->control, &header, sizeof(header)) < 0)
        told = 0;
    message->control_length = told ? MIN(message->control_length, (header.length + 7) & ~7UL) : 0;
    return told < parcel->count ? MSG_CTRUNC : 0;
}

/* A message's pieces, copied in. => 0, -errno: nothing to put. */
static int message_read(vaddr_t address, struct message *message, struct transfer_row *row)
{
    if (copy_from_user(message, address, sizeof(*message)) < 0)
        return -EFAULT;
    if (message->vector_count > UIO_MAXIOV)
        return -EMSGSIZE;
    return transfer_row_get(row, message->vectors, message->vector_count);
}

static int64_t send_message(struct file *file, const struct message *message, const struct transfer_row *row,
                            uint32_t flags)
{
    struct channel *channel = socket_channel(file, true);
    struct parcel *parcel = kmalloc(sizeof(*parcel));
    if (!parcel)
        return -ENOMEM;
    int64_t result = parcel_read(message, parcel);
    if (!result && parcel->count > 0) {
        result = attach(channel, parcel);
        if (result)
            parcel_put(parcel);
    }
    if (!result) {
        result = move(file, row->vectors, message->vector_count, true, flags);
        if (result <= 0 && parcel->count > 0) {
            channel_detach(channel);
            parcel_put(parcel);
        } else if (parcel->count > 0) {
            channel_complete(channel);
        }
    }
    kfree(parcel);
    return result;
}

static int64_t receive_message(struct file *file, struct message *message, const struct transfer_row *row,
                               uint32_t flags)
{
    struct channel *channel = socket_channel(file, false);
    if (channel)
        channel_forget_passed(channel);
    int64_t result = move(file, row->vectors, message->vector_count, false, flags);
    if (result < 0)
        return result;
    struct parcel *parcel = kmalloc(sizeof(*parcel));
    message->flags = flags & MSG_CMSG_CLOEXEC;
    message->name_length = 0;
    channel = socket_channel(file, false); /* it may have been connected since */
    if (parcel && channel && channel_take(channel, parcel))
        message->flags |= parcel_write(message, parcel, flags & MSG_CMSG_CLOEXEC);
    else
        message->control_length = 0;
    kfree(parcel);
    return result;
}

static int64_t move_message(const struct trapframe *frame, bool out)
{
    uint32_t flags = (uint32_t)ARG2(frame);
    struct message message;
    struct transfer_row row;
    struct file *file;
    int64_t result = socket_get(ARG0(frame), &file);
    if (result)
        return result;
    result = message_read(ARG1(frame), &message, &row);
    if (!result) {
        result = out ? send_message(file, &message, &row, flags)
                     : receive_message(file, &message, &row, flags);
        transfer_row_put(&row);
    }
    file_put(file);
    if (result >= 0 && !out && copy_to_user(ARG1(frame), &message, sizeof(message)) < 0)
        return -EFAULT;
    return result;
}

SYSCALL_IS(sendmsg, move_message(frame, true));
SYSCALL_IS(recvmsg, move_message(frame, false));
