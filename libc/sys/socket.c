/* SPDX-License-Identifier: MIT */
/* socket.c - sockets: thin over the kernel's calls. Those that may wait are cancellation points, as POSIX says. */
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "raw.h"

_Static_assert(sizeof(struct sockaddr_storage) == _K_SS_MAXSIZE, "struct sockaddr_storage");

int socket(int family, int type, int protocol)
{
    return (int)SYSCALL(__NR_socket, family, type, protocol);
}

int socketpair(int family, int type, int protocol, int ends[2])
{
    return (int)SYSCALL(__NR_socketpair, family, type, protocol, ends);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    return (int)SYSCALL(__NR_bind, fd, address, size);
}

int listen(int fd, int waiting)
{
    return (int)SYSCALL(__NR_listen, fd, waiting);
}

int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict size)
{
    return (int)WAITING_SYSCALL(__NR_accept, fd, address, size);
}

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict size, int flags)
{
    return (int)WAITING_SYSCALL(__NR_accept4, fd, address, size, flags);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    return (int)WAITING_SYSCALL(__NR_connect, fd, address, size);
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict size)
{
    return (int)SYSCALL(__NR_getsockname, fd, address, size);
}

int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict size)
{
    return (int)SYSCALL(__NR_getpeername, fd, address, size);
}

ssize_t send(int fd, const void *from, size_t count, int flags)
{
    return WAITING_SYSCALL(__NR_sendto, fd, from, count, flags);
}

ssize_t recv(int fd, void *to, size_t count, int flags)
{
    return WAITING_SYSCALL(__NR_recvfrom, fd, to, count, flags);
}

ssize_t sendto(int fd, const void *from, size_t count, int flags, const struct sockaddr *address,
               socklen_t size)
{
    return WAITING_SYSCALL(__NR_sendto, fd, from, count, flags, address, size);
}

ssize_t recvfrom(int fd, void *restrict to, size_t count, int flags, struct sockaddr *restrict address,
                 socklen_t *restrict size)
{
    return WAITING_SYSCALL(__NR_recvfrom, fd, to, count, flags, address, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return WAITING_SYSCALL(__NR_sendmsg, fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    return WAITING_SYSCALL(__NR_recvmsg, fd, message, flags);
}

int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict size)
{
    return (int)SYSCALL(__NR_getsockopt, fd, level, option, value, size);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    return (int)SYSCALL(__NR_setsockopt, fd, level, option, value, size);
}

int shutdown(int fd, int how)
{
    return (int)SYSCALL(__NR_shutdown, fd, how);
}

/* Whether the next byte is the one that was sent out of band. */
int sockatmark(int fd)
{
    int answer;

    return ioctl(fd, SIOCATMARK, &answer) == 0 ? answer : -1;
}
