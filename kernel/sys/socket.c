/* SPDX-License-Identifier: MIT */
/* socket.c - the calls of sockets, thin over fs/socket.c: streams of AF_UNIX. Other families are EAFNOSUPPORT, other types
 * ESOCKTNOSUPPORT; messages carry descriptors (SCM_RIGHTS), no credentials; MSG_PEEK and MSG_OOB are EOPNOTSUPP. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/path.h>
#include <fs/socket.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <string.h>
#include <sys/transfer.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/socket.h>
#include <linux/stat.h>
#include <linux/uio.h>

/* Of the ABI, but not in the uapi headers. */
#define SOCK_STREAM 1
#define SOCK_TYPES 0xf /* the bits of the type; the others are O_NONBLOCK and O_CLOEXEC */
#define SOCK_MAX 11
#define MSG_OOB 1U
#define MSG_PEEK 2U
#define MSG_DONTWAIT 0x40U
#define MSG_WAITALL 0x100U
#define MSG_NOSIGNAL 0x4000U
#define MSG_CTRUNC 8U
#define MSG_CMSG_CLOEXEC 0x40000000U
#define SCM_RIGHTS 1
#define SHUT_RDWR 2
#define BUFFER_SIZE 212992 /* what SO_SNDBUF and SO_RCVBUF say, as Linux's default */
#define SUN_PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)
#define ADDRESS_MAX 128U /* sizeof(struct sockaddr_storage) */

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

struct credentials {
    int32_t pid;
    uint32_t uid, gid;
};

/* ---- descriptors --------------------------------------------------------------------------------------- */

/* => a referenced file that is a socket; -EBADF, -ENOTSOCK. */
static int socket_get(uint64_t fd, struct file **file)
{
    *file = fdtable_get_open(current_process()->files, (int)fd);
    if (!*file)
        return -EBADF;
    if (socket_is(*file))
        return 0;
    file_put(*file);
    return -ENOTSOCK;
}

