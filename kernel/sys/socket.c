/* SPDX-License-Identifier: MIT */
/* socket.c - the calls of sockets, thin over fs/socket.c: streams and datagrams of AF_UNIX. Other families are EAFNOSUPPORT, other types
 * ESOCKTNOSUPPORT. What moves bytes through them: message.c. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/path.h>
#include <fs/socket.h>
#include <proc/process.h>
#include <string.h>
#include <sys/descriptor.h>
#include <sys/socket.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/socket.h>
#include <linux/stat.h>

/* Of the ABI, but not in the uapi headers. */
#define AF_UNSPEC 0
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3     /* datagrams, too */
#define SOCK_TYPES 0xf /* the bits of the type; the others are O_NONBLOCK and O_CLOEXEC */
#define SOCK_MAX 11
#define SHUT_RDWR 2
#define BUFFER_SIZE 212992 /* what SO_SNDBUF and SO_RCVBUF say, as Linux's default */
#define DIGITS 5           /* of a name that the kernel chooses, in hexadecimal */
#define NAMES (1U << (4 * DIGITS))
#define SUN_PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

struct credentials {
    int32_t pid;
    uint32_t uid, gid;
};

/* ---- descriptors --------------------------------------------------------------------------------------- */

int socket_get(uint64_t fd, struct file **file)
{
    *file = fdtable_get_open(current_process()->files, (int)fd);
    if (!*file)
        return -EBADF;
    return socket_is(*file) ? 0 : -ENOTSOCK;
}

static bool is_datagram(int type)
{
    return (type & SOCK_TYPES) == SOCK_DGRAM || (type & SOCK_TYPES) == SOCK_RAW;
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
    return (type & SOCK_TYPES) == SOCK_STREAM || is_datagram(type) ? 0 : -ESOCKTNOSUPPORT;
}

int64_t sys_socket(struct trapframe *frame)
{
    int type = (int)ARG1(frame);
    struct file *file;

    int error = check_kind((int)ARG0(frame), type, (int)ARG2(frame));
    if (!error)
        error = socket_create((uint32_t)type & O_NONBLOCK, is_datagram(type), &file);
    return error ? error : descriptor_make(file, type & O_CLOEXEC);
}

