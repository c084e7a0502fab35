/* SPDX-License-Identifier: MIT */
/* libc_sockets.c - <sys/socket.h> and <sys/un.h>: every call once, the row of headers beside a message, and where a thread can be
 * cancelled. What the kernel does with sockets beyond that: linux_socket.c, linux_datagram.c. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "threads.h"

#define NAME "/tmp/libc_sockets"

static struct sockaddr_un address_of(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(address.sun_path, name);
    return address;
}

static void words(void)
{
    struct sockaddr_un address = address_of("/four");

    say("-- words");
    expect("struct sockaddr", sizeof(struct sockaddr), 16);
    expect("struct sockaddr_un", sizeof(struct sockaddr_un), 110);
    expect("struct sockaddr_storage", sizeof(struct sockaddr_storage), 128);
    expect("    aligned", _Alignof(struct sockaddr_storage), 8);
    expect("its family", offsetof(struct sockaddr_storage, ss_family), offsetof(struct sockaddr, sa_family));
    expect("struct msghdr", sizeof(struct msghdr), 56);
    expect("struct cmsghdr", sizeof(struct cmsghdr), 16);
    expect("SUN_LEN", SUN_LEN(&address), 2 + 5);
    say("types %d %d %d, flags %x %x", SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_CLOEXEC, SOCK_NONBLOCK);
    say("families %d %d %d %d", AF_UNSPEC, PF_LOCAL, PF_INET, AF_INET6);
    say("messages %x %x %x", MSG_PEEK | MSG_WAITALL | MSG_DONTWAIT, MSG_TRUNC | MSG_CTRUNC,
        MSG_NOSIGNAL | MSG_CMSG_CLOEXEC);
}

/* Two headers, of 5 and 8 bytes, as a program writes them and as it walks them. */
static void row_of_headers(void)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(5) + CMSG_SPACE(8) + 4];
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};

    say("-- headers");
    memset(control, 0, sizeof(control));
    expect("space of 5", CMSG_SPACE(5), 24);
    expect("length of 5", CMSG_LEN(5), 21);
    struct cmsghdr *first = CMSG_FIRSTHDR(&message);
    *first = (struct cmsghdr){.cmsg_len = CMSG_LEN(5), .cmsg_level = SOL_SOCKET, .cmsg_type = 100};
    struct cmsghdr *second = CMSG_NXTHDR(&message, first);
    *second = (struct cmsghdr){.cmsg_len = CMSG_LEN(8), .cmsg_level = SOL_SOCKET, .cmsg_type = 101};
    for (struct cmsghdr *header = first; header; header = CMSG_NXTHDR(&message, header))
        say("type %d at %ld, data at %ld, %ld bytes", header->cmsg_type, (long)((char *)header - control),
            (long)((char *)CMSG_DATA(header) - control), (long)(header->cmsg_len - CMSG_LEN(0)));
    message.msg_controllen = CMSG_SPACE(5) + sizeof(struct cmsghdr) - 1;
    expect("no room for a second", CMSG_NXTHDR(&message, first) == NULL, 1);
    message.msg_controllen = sizeof(control);
    first->cmsg_len = 3;
    expect("a header that is too short is the last", CMSG_NXTHDR(&message, first) == NULL, 1);
    first->cmsg_len = 1000;
    expect("one that goes beyond is", CMSG_NXTHDR(&message, first) == NULL, 1);
    message.msg_controllen = sizeof(struct cmsghdr) - 1;
    expect("no room for one", CMSG_FIRSTHDR(&message) == NULL, 1);
}

static void named(const char *what, int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    expect(what, call(fd, (struct sockaddr *)&address, &size), 0);
    say("    family %d, %u bytes, %s", address.ss_family, size,
        size > sizeof(sa_family_t) ? ((struct sockaddr_un *)&address)->sun_path : "no name");
}

