/* SPDX-License-Identifier: MIT */
/* linux_datagram.c - datagrams of AF_UNIX: pairs, names, one piece each, too long, full, refused. unix(7). */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#include "check.h"

#define NAME "/tmp/linux_datagram"
#define OTHER NAME ".other"

static int ready(int fd)
{
    struct pollfd poll_one = {.fd = fd, .events = POLLIN | POLLOUT};

    poll(&poll_one, 1, 0);
    return poll_one.revents;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(address.sun_path, path);
    return address;
}

static int bound(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    unlink(path);
    expect("bind", bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void pair(void)
{
    int fds[2], type = 0, count = -1;
    socklen_t size = sizeof(type);
    char text[16] = "";

    expect("socketpair", socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
    getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &type, &size);
    expect("SO_TYPE", type, SOCK_DGRAM);
    expect("ready to write", ready(fds[0]), POLLOUT);
    expect("write", write(fds[0], "hello", 5), 5);
    expect("send", send(fds[0], "you", 3, 0), 3);
    expect("send nothing", send(fds[0], "", 0, 0), 0);
    expect("ready to read", ready(fds[1]), POLLIN | POLLOUT);
    ioctl(fds[1], FIONREAD, &count);
    expect("FIONREAD: the first", count, 5);
    expect("MSG_PEEK", recv(fds[1], text, sizeof(text), MSG_PEEK), 5);
    expect("one at a time", read(fds[1], text, sizeof(text)), 5);
    expect("cut short", recv(fds[1], text, 1, 0), 1);
    expect("an empty one", recv(fds[1], text, sizeof(text), 0), 0);
    expect_error("no more", recv(fds[1], text, sizeof(text), MSG_DONTWAIT), EAGAIN);
    (void)!write(fds[1], "longer", 6);
    expect("MSG_TRUNC", recv(fds[0], text, 2, MSG_TRUNC), 6);
    struct iovec out[] = {{"ab", 2}, {"", 0}, {"cde", 3}}, in[] = {{text, 1}, {text + 8, 2}};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 3};
    expect("sendmsg: the pieces are one", sendmsg(fds[0], &message, 0), 5);
    message = (struct msghdr){.msg_iov = in, .msg_iovlen = 2};
    expect("recvmsg", recvmsg(fds[1], &message, 0), 3);
    expect("MSG_TRUNC says so", message.msg_flags, MSG_TRUNC);
    say("%c %.2s", text[0], text + 8);
    expect_error("listen", listen(fds[0], 1), EOPNOTSUPP);
    expect_error("accept", accept(fds[0], NULL, NULL), EOPNOTSUPP);
    fcntl(fds[0], F_SETFL, O_RDWR | O_NONBLOCK);
    int sent = 0;
    while (sent < 5000 && write(fds[0], "x", 1) == 1)
        sent++;
    say("full: %s", error_name(errno));
    expect("after some", sent >= 10 && sent < 5000, 1);
    expect("not ready to write", ready(fds[0]) & POLLOUT, 0);
    (void)!read(fds[1], text, 1);
    expect("one read makes room", write(fds[0], "x", 1), 1);
    static char large[300000];
    expect_error("too large", write(fds[0], large, sizeof(large)), EMSGSIZE);
    expect("the other end closes", close(fds[1]), 0);
    expect_error("refused", write(fds[0], "x", 1), ECONNREFUSED);
    close(fds[0]);
}

static void names(void)
{
    int server = bound(NAME), client = bound(OTHER), nobody = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un to = address_of(NAME), from, gone = address_of(NAME ".gone");
    socklen_t size = sizeof(from);
    char text[16] = "";
    struct stat stat_of_name;

    stat(NAME, &stat_of_name);
    expect("a socket's name", S_ISSOCK(stat_of_name.st_mode), 1);
    expect_error("send to nobody", send(client, "x", 1, 0), ENOTCONN);
    expect_error("getpeername", getpeername(client, (struct sockaddr *)&from, &size), ENOTCONN);
    expect("sendto", sendto(client, "first", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
    size = sizeof(from);
    expect("recvfrom", recvfrom(server, text, sizeof(text), 0, (struct sockaddr *)&from, &size), 5);
    say("from %s, %u bytes", from.sun_path, (unsigned)size);
    expect("the answer", sendto(server, "back", 4, 0, (struct sockaddr *)&from, size), 4);
    expect("recv", recv(client, text, sizeof(text), 0), 4);
    expect("from one without a name", sendto(nobody, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
    size = sizeof(from);
    expect("recvfrom", recvfrom(server, text, sizeof(text), 0, (struct sockaddr *)&from, &size), 1);
    expect("no address", size, 0);
    expect_error("no such path", sendto(client, "x", 1, 0, (struct sockaddr *)&gone, sizeof(gone)), ENOENT);
    expect("connect", connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
    size = sizeof(from);
    expect("getpeername", getpeername(client, (struct sockaddr *)&from, &size), 0);
    say("to %s", from.sun_path);
    expect("send", send(client, "second", 6, 0), 6);
    struct iovec piece = {text, sizeof(text)};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_name = &from, .msg_namelen = sizeof(from)};
    memset(&from, 0, sizeof(from));
    expect("recvmsg", recvmsg(server, &message, 0), 6);
    say("from %s", from.sun_path);
    struct iovec answer = {"third", 5};
    message.msg_iov = &answer;
    expect("sendmsg with a name", sendmsg(server, &message, 0), 5);
    expect("recv", recv(client, text, sizeof(text), 0), 5);
    int stream = socket(AF_UNIX, SOCK_STREAM, 0);
    expect_error("a stream does not connect there", connect(stream, (struct sockaddr *)&to, sizeof(to)),
                 EPROTOTYPE);
    expect("shutdown", shutdown(client, SHUT_WR), 0);
    signal(SIGPIPE, SIG_IGN);
    expect_error("send after it", send(client, "x", 1, 0), EPIPE);
    close(server);
    expect_error("a name that nobody has", sendto(nobody, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)),
                 ECONNREFUSED);
    expect_error("connect there", connect(nobody, (struct sockaddr *)&to, sizeof(to)), ECONNREFUSED);
    close(client), close(nobody), close(stream);
    unlink(NAME), unlink(OTHER);
}

static void waiting(void)
{
    int fds[2], status = -1;
    char text[16];

    socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
    if (fork() == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        _exit(write(fds[1], "late", 4) == 4 ? 0 : 1);
    }
    expect("read waits", read(fds[0], text, sizeof(text)), 4);
    wait(&status);
    expect("the child", status, 0);
    if (fork() == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        for (int i = 0; i < 400; i++)
            (void)!read(fds[1], text, sizeof(text));
        _exit(0);
    }
    int sent = 0;
    while (sent < 400 && write(fds[0], "x", 1) == 1)
        sent++;
    expect("write waits for room", sent, 400);
    wait(&status);
    expect("the child", status, 0);
    expect_error("nothing is left", recv(fds[1], text, 1, MSG_DONTWAIT), EAGAIN);
}

int main(void)
{
    pair();
    names();
    waiting();
    return finish();
}