static int check_kind(int family, int type, int protocol)
{
    if (type & ~(SOCK_TYPES | O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    if (family != AF_UNIX)
        return -EAFNOSUPPORT;
    if ((type & SOCK_TYPES) >= SOCK_MAX)
        return -EINVAL;
    if (protocol != 0 && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    return (type & SOCK_TYPES) == SOCK_STREAM ? 0 : -ESOCKTNOSUPPORT;
}

/* Takes over the reference. => the descriptor, -EMFILE, -ENOMEM. */
static int install(struct file *file, int type)
{
    int fd = fdtable_install(current_process()->files, file, 0, type & O_CLOEXEC);
    if (fd < 0)
        file_put(file);
    return fd;
}

int64_t sys_socket(struct trapframe *frame)
{
    int type = (int)ARG1(frame);
    struct file *file;

    int error = check_kind((int)ARG0(frame), type, (int)ARG2(frame));
    if (!error)
        error = socket_create((uint32_t)type & O_NONBLOCK, &file);
    return error ? error : install(file, type);
}

int64_t sys_socketpair(struct trapframe *frame)
{
    struct fdtable *files = current_process()->files;
    int type = (int)ARG1(frame), pid = current_process()->pid, fds[2];
    struct file *ends[2];

    int error = check_kind((int)ARG0(frame), type, (int)ARG2(frame));
    if (!error)
        error = socket_pair((uint32_t)type & O_NONBLOCK, ends);
    if (error)
        return error;
    for (int i = 0; i < 2; i++)
        socket_set_pid(ends[i], pid, pid);
    fds[0] = install(ends[0], type);
    if (fds[0] < 0) {
        file_put(ends[1]);
        return fds[0];
    }
    fds[1] = install(ends[1], type);
    if (fds[1] >= 0 && copy_to_user(ARG3(frame), fds, sizeof(fds)) == 0)
        return 0;
    fdtable_close(files, fds[0]);
    if (fds[1] < 0)
        return fds[1];
    fdtable_close(files, fds[1]);
    return -EFAULT;
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

static bool is_path(const struct socket_address *address)
{
    return address->text.sun_path[0] != '\0';
}

/* => 0, -EINVAL, -EFAULT. A path ends in a zero byte then. */
static int address_read(vaddr_t from, uint64_t size, struct socket_address *address)
{
    int length = (int)size;
    char text[sizeof(address->text) + 1] = {0};

    if (length < 0 || (unsigned)length > ADDRESS_MAX)
        return -EINVAL;
    if (copy_from_user(text, from, MIN((size_t)length, sizeof(address->text))) < 0)
        return -EFAULT;
    memset(address, 0, sizeof(*address));
    memcpy(&address->text, text, sizeof(address->text));
    if ((unsigned)length <= sizeof(__kernel_sa_family_t) || (unsigned)length > sizeof(address->text) ||
        address->text.sun_family != AF_UNIX)
        return -EINVAL;
    address->length = (unsigned)length;
    if (is_path(address))
        address->length = (unsigned)(offsetof(struct sockaddr_un, sun_path) +
                                     strlen(text + offsetof(struct sockaddr_un, sun_path)) + 1);
    return 0;
}

/* As getsockname has it: as much as there is room for, and how long it really is. => 0, -EINVAL, -EFAULT. */
static int address_write(vaddr_t to, vaddr_t size_at, const struct socket_address *address)
{
    int room, length = (int)address->length;

    if (copy_from_user(&room, size_at, sizeof(room)) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (copy_to_user(to, &address->text, (size_t)MIN(room, length)) < 0)
        return -EFAULT;
    return copy_to_user(size_at, &length, sizeof(length));
}

static void path_text(const struct socket_address *address, char text[SUN_PATH_SIZE + 1])
{
    memcpy(text, address->text.sun_path, SUN_PATH_SIZE);
    text[SUN_PATH_SIZE] = '\0';
}

/* The node of an address that is a path; NULL if it is none. */
static int address_node(const struct socket_address *address, bool make, struct node **node)
{
    char text[SUN_PATH_SIZE + 1];
    struct process *process = current_process();
    int error = 0;

    *node = NULL;
    if (!is_path(address))
        return 0;
    path_text(address, text);
    struct node *start = node_get(process->cwd);
    if (make)
        error = path_make(start, text, S_IFSOCK | (0777 & ~process->umask), NULL);
    if (!error)
        error = path_lookup(start, text, make ? PATH_NO_FOLLOW : 0, node);
    node_put(start);
    return make && error == -EEXIST ? -EADDRINUSE : error;
}

/* What a call does with a socket and an address. */
static int64_t with_address(const struct trapframe *frame, bool make,
                            int (*verb)(struct file *, const struct socket_address *, struct node *))
{
    struct socket_address address;
    struct file *file;
    struct node *node;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    error = address_read(ARG1(frame), ARG2(frame), &address);
    if (!error)
        error = address_node(&address, make, &node);
    if (!error) {
        error = verb(file, &address, node);
        node_put(node);
    }
    file_put(file);
    return error;
}

SYSCALL_IS(bind, with_address(frame, true, socket_bind));

static int connect(struct file *file, const struct socket_address *address, struct node *node)
{
    if (node && !node_is(node, S_IFSOCK))
        return -ECONNREFUSED;
    return socket_connect(file, address, node, current_process()->pid);
}

SYSCALL_IS(connect, with_address(frame, false, connect));

int64_t sys_listen(struct trapframe *frame)
{
    struct file *file;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    socket_set_pid(file, current_process()->pid, 0);
    error = socket_listen(file, (unsigned)ARG1(frame));
    file_put(file);
    return error;
}

static int64_t name_of(const struct trapframe *frame, bool peer)
{
    struct socket_address address;
    struct file *file;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    error = socket_name(file, peer, &address);
    file_put(file);
    return error ? error : address_write(ARG1(frame), ARG2(frame), &address);
}

SYSCALL_IS(getsockname, name_of(frame, false));
SYSCALL_IS(getpeername, name_of(frame, true));

static int64_t accept(const struct trapframe *frame, int flags)
{
    struct socket_address address;
    struct file *file, *accepted;
    if (flags & ~(O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    error = socket_accept(file, (uint32_t)flags & O_NONBLOCK, current_process()->pid, &accepted);
    file_put(file);
    if (error)
        return error;
    if (ARG1(frame)) {
        error = socket_name(accepted, true, &address);
        error = error ? -ECONNABORTED : address_write(ARG1(frame), ARG2(frame), &address);
    }
    if (error) {
        file_put(accepted);
        return error;
    }
    return install(accepted, flags);
}

SYSCALL_IS(accept, accept(frame, 0));
SYSCALL_IS(accept4, accept(frame, (int)ARG3(frame)));

int64_t sys_shutdown(struct trapframe *frame)
{
    int how = (int)ARG1(frame);
    struct file *file;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    if (how < 0 || how > SHUT_RDWR)
        error = -EINVAL;
    else
        socket_shutdown(file, how != 1, how != 0);
    file_put(file);
    return error;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* Moves the bytes of a row of pieces, as the flags want it. */
static int64_t move(struct file *file, const struct iovec *vectors, size_t count, bool out, uint32_t flags)
{
    struct file view = *file;
    int64_t total = 0;

    if (flags & (MSG_OOB | MSG_PEEK))
        return -EOPNOTSUPP;
    if (flags & MSG_DONTWAIT)
        view.flags |= O_NONBLOCK;
    if (out) {
        total = transfer_pieces(&view, vectors, count, file_write, NULL);
        return flags & MSG_NOSIGNAL ? total : transfer_sigpipe(total);
    }
    total = transfer_pieces(&view, vectors, count, file_read, NULL);
    if (!(flags & MSG_WAITALL) || count != 1)
        return total;
    while (total > 0 && (size_t)total < vectors[0].iov_len) {
        struct iovec rest = {(char *)vectors[0].iov_base + total, vectors[0].iov_len - (size_t)total};
        int64_t more = transfer_pieces(&view, &rest, 1, file_read, NULL);
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
        int failed = address_write(ARG4(frame), ARG5(frame), &address);
        error = failed ? failed : error;
    }
    return error;
}

SYSCALL_IS(sendto, move_buffer(frame, true));
SYSCALL_IS(recvfrom, move_buffer(frame, false));

static void parcel_put(const struct socket_parcel *parcel)
{
    for (unsigned i = 0; i < parcel->count; i++)
        file_put(parcel->files[i]);
}

/* The open files that a message names. => 0; -EINVAL, -EFAULT, -EBADF: no reference is held. */
static int parcel_read(const struct message *message, struct socket_parcel *parcel)
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
static uint32_t parcel_write(struct message *message, const struct socket_parcel *parcel, bool close_on_exec)
{
    struct control_header header = {.level = SOL_SOCKET, .type = SCM_RIGHTS};
    size_t room = message->control_length >= sizeof(header) ? message->control_length - sizeof(header) : 0;
    unsigned told = 0;

    for (unsigned i = 0; i < parcel->count; i++) {
        int fd = -1;
        if ((told + 1) * sizeof(fd) <= room)
            fd = install(parcel->files[i], close_on_exec ? O_CLOEXEC : 0);
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
    struct socket_parcel *parcel = kmalloc(sizeof(*parcel));
    if (!parcel)
        return -ENOMEM;
    int64_t result = parcel_read(message, parcel);
    if (!result && parcel->count > 0) {
        result = socket_attach(file, parcel);
        if (result)
            parcel_put(parcel);
    }
    if (!result) {
        result = move(file, row->vectors, message->vector_count, true, flags);
        if (result > 0) {
            socket_sent(file);
        } else if (parcel->count > 0) {
            socket_detach(file);
            parcel_put(parcel);
        }
    }
    kfree(parcel);
    return result;
}

static int64_t receive_message(struct file *file, struct message *message, const struct transfer_row *row,
                               uint32_t flags)
{
    socket_forget_passed(file);
    int64_t result = move(file, row->vectors, message->vector_count, false, flags);
    if (result < 0)
        return result;
    struct socket_parcel *parcel = kmalloc(sizeof(*parcel));
    message->flags = flags & MSG_CMSG_CLOEXEC;
    message->name_length = 0;
    if (parcel && socket_take(file, parcel))
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

/* ---- options ------------------------------------------------------------------------------------------- */

/* => the value of an option that is a number; -ENOPROTOOPT. */
static int option_value(struct file *file, int option)
{
    switch (option) {
    case SO_TYPE:
        return SOCK_STREAM;
    case SO_DOMAIN:
        return AF_UNIX;
    case SO_ACCEPTCONN:
        return socket_listens(file);
    case SO_SNDBUF:
    case SO_RCVBUF:
        return BUFFER_SIZE;
    case SO_PROTOCOL:
    case SO_ERROR:
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
    case SO_BROADCAST:
        return 0;
    default:
        return -ENOPROTOOPT;
    }
}

int64_t sys_getsockopt(struct trapframe *frame)
{
    struct credentials peer = {.uid = UINT32_MAX, .gid = UINT32_MAX};
    struct file *file;
    int room, value = -EOPNOTSUPP;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    bool wants_peer = (int)ARG2(frame) == SO_PEERCRED;
    if ((int)ARG1(frame) == SOL_SOCKET)
        value = wants_peer ? 0 : option_value(file, (int)ARG2(frame));
    peer.pid = socket_peer_pid(file);
    file_put(file);
    if (peer.pid)
        peer.uid = peer.gid = 0;
    if (copy_from_user(&room, ARG4(frame), sizeof(room)) < 0)
        return -EFAULT;
    if (value < 0 || room < 0)
        return value < 0 ? value : -EINVAL;
    size_t size = MIN((size_t)room, wants_peer ? sizeof(peer) : sizeof(value));
    if (copy_to_user(ARG3(frame), wants_peer ? (void *)&peer : (void *)&value, size) < 0)
        return -EFAULT;
    room = (int)size;
    return copy_to_user(ARG4(frame), &room, sizeof(room));
}

/* Those that change nothing for such sockets are taken; those that would, are not there. */
int64_t sys_setsockopt(struct trapframe *frame)
{
    struct file *file;
    int value, option = (int)ARG2(frame);
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    if ((int)ARG1(frame) != SOL_SOCKET)
        error = -EOPNOTSUPP;
    else if (option == SO_TYPE || option == SO_DOMAIN || option == SO_PROTOCOL || option == SO_ERROR ||
             option == SO_ACCEPTCONN)
        error = -ENOPROTOOPT;
    else
        error = MIN(option_value(file, option), 0);
    file_put(file);
    if (error)
        return error;
    if ((int)ARG4(frame) < (int)sizeof(value))
        return -EINVAL;
    return copy_from_user(&value, ARG3(frame), sizeof(value));
}