static void streams(void)
{
    struct sockaddr_un address = address_of(NAME), from;
    socklen_t size = sizeof(from);
    char text[16] = "";

    say("-- streams");
    unlink(NAME);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(PF_LOCAL, SOCK_STREAM, 0);
    expect("close on exec", fcntl(listener, F_GETFD), FD_CLOEXEC);
    expect("bind", bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    expect("listen", listen(listener, SOMAXCONN), 0);
    expect("connect", connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    int server = accept4(listener, (struct sockaddr *)&from, &size, SOCK_NONBLOCK);
    expect("accept4", server >= 0, 1);
    expect("    its flags", fcntl(server, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    expect("    from nobody with a name", size, sizeof(sa_family_t));
    named("getsockname", server, getsockname);
    named("getpeername", client, getpeername);
    named("    of one without a name", client, getsockname);
    expect("send", send(client, "hello", 5, 0), 5);
    expect("recv, only a look", recv(server, text, 4, MSG_PEEK), 4);
    expect("recv", recv(server, text, sizeof(text), 0), 5);
    say("    %s", text);
    expect_error("nothing more", recv(server, text, sizeof(text), 0), EAGAIN);
    expect("shutdown", shutdown(client, SHUT_WR), 0);
    expect("the end", recv(server, text, sizeof(text), 0), 0);
    expect_error("no more from there", send(client, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(client);
    client = socket(AF_UNIX, SOCK_STREAM, 0);
    expect("connect", connect(client, (struct sockaddr *)&address, SUN_LEN(&address)), 0);
    int other = accept(listener, NULL, NULL);
    expect("accept", other >= 0, 1);
    expect("sendto nobody in particular", sendto(other, "there", 6, 0, NULL, 0), 6);
    expect("recvfrom", recvfrom(client, text, sizeof(text), 0, NULL, NULL), 6);
    say("    %s", text);
    close(other), close(client), close(server), close(listener);
    unlink(NAME);
}

static void datagrams(void)
{
    struct sockaddr_un one = address_of(NAME ".1"), other = address_of(NAME ".2"), from = {0};
    int fds[2] = {socket(AF_UNIX, SOCK_DGRAM, 0), socket(AF_UNIX, SOCK_DGRAM, 0)};
    socklen_t size = sizeof(from);
    char text[16] = "";

    say("-- datagrams");
    unlink(one.sun_path), unlink(other.sun_path);
    expect("bind", bind(fds[0], (struct sockaddr *)&one, sizeof(one)), 0);
    expect("bind", bind(fds[1], (struct sockaddr *)&other, sizeof(other)), 0);
    expect("sendto", sendto(fds[0], "a letter", 9, 0, (struct sockaddr *)&other, sizeof(other)), 9);
    expect("recvfrom", recvfrom(fds[1], text, sizeof(text), 0, (struct sockaddr *)&from, &size), 9);
    say("    %s, from %s", text, from.sun_path);
    expect("the answer", sendto(fds[1], "an answer", 10, 0, (struct sockaddr *)&from, size), 10);
    expect("cut short", recv(fds[0], text, 2, MSG_TRUNC), 10);
    unlink(one.sun_path), unlink(other.sun_path);
    close(fds[0]), close(fds[1]);
}

static void descriptors(void)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {
        .header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    char text[4] = "";
    struct iovec piece = {text, 1};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    int fds[2], ends[2], came = -1;

    say("-- descriptors");
    expect("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    expect("pipe", pipe(ends), 0);
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &ends[1], sizeof(int));
    expect("sendmsg", sendmsg(fds[0], &message, 0), 1);
    memset(&control, 0, sizeof(control));
    expect("recvmsg", recvmsg(fds[1], &message, MSG_CMSG_CLOEXEC), 1);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    expect("    its length", (long)header->cmsg_len, CMSG_LEN(sizeof(int)));
    expect("    its type", header->cmsg_type, SCM_RIGHTS);
    expect("    no other", CMSG_NXTHDR(&message, header) == NULL, 1);
    memcpy(&came, CMSG_DATA(header), sizeof(came));
    expect("    close on exec", fcntl(came, F_GETFD), FD_CLOEXEC);
    expect("write into it", write(came, "pipe", 4), 4);
    expect("read from the pipe", read(ends[0], text, 4), 4);
    expect("the bytes", memcmp(text, "pipe", 4), 0);
    close(came), close(fds[0]), close(fds[1]), close(ends[0]), close(ends[1]);
}

static void options(void)
{
    struct ucred peer;
    int fds[2], value = 1;
    socklen_t size = sizeof(peer);

    say("-- options");
    expect("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    expect("SO_PEERCRED", getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
    expect("    us", peer.pid == getpid() && peer.uid == getuid() && peer.gid == getgid(), 1);
    size = sizeof(value);
    expect("SO_TYPE", getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &value, &size), 0);
    expect("    a stream", value, SOCK_STREAM);
    expect("    bytes", size, sizeof(value));
    expect("SO_REUSEADDR", setsockopt(fds[0], SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value)), 0);
    expect_error("what nobody sets", setsockopt(fds[0], SOL_SOCKET, SO_TYPE, &value, sizeof(value)),
                 ENOPROTOOPT);
    close(fds[0]), close(fds[1]);
}

static void errors(void)
{
    struct sockaddr_un nobody = address_of(NAME ".nobody");
    struct msghdr message = {0};
    socklen_t size = 0;
    int ends[2], none[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);

    say("-- errors");
    expect("pipe", pipe(ends), 0);
    expect_error("socket of no family", socket(AF_UNSPEC, SOCK_STREAM, 0), EAFNOSUPPORT);
    expect_error("socketpair of no type", socketpair(AF_UNIX, SOCK_RDM, 0, none), ESOCKTNOSUPPORT);
    expect_error("bind a pipe", bind(ends[0], (struct sockaddr *)&nobody, sizeof(nobody)), ENOTSOCK);
    expect_error("listen on one", listen(ends[0], 1), ENOTSOCK);
    expect_error("accept", accept(ends[0], NULL, NULL), ENOTSOCK);
    expect_error("accept4 with other flags", accept4(fd, NULL, NULL, 1), EINVAL);
    expect_error("connect to nobody", connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)), ENOENT);
    expect_error("getpeername", getpeername(fd, (struct sockaddr *)&nobody, &size), ENOTCONN);
    expect_error("getsockname", getsockname(-1, (struct sockaddr *)&nobody, &size), EBADF);
    expect_error("send", send(ends[1], "", 1, 0), ENOTSOCK);
    expect_error("sendmsg", sendmsg(-1, &message, 0), EBADF);
    expect_error("recvmsg", recvmsg(ends[0], &message, 0), ENOTSOCK);
    expect_error("shutdown", shutdown(ends[0], SHUT_RDWR), ENOTSOCK);
    expect_error("shutdown how", shutdown(fd, 3), EINVAL);
    expect_error("sockatmark of a pipe", sockatmark(ends[0]), ENOTTY);
    close(fd), close(ends[0]), close(ends[1]);
}

/* ---- Where a thread can be cancelled ---- */

static int pair[2], listener, late;
static char much[1 << 20];

static void wait_recv(void)
{
    recv(pair[0], much, 1, 0);
}

static void wait_recvfrom(void)
{
    recvfrom(pair[0], much, 1, 0, NULL, NULL);
}

static void wait_recvmsg(void)
{
    struct iovec piece = {much, 1};

    recvmsg(pair[0], &(struct msghdr){.msg_iov = &piece, .msg_iovlen = 1}, 0);
}

/* With no room left. */
static void wait_send(void)
{
    send(pair[0], much, 1, 0);
}

static void wait_sendto(void)
{
    sendto(pair[0], much, 1, 0, NULL, 0);
}

static void wait_sendmsg(void)
{
    struct iovec piece = {much, 1};

    sendmsg(pair[0], &(struct msghdr){.msg_iov = &piece, .msg_iovlen = 1}, 0);
}

static void wait_accept(void)
{
    accept(listener, NULL, NULL);
}

static void wait_accept4(void)
{
    accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static void wait_connect(void)
{
    struct sockaddr_un address = address_of(NAME);

    connect(late, (struct sockaddr *)&address, sizeof(address));
}

static void points(void)
{
    struct sockaddr_un address = address_of(NAME);
    int early[2];

    say("-- cancelled in");
    unlink(NAME);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, sizeof(address));
    listen(listener, 1);
    expect_cancelled("recv", wait_recv);
    expect_cancelled("recvfrom", wait_recvfrom);
    expect_cancelled("recvmsg", wait_recvmsg);
    expect_cancelled("accept", wait_accept);
    expect_cancelled("accept4", wait_accept4);
    while (send(pair[0], much, sizeof(much), MSG_DONTWAIT) > 0)
        ;
    while (send(pair[0], much, 1, MSG_DONTWAIT) > 0)
        ;
    expect_cancelled("send", wait_send);
    expect_cancelled("sendto", wait_sendto);
    expect_cancelled("sendmsg", wait_sendmsg);
    for (int i = 0; i < 2; i++) {
        early[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        connect(early[i], (struct sockaddr *)&address, sizeof(address));
    }
    late = socket(AF_UNIX, SOCK_STREAM, 0);
    expect_cancelled("connect", wait_connect);
    close(early[0]), close(early[1]), close(late), close(listener), close(pair[0]), close(pair[1]);
    unlink(NAME);
}

int main(void)
{
    words();
    row_of_headers();
    streams();
    datagrams();
    descriptors();
    options();
    errors();
    points();
    return finish();
}