int64_t sys_socketpair(struct trapframe *frame)
{
    int type = (int)ARG1(frame), pid = current_process()->pid;
    struct file *ends[2];

    int error = check_kind((int)ARG0(frame), type, (int)ARG2(frame));
    if (!error)
        error = socket_pair((uint32_t)type & O_NONBLOCK, is_datagram(type), ends);
    if (error)
        return error;
    for (int i = 0; i < 2; i++)
        socket_set_pid(ends[i], pid, pid);
    return descriptor_make_pair(ends, type & O_CLOEXEC, ARG3(frame));
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

static bool is_path(const struct socket_address *address)
{
    return address->text.sun_path[0] != '\0';
}

int socket_address_read(vaddr_t from, uint64_t size, struct socket_address *address)
{
    int length = (int)size;
    char text[sizeof(address->text) + 1] = {0};

    if (length < 0 || (unsigned)length > SOCKET_ADDRESS_MAX)
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

int socket_address_write(vaddr_t to, vaddr_t size_at, const struct socket_address *address)
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

int socket_address_node(const struct socket_address *address, bool make, struct node **node)
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

/* The name of a socket that could not be bound to it. */
static void address_forget(const struct socket_address *address)
{
    char text[SUN_PATH_SIZE + 1];

    path_text(address, text);
    path_remove(current_process()->cwd, text, false);
}

/* What a call does with a socket and an address. */
static int64_t with_address(const struct trapframe *frame, bool make,
                            int (*verb)(struct file *, const struct socket_address *, struct node *))
{
    struct socket_address address;
    struct file *file FILE_HELD = NULL;
    struct node *node NODE_HELD = NULL;
    int error = socket_get(ARG0(frame), &file);
    if (!error)
        error = socket_address_read(ARG1(frame), ARG2(frame), &address);
    if (!error)
        error = socket_address_node(&address, make, &node);
    if (error)
        return error;
    error = verb(file, &address, node);
    if (error && make && node)
        address_forget(&address);
    return error;
}

/* Five digits behind a zero byte, which nobody has; who has a name keeps it. => 0, -ENOSPC, -EFAULT, -EINVAL. */
static int bind_anywhere(struct file *file, vaddr_t from)
{
    static uint32_t next; /* atomic */
    struct socket_address address;

    if (copy_from_user(&address.text.sun_family, from, NO_NAME) < 0)
        return -EFAULT;
    if (address.text.sun_family != AF_UNIX)
        return -EINVAL;
    if (socket_name(file, false, &address) == 0 && address.length > NO_NAME)
        return 0;
    address.text.sun_path[0] = '\0';
    address.length = NO_NAME + 1 + DIGITS;
    for (uint32_t tries = 0; tries < NAMES; tries++) {
        uint32_t number = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % NAMES;
        for (unsigned digit = DIGITS; digit > 0; digit--, number >>= 4)
            address.text.sun_path[digit] = "0123456789abcdef"[number & 0xf];
        int error = socket_bind(file, &address, NULL);
        if (error != -EADDRINUSE)
            return error;
    }
    return -ENOSPC;
}

int64_t sys_bind(struct trapframe *frame)
{
    struct file *file FILE_HELD = NULL;

    if ((uint32_t)ARG2(frame) != NO_NAME)
        return with_address(frame, true, socket_bind);
    int error = socket_get(ARG0(frame), &file);
    return error ? error : bind_anywhere(file, ARG1(frame));
}

static int connect(struct file *file, const struct socket_address *address, struct node *node)
{
    if (node && !node_is(node, S_IFSOCK))
        return -ECONNREFUSED;
    return socket_connect(file, address, node, current_process()->pid);
}

/* AF_UNSPEC is the way back of a socket of datagrams. */
static bool names_nobody(const struct trapframe *frame)
{
    __kernel_sa_family_t family = AF_UNIX;

    return (int)ARG2(frame) >= (int)sizeof(family) && (int)ARG2(frame) <= (int)SOCKET_ADDRESS_MAX &&
           copy_from_user(&family, ARG1(frame), sizeof(family)) == 0 && family == AF_UNSPEC;
}

int64_t sys_connect(struct trapframe *frame)
{
    struct file *file FILE_HELD = NULL;

    if (!names_nobody(frame))
        return with_address(frame, false, connect);
    int error = socket_get(ARG0(frame), &file);
    return error ? error : socket_dissolve(file);
}

int64_t sys_listen(struct trapframe *frame)
{
    struct file *file FILE_HELD = NULL;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    socket_set_pid(file, current_process()->pid, 0);
    return socket_listen(file, (unsigned)ARG1(frame));
}

static int64_t name_of(const struct trapframe *frame, bool peer)
{
    struct socket_address address;
    struct file *file FILE_HELD = NULL;
    int error = socket_get(ARG0(frame), &file);
    if (!error)
        error = socket_name(file, peer, &address);
    return error ? error : socket_address_write(ARG1(frame), ARG2(frame), &address);
}

SYSCALL_IS(getsockname, name_of(frame, false));
SYSCALL_IS(getpeername, name_of(frame, true));

static int64_t accept(const struct trapframe *frame, int flags)
{
    struct socket_address address;
    struct file *file FILE_HELD = NULL, *accepted;
    if (flags & ~(O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    int error = socket_get(ARG0(frame), &file);
    if (!error)
        error = socket_accept(file, (uint32_t)flags & O_NONBLOCK, current_process()->pid, &accepted);
    if (error)
        return error;
    if (ARG1(frame)) {
        error = socket_name(accepted, true, &address);
        error = error ? -ECONNABORTED : socket_address_write(ARG1(frame), ARG2(frame), &address);
    }
    if (error) {
        file_put(accepted);
        return error;
    }
    return descriptor_make(accepted, flags & O_CLOEXEC);
}

SYSCALL_IS(accept, accept(frame, 0));
SYSCALL_IS(accept4, accept(frame, (int)ARG3(frame)));

int64_t sys_shutdown(struct trapframe *frame)
{
    int how = (int)ARG1(frame);
    struct file *file FILE_HELD = NULL;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    if (how < 0 || how > SHUT_RDWR)
        return -EINVAL;
    socket_shutdown(file, how != 1, how != 0);
    return 0;
}

/* ---- options ------------------------------------------------------------------------------------------- */

/* => the value of an option that is a number; -ENOPROTOOPT. */
static int option_value(struct file *file, int option)
{
    switch (option) {
    case SO_TYPE:
        return socket_sends_datagrams(file) ? SOCK_DGRAM : SOCK_STREAM;
    case SO_DOMAIN:
        return AF_UNIX;
    case SO_ACCEPTCONN:
        return socket_listens(file);
    case SO_SNDBUF:
    case SO_RCVBUF:
        return BUFFER_SIZE;
    case SO_ERROR:
        return socket_error(file);
    case SO_PROTOCOL:
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
    struct file *file FILE_HELD = NULL;
    int room, value = -EOPNOTSUPP;
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    bool wants_peer = (int)ARG2(frame) == SO_PEERCRED;
    if ((int)ARG1(frame) == SOL_SOCKET)
        value = wants_peer ? 0 : option_value(file, (int)ARG2(frame));
    peer.pid = socket_peer_pid(file);
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
    struct file *file FILE_HELD = NULL;
    int value, option = (int)ARG2(frame);
    int error = socket_get(ARG0(frame), &file);
    if (error)
        return error;
    if ((int)ARG1(frame) != SOL_SOCKET)
        return -EOPNOTSUPP;
    if (option == SO_TYPE || option == SO_DOMAIN || option == SO_PROTOCOL || option == SO_ERROR ||
        option == SO_ACCEPTCONN || option_value(file, option) < 0)
        return -ENOPROTOOPT;
    if ((int)ARG4(frame) < (int)sizeof(value))
        return -EINVAL;
    return copy_from_user(&value, ARG3(frame), sizeof(value));
}
