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
    int64_t result = named ? socket_address_read(name, name_length, &address) : 0;
    if (!result)
        result = socket_may_send(file);
    if (!result && named)
        result = socket_address_node(&address, false, &node);
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

/* recvfrom: an end without a name has an empty one here. */
static int from_write(const struct trapframe *frame, struct socket_address *from)
{
    if (!ARG4(frame))
        return 0;
    from->length = from->length <= NO_NAME ? 0 : from->length;
    return socket_address_write(ARG4(frame), ARG5(frame), from);
}

static int64_t move_datagram(struct file *file, const struct trapframe *frame, bool out)
{
    const struct iovec whole = {(void *)ARG1(frame), ARG2(frame)};
    uint32_t flags = (uint32_t)ARG3(frame);
    struct socket_address from;

    if (out)
        return send_datagram(file, &whole, 1, ARG4(frame), ARG5(frame), flags);
    int64_t result = receive_datagram(file, &whole, 1, &flags, &from);
    int error = result < 0 ? 0 : from_write(frame, &from);
    return error ? error : result;
}

/* A stream goes where it goes: an address is copied in, as any, and refused. => 0: none is named; -EFAULT, -EISCONN, -EOPNOTSUPP. */
static int refuse_address(struct file *file, vaddr_t name, size_t length)
{
    char bytes[SOCKET_ADDRESS_MAX];
    struct socket_address peer;

    if (!name || length == 0)
        return 0;
    if (copy_from_user(bytes, name, MIN(length, sizeof(bytes))) < 0)
        return -EFAULT;
    return socket_name(file, true, &peer) == 0 ? -EISCONN : -EOPNOTSUPP;
}

static int64_t send_stream(struct file *file, const struct iovec *vectors, size_t count, vaddr_t name,
                           size_t name_length, uint32_t flags)
{
    int error = refuse_address(file, name, name_length);

    return error ? error : move(file, vectors, count, true, flags);
}

/* *from: whose bytes they are; at the end nobody's. */
static int64_t receive_stream(struct file *file, const struct iovec *vectors, size_t count, uint32_t flags,
                              struct socket_address *from)
{
    int64_t result = move(file, vectors, count, false, flags);

    from->length = 0;
    if (result > 0)
        (void)socket_name(file, true, from);
    return result;
}

static int64_t move_buffer(const struct trapframe *frame, bool out)
{
    struct iovec whole = {(void *)ARG1(frame), ARG2(frame)};
    struct file *file FILE_HELD = NULL;

    if (!user_range_ok(ARG1(frame), ARG2(frame)))
        return -EFAULT;
    int64_t result = socket_get(ARG0(frame), &file);
    if (result)
        return result;
    if (out && ARG4(frame) && (uint32_t)ARG5(frame) > SOCKET_ADDRESS_MAX)
        return -EINVAL; /* of a negative length, too */
    if (socket_sends_datagrams(file))
        return move_datagram(file, frame, out);
    if (out)
        return send_stream(file, &whole, 1, ARG4(frame), (uint32_t)ARG5(frame), (uint32_t)ARG3(frame));
    struct socket_address from;
    result = receive_stream(file, &whole, 1, (uint32_t)ARG3(frame), &from);
    int error = result < 0 ? 0 : from_write(frame, &from);
    return error ? error : result;
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
    if (message->name && message->name_length < 0)
        return -EINVAL;
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
        result = (socket_sends_datagrams(file) ? send_datagram : send_stream)(
            file, row->vectors, message->vector_count, message->name, (uint32_t)message->name_length, flags);
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

/* recvmsg: as much of the name as there is room for, and how long it is; nobody who wants none is told. => 0, -EFAULT. */
static int name_write(struct message *message, const struct socket_address *from)
{
    int32_t length = from->length <= NO_NAME ? 0 : (int32_t)from->length;

    if (!message->name)
        return 0;
    if (copy_to_user(message->name, &from->text, (size_t)MIN(message->name_length, length)) < 0)
        return -EFAULT;
    message->name_length = length;
    return 0;
}

static int64_t receive_datagram_message(struct file *file, struct message *message,
                                        const struct transfer_row *row, uint32_t flags)
{
    struct socket_address from;
    uint32_t seen = flags;
    int64_t length = receive_datagram(file, row->vectors, message->vector_count, &seen, &from);
    if (length < 0)
        return length;
    if (name_write(message, &from) < 0)
        return -EFAULT;
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
    struct socket_address from;
    int64_t result = receive_stream(file, row->vectors, message->vector_count, flags, &from);
    if (result < 0)
        return result;
    if (name_write(message, &from) < 0)
        return -EFAULT;
    struct parcel *parcel = kmalloc(sizeof(*parcel));
    message->flags = flags & MSG_CMSG_CLOEXEC;
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
