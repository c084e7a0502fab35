/* SPDX-License-Identifier: MIT */
/* errors_sockets.c - epoll, eventfd and sockets: what they refuse. */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "errors.h"

static void sets(void)
{
    int set = epoll_create1(0), file = scratch_file(1), ends[2];
    struct epoll_event in = {.events = EPOLLIN};
    struct timespec soon = {0}, bad = {.tv_nsec = 1000000000};
    uint64_t none = 0;

    if (pipe(ends) != 0)
        _exit(95);
    ROW(epoll_create, 0);
    ROW(epoll_create, -1);
    ROW(epoll_create1, 1);
    ROW(epoll_create1, O_NONBLOCK);
    ROW(epoll_ctl, 999, EPOLL_CTL_ADD, ends[0], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, 999, &in);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, ends[0], BAD);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, file, &in);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, set, &in);
    ROW(epoll_ctl, ends[0], EPOLL_CTL_ADD, ends[1], &in);
    ROW(epoll_ctl, set, 0, ends[0], &in);
    ROW(epoll_ctl, set, 4, ends[0], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_MOD, ends[0], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_DEL, ends[0], BAD);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, ends[0], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, ends[0], &in);
    struct epoll_event alone = {.events = EPOLLIN | EPOLLEXCLUSIVE},
                       once = {.events = EPOLLEXCLUSIVE | EPOLLONESHOT};
    int inner = epoll_create1(0);
    ROW(epoll_ctl, set, EPOLL_CTL_MOD, ends[0], &alone);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, ends[1], &once);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, inner, &alone);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, ends[1], &alone);
    ROW(epoll_ctl, set, EPOLL_CTL_MOD, ends[1], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_DEL, ends[1], 0);
    close(inner);
    ROW(epoll_wait, set, at, 0, 0);
    ROW(epoll_wait, set, at, -1, 0);
    ROW(epoll_wait, set, at, 0x7fffffff, 0);
    ROW(epoll_wait, 999, at, 1, 0);
    ROW(epoll_wait, ends[0], at, 1, 0);
    ROW(epoll_wait, set, BAD, 1, 0);
    ROW(epoll_pwait, set, at, 1, 0, BAD, 8);
    ROW(epoll_pwait, set, at, 1, 0, at, 4);
    ROW(epoll_pwait, set, at, 0, 0, 0, 0);
    ROW(epoll_pwait2, set, at, 1, BAD, 0, 8);
    ROW(epoll_pwait2, set, at, 1, &bad, 0, 8);
    ROW(epoll_pwait2, set, at, 1, &soon, &none, 4);
    ROW(epoll_pwait2, set, at, 1, &soon, &none, 8);
    ROW(eventfd, 0);
    ROW(eventfd2, 0, 2);
    ROW(eventfd2, 0, O_APPEND);
}

static struct sockaddr_un address_of(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(address.sun_path, name);
    return address;
}

#define WHOLE sizeof(struct sockaddr_un)

