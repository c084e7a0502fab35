/* SPDX-License-Identifier: MIT */
/* <sys/socket.h> - sockets. Options are the kernel's; families, types and flags of messages are in no header of its, so they stand
 * here.
 *
 * What travels beside a message's bytes is a row of struct cmsghdr, each with its data behind it and each beginning where a size_t
 * may stand:
 *
 *     | cmsghdr | data ... | gap | cmsghdr | data ... |
 *     |<---- CMSG_LEN ---->|
 *     |<------ CMSG_SPACE ------>| */
#ifndef _SYS_SOCKET_H
#define _SYS_SOCKET_H

#include <sys/types.h>
#include <sys/uio.h>
#include <linux/fcntl.h>
#include <linux/socket.h>
#include <linux/time.h>
#include <asm/socket.h>

typedef unsigned int socklen_t;
typedef __kernel_sa_family_t sa_family_t;

/* ---- Families, and protocols by the same numbers */
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_LOCAL AF_UNIX
#define AF_FILE AF_UNIX
#define AF_INET 2
#define AF_AX25 3
#define AF_IPX 4
#define AF_APPLETALK 5
#define AF_X25 9
#define AF_INET6 10
#define AF_KEY 15
#define AF_NETLINK 16
#define AF_ROUTE AF_NETLINK
#define AF_PACKET 17
#define AF_RDS 21
#define AF_CAN 29
#define AF_TIPC 30
#define AF_BLUETOOTH 31
#define AF_ALG 38
#define AF_VSOCK 40
#define AF_XDP 44
#define PF_UNSPEC AF_UNSPEC
#define PF_UNIX AF_UNIX
#define PF_LOCAL AF_LOCAL
#define PF_FILE AF_FILE
#define PF_INET AF_INET
#define PF_AX25 AF_AX25
#define PF_IPX AF_IPX
#define PF_APPLETALK AF_APPLETALK
#define PF_X25 AF_X25
#define PF_INET6 AF_INET6
#define PF_KEY AF_KEY
#define PF_NETLINK AF_NETLINK
#define PF_ROUTE AF_ROUTE
#define PF_PACKET AF_PACKET
#define PF_RDS AF_RDS
#define PF_CAN AF_CAN
#define PF_TIPC AF_TIPC
#define PF_BLUETOOTH AF_BLUETOOTH
#define PF_ALG AF_ALG
#define PF_VSOCK AF_VSOCK
#define PF_XDP AF_XDP

/* ---- Types, and what may be joined to them */
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_RDM 4
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC O_CLOEXEC
#define SOCK_NONBLOCK O_NONBLOCK

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2
#define SOMAXCONN 4096

/* ---- Flags of messages */
#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_DONTROUTE 0x4
#define MSG_CTRUNC 0x8
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_EOR 0x80
#define MSG_WAITALL 0x100
#define MSG_CONFIRM 0x800
#define MSG_ERRQUEUE 0x2000
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2

/* ---- Addresses: each family's own begins like struct sockaddr, and fits into struct sockaddr_storage. */
struct sockaddr {
    sa_family_t sa_family;
    char sa_data[14];
};

struct sockaddr_storage {
    sa_family_t ss_family;
    char __padding[_K_SS_MAXSIZE - sizeof(sa_family_t) - sizeof(void *)];
    void *__align;
};

/* ---- Messages */
struct msghdr {
    void *msg_name;
    socklen_t msg_namelen;
    struct iovec *msg_iov;
    size_t msg_iovlen;
    void *msg_control;
    size_t msg_controllen;
    int msg_flags; /* of a message that came */
};

struct cmsghdr {
    size_t cmsg_len; /* with this header */
    int cmsg_level;
    int cmsg_type;
};

#define CMSG_ALIGN(size) (((size) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))
#define CMSG_LEN(size) (sizeof(struct cmsghdr) + (size))
#define CMSG_SPACE(size) (sizeof(struct cmsghdr) + CMSG_ALIGN(size))
#define CMSG_DATA(header) ((unsigned char *)((struct cmsghdr *)(header) + 1))
#define CMSG_FIRSTHDR(message)                                                                               \
    ((message)->msg_controllen >= sizeof(struct cmsghdr) ? (struct cmsghdr *)(message)->msg_control : NULL)
#define CMSG_NXTHDR(message, header) __cmsg_next(message, header)

/* NULL: no whole one comes behind it. One that says it were shorter than its own header is the last. */
static inline struct cmsghdr *__cmsg_next(const struct msghdr *message, const struct cmsghdr *header)
{
    size_t left = message->msg_controllen - (size_t)((char *)header - (char *)message->msg_control);

    if (header->cmsg_len < sizeof(*header) || header->cmsg_len > left)
        return NULL;
    left -= header->cmsg_len;
    size_t gap = CMSG_ALIGN(header->cmsg_len) - header->cmsg_len;
    if (left < gap + sizeof(*header))
        return NULL;
    return (struct cmsghdr *)((char *)header + header->cmsg_len + gap);
}

/* ---- Values of SO_LINGER and SO_PEERCRED */
struct linger {
    int l_onoff;
    int l_linger; /* seconds */
};

struct ucred {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

int socket(int family, int type, int protocol);
int socketpair(int family, int type, int protocol, int ends[2]);
int bind(int fd, const struct sockaddr *address, socklen_t size);
int listen(int fd, int waiting);
int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict size);
int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict size, int flags);
int connect(int fd, const struct sockaddr *address, socklen_t size);
int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict size);
int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict size);
ssize_t send(int fd, const void *from, size_t count, int flags);
ssize_t recv(int fd, void *to, size_t count, int flags);
ssize_t sendto(int fd, const void *from, size_t count, int flags, const struct sockaddr *address,
               socklen_t size);
ssize_t recvfrom(int fd, void *restrict to, size_t count, int flags, struct sockaddr *restrict address,
                 socklen_t *restrict size);
ssize_t sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t recvmsg(int fd, struct msghdr *message, int flags);
int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict size);
int setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int shutdown(int fd, int how);
int sockatmark(int fd);

#endif
