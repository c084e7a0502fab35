/* SPDX-License-Identifier: MIT */
/* message.c - bytes and open files through sockets: send and recv in their three forms. A message carries descriptors
 * (SCM_RIGHTS), no credentials; MSG_OOB is EOPNOTSUPP. MSG_PEEK shows bytes, into the first piece of a row only, and no descriptors. */
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
#define MSG_TRUNC 0x20U
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

static ssize_t file_peek(struct file *file, struct io *io, uint64_t *position)
{
    io->peek = true;
    return file_read(file, io, position);
}

/* Moves the bytes of a row of pieces, as the flags want it. */
static int64_t move(struct file *file, const struct iovec *vectors, size_t count, bool out, uint32_t flags)
{
    bool at_once = flags & MSG_DONTWAIT;
    int64_t total = 0;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (out) {
        total = transfer_pieces(file, vectors, count, file_write, NULL, at_once);
        return flags & MSG_NOSIGNAL ? total : transfer_sigpipe(total);
    }
    if (flags & MSG_PEEK)
        return transfer_pieces(file, vectors, MIN(count, 1UL), file_peek, NULL, at_once);
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

/* All pieces of a row are one datagram, by way of memory of the kernel's when they are several. `name`: where to, or NULL. */
static int64_t send_datagram(struct file *file, const struct iovec *vectors, size_t count, vaddr_t name,
                             size_t name_length, uint32_t flags)
{
    struct socket_address address;
    struct node *node = NULL;
    size_t size = 0, at = 0;
    bool named = name && name_length;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    int64_t result = named ? socket_address_find(name, name_length, &address, &node) : 0;
    for (size_t i = 0; i < count; i++)
        size += vectors[i].iov_len;
    char *bytes = !result && count > 1 && size <= DATAGRAM_MAX ? kmalloc(size + 1) : NULL;
    if (!result && count > 1 && !bytes)
        result = size > DATAGRAM_MAX ? -EMSGSIZE : -ENOBUFS;
    for (size_t i = 0; i < count && bytes && !result; at += vectors[i++].iov_len)
        result = copy_from_user(bytes + at, (vaddr_t)vectors[i].iov_base, vectors[i].iov_len);
    if (!result) {
        struct io io = bytes ? io_kernel(bytes, size)
                             : io_user(count ? (vaddr_t)vectors[0].iov_base : 0, size);
        io.at_once = flags & MSG_DONTWAIT || file->flags & O_NONBLOCK;
        result = socket_send(file, &io, named ? &address : NULL, node);
    }
    kfree(bytes);
    node_put(node);
    return flags & MSG_NOSIGNAL ? result : transfer_sigpipe(result);
}

/* => bytes, or with MSG_TRUNC how long the message was. *flags: MSG_TRUNC when it was longer than the row. */
static int64_t receive_datagram(struct file *file, const struct iovec *vectors, size_t count, uint32_t *flags,
                                struct socket_address *from)
{
    bool wants_size = *flags & MSG_TRUNC;
    size_t size, room = 0, at = 0;

    for (size_t i = 0; i < count; i++)
        room += vectors[i].iov_len;
    char *bytes = count > 1 ? kmalloc(MIN(room, (size_t)DATAGRAM_MAX) + 1) : NULL;
    if (count > 1 && !bytes)
        return -ENOBUFS;
    struct io io = bytes ? io_kernel(bytes, MIN(room, (size_t)DATAGRAM_MAX))
                         : io_user(count ? (vaddr_t)vectors[0].iov_base : 0, room);
    io.at_once = *flags & MSG_DONTWAIT || file->flags & O_NONBLOCK;
    io.peek = *flags & MSG_PEEK;
    int64_t result = *flags & MSG_OOB ? -EOPNOTSUPP : socket_receive(file, &io, from, &size);
    for (size_t i = 0; i < count && bytes && result > 0 && at < (size_t)result; at += vectors[i++].iov_len) {
        size_t piece = MIN(vectors[i].iov_len, (size_t)result - at);
        if (copy_to_user((vaddr_t)vectors[i].iov_base, bytes + at, piece) < 0)
            result = -EFAULT;
    }
    kfree(bytes);
    *flags = result >= 0 && size > (size_t)result ? MSG_TRUNC : 0;
    return result >= 0 && wants_size ? (int64_t)size : result;
}

static int64_t move_datagram(struct file *file, const struct trapframe *frame, bool out)
{
    const struct iovec whole = {(void *)ARG1(frame), ARG2(frame)};
    uint32_t flags = (uint32_t)ARG3(frame);
    struct socket_address from;

    if (out)
        return send_datagram(file, &whole, 1, ARG4(frame), ARG5(frame), flags);
    int64_t result = receive_datagram(file, &whole, 1, &flags, &from);
    if (result < 0 || !ARG4(frame))
        return result;
    from.length = from.length <= sizeof(__kernel_sa_family_t) ? 0 : from.length;
    int error = socket_address_write(ARG4(frame), ARG5(frame), &from);
    return error ? error : result;
}

static int64_t move_buffer(const struct trapframe *frame, bool out)
{
    struct iovec whole = {(void *)ARG1(frame), ARG2(frame)};
    struct file *file FILE_HELD = NULL;

    if (!user_range_ok(ARG1(frame), ARG2(frame)))
        return -EFAULT;
    int64_t error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    if (socket_sends_datagrams(file))
        return move_datagram(file, frame, out);
    struct socket_address address;
    bool connected = socket_name(file, true, &address) == 0;
    if (out && ARG4(frame) && (int)ARG5(frame) != 0)
        return connected ? -EISCONN : -EOPNOTSUPP;
    error = move(file, &whole, 1, out, (uint32_t)ARG3(frame));
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
        return -ENOTCONN; /* or a socket of datagrams */
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
        result = socket_sends_datagrams(file)
                     ? send_datagram(file, row->vectors, message->vector_count, message->name,
                                     (size_t)message->name_length, flags)
                     : move(file, row->vectors, message->vector_count, true, flags);
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

static int64_t receive_datagram_message(struct file *file, struct message *message,
                                        const struct transfer_row *row, uint32_t flags)
{
    struct socket_address from;
    uint32_t seen = flags;
    int64_t length = receive_datagram(file, row->vectors, message->vector_count, &seen, &from);
    if (length < 0)
        return length;
    int32_t name_length = from.length <= sizeof(__kernel_sa_family_t) ? 0 : (int32_t)from.length;
    int32_t room = message->name ? MIN(MAX(message->name_length, 0), name_length) : 0;
    if (copy_to_user(message->name, &from.text, (size_t)room) < 0)
        return -EFAULT;
    message->name_length = message->name ? name_length : message->name_length;
    message->control_length = 0;
    message->flags = seen | (flags & MSG_CMSG_CLOEXEC);
    return length;
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
    if (parcel && channel && !(flags & MSG_PEEK) && channel_take(channel, parcel))
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
    struct file *file FILE_HELD = NULL;
    int64_t result = socket_get(ARG0(frame), &file);
    if (result)
        return result;
    result = message_read(ARG1(frame), &message, &row);
    if (!result) {
        result = out ? send_message(file, &message, &row, flags)
                     : (socket_sends_datagrams(file) ? receive_datagram_message
                                                     : receive_message)(file, &message, &row, flags);
        transfer_row_put(&row);
    }
    if (result >= 0 && !out && copy_to_user(ARG1(frame), &message, sizeof(message)) < 0)
        return -EFAULT;
    return result;
}

SYSCALL_IS(sendmsg, move_message(frame, true));
SYSCALL_IS(recvmsg, move_message(frame, false));