static void sockets(void)
{
    struct sockaddr_un name = address_of("/tmp/errors_sockets"), gone = address_of("/tmp/no/such"),
                       root = address_of("/"), other_family = {.sun_family = 99},
                       unnamed = {.sun_family = AF_UNIX};
    int file = scratch_file(1), fds[2], one = 1, small = 2, negative = -1, length = WHOLE;
    long plain = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0),
         listener = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

    ROW(socket, 99, SOCK_STREAM, 0);
    ROW(socket, AF_UNIX, 15, 0);
    ROW(socket, AF_UNIX, SOCK_STREAM | 0x100, 0);
    ROW(socket, AF_UNIX, SOCK_STREAM, 99);
    ROW(socketpair, 99, SOCK_STREAM, 0, fds);
    ROW(socketpair, AF_UNIX, SOCK_STREAM, 0, BAD);
    ROW(socketpair, AF_UNIX, SOCK_STREAM | 0x100, 0, fds);
    ROW(socketpair, AF_UNIX, SOCK_STREAM, 99, fds);
    ROW(bind, 999, &name, WHOLE);
    ROW(bind, file, &name, WHOLE);
    ROW(bind, plain, BAD, WHOLE);
    ROW(bind, plain, &name, -1);
    ROW(bind, plain, &name, 129);
    ROW(bind, plain, &name, 1);
    ROW(bind, plain, &other_family, WHOLE);
    ROW(bind, plain, &gone, WHOLE);
    ROW(bind, plain, &root, WHOLE);
    ROW(bind, listener, &name, WHOLE);
    ROW(bind, plain, &name, WHOLE);
    ROW(connect, 999, &name, WHOLE);
    ROW(connect, file, &name, WHOLE);
    ROW(connect, plain, &name, WHOLE);
    ROW(connect, plain, &root, WHOLE);
    ROW(connect, plain, &gone, WHOLE);
    ROW(connect, plain, &other_family, WHOLE);
    ROW(connect, plain, BAD, WHOLE);
    ROW(connect, plain, &name, -1);
    ROW(connect, plain, &unnamed, WHOLE);
    int pair[2], type = 0, four = 4;
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    ROW(socketpair, AF_UNIX, SOCK_RAW, 0, pair);
    ROW(getsockopt, pair[0], SOL_SOCKET, SO_TYPE, &type, &four);
    say("a raw socket's type: %d", type);
    ROW(connect, plain, &nobody, sizeof(nobody));
    ROW(connect, pair[0], &nobody, 1);
    ROW(connect, pair[0], &nobody, 129);
    ROW(connect, 999, &nobody, sizeof(nobody));
    ROW(sendto, pair[0], at, 1, 0, 0, 0);
    ROW(connect, pair[0], &nobody, 2);
    ROW(sendto, pair[0], at, 1, 0, 0, 0);
    ROW(getpeername, pair[0], at, &length);
    ROW(connect, pair[0], &nobody, sizeof(nobody));
    ROW(sendto, pair[1], at, 1, MSG_DONTWAIT, 0, 0);
    close(pair[0]), close(pair[1]);
    ROW(listen, 999, 1);
    ROW(listen, file, 1);
    ROW(listen, plain, 1);
    ROW(listen, listener, 1);
    ROW(accept, 999, 0, 0);
    ROW(accept, file, 0, 0);
    ROW(accept, plain, 0, 0);
    ROW(accept4, listener, 0, 0, 1);
    ROW(accept4, 999, 0, 0, 0);
    ROW(getsockname, 999, at, &length);
    ROW(getsockname, file, at, &length);
    ROW(getsockname, plain, at, BAD);
    ROW(getsockname, plain, at, &negative);
    ROW(getsockname, plain, BAD, &length);
    ROW(getsockname, plain, at, &small);
    ROW(getpeername, 999, at, &length);
    ROW(getpeername, file, at, &length);
    ROW(getpeername, plain, at, &length);
    ROW(shutdown, 999, 0);
    ROW(shutdown, file, 0);
    ROW(shutdown, plain, 0);
    ROW(shutdown, plain, 3);
    ROW(sendto, 999, at, 1, 0, 0, 0);
    ROW(sendto, file, at, 1, 0, 0, 0);
    ROW(sendto, plain, at, 1, MSG_NOSIGNAL, 0, 0);
    ROW(sendto, plain, at, 1, MSG_NOSIGNAL, &name, WHOLE);
    ROW(recvfrom, 999, at, 1, 0, 0, 0);
    ROW(recvfrom, file, at, 1, 0, 0, 0);
    ROW(recvfrom, plain, at, 1, 0, 0, 0);

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        _exit(94);
    struct iovec piece = {at, 1}, bad_piece = {BAD, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1},
                  many = {.msg_iov = &piece, .msg_iovlen = 1025}, nowhere = {.msg_iov = BAD, .msg_iovlen = 1},
                  bad_message = {.msg_iov = &bad_piece, .msg_iovlen = 1};
    ROW(connect, fds[0], &name, WHOLE);
    ROW(listen, fds[0], 1);
    ROW(getpeername, fds[0], at, &negative);
    ROW(sendto, fds[0], BAD, 1, MSG_NOSIGNAL, 0, 0);
    ROW(sendto, fds[0], at, 1, MSG_NOSIGNAL, &name, WHOLE);
    ROW(recvfrom, fds[0], at, 1, MSG_DONTWAIT, 0, 0);
    ROW(sendmsg, 999, &message, 0);
    ROW(sendmsg, file, &message, 0);
    ROW(sendmsg, fds[0], BAD, 0);
    ROW(sendmsg, fds[0], &many, 0);
    ROW(sendmsg, fds[0], &nowhere, 0);
    ROW(sendmsg, fds[0], &bad_message, 0);
    ROW(recvmsg, 999, &message, 0);
    ROW(recvmsg, file, &message, 0);
    ROW(recvmsg, fds[0], BAD, 0);
    ROW(recvmsg, fds[0], &many, 0);
    ROW(recvmsg, fds[0], &nowhere, 0);
    ROW(recvmsg, fds[0], &message, MSG_DONTWAIT);
    ROW(setsockopt, 999, SOL_SOCKET, SO_REUSEADDR, &one, 4);
    ROW(setsockopt, file, SOL_SOCKET, SO_REUSEADDR, &one, 4);
    ROW(setsockopt, fds[0], 99, SO_REUSEADDR, &one, 4);
    ROW(setsockopt, fds[0], SOL_SOCKET, 999, &one, 4);
    ROW(setsockopt, fds[0], SOL_SOCKET, SO_ERROR, &one, 4);
    ROW(setsockopt, fds[0], SOL_SOCKET, SO_REUSEADDR, &one, 3);
    ROW(setsockopt, fds[0], SOL_SOCKET, SO_REUSEADDR, BAD, 4);
    ROW(getsockopt, 999, SOL_SOCKET, SO_TYPE, at, &length);
    ROW(getsockopt, file, SOL_SOCKET, SO_TYPE, at, &length);
    ROW(getsockopt, fds[0], 99, SO_TYPE, at, &length);
    ROW(getsockopt, fds[0], SOL_SOCKET, 999, at, &length);
    ROW(getsockopt, fds[0], SOL_SOCKET, SO_TYPE, BAD, &length);
    ROW(getsockopt, fds[0], SOL_SOCKET, SO_TYPE, at, BAD);
    ROW(getsockopt, fds[0], SOL_SOCKET, SO_TYPE, at, &negative);
    unlink(name.sun_path);
}

int main(void)
{
    at = island(4);
    sets();
    sockets();
    return table_end();
}
