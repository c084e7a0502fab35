/* SPDX-License-Identifier: MIT */
/* linux_socket.c - streams of AF_UNIX: pairs, names, who listens and who connects, ends, messages, options. unix(7). */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "check.h"

#define NAME "/tmp/linux_socket"

static int ready(int fd)
{
    struct pollfd poll_one = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

    poll(&poll_one, 1, 0);
    return poll_one.revents;
}

static void pair(void)
{
    int fds[2];
    char text[16] = "";
    struct stat stat;

    expect("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    expect("close on exec", fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    expect("flags", fcntl(fds[0], F_GETFL), O_RDWR);
    expect("fstat", fstat(fds[0], &stat), 0);
    expect("mode", stat.st_mode, S_IFSOCK | 0777);
    expect("ready", ready(fds[0]), POLLOUT);
    expect("write", write(fds[0], "hello", 5), 5);
    expect("ready", ready(fds[1]), POLLIN | POLLOUT);
    int count = 0;
    expect("FIONREAD", ioctl(fds[1], FIONREAD, &count), 0);
    expect("bytes", count, 5);
    expect("MSG_PEEK", recv(fds[1], text, 3, MSG_PEEK), 3);
    say("peeked %s", text);
    expect("again, longer", recv(fds[1], text, sizeof(text), MSG_PEEK), 5);
    struct iovec piece = {text, 4};
    expect("by recvmsg", recvmsg(fds[1], &(struct msghdr){.msg_iov = &piece, .msg_iovlen = 1}, MSG_PEEK), 4);
    expect("nothing is gone", (ioctl(fds[1], FIONREAD, &count), count), 5);
    expect("read", read(fds[1], text, sizeof(text)), 5);
    say("read %s", text);
    expect_error("peek at nothing", recv(fds[1], text, 1, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
    expect_error("nothing, no waiting", recv(fds[1], text, 1, MSG_DONTWAIT), EAGAIN);
    expect("the other way", send(fds[1], "back", 4, 0), 4);
    expect("read", recv(fds[0], text, 2, 0), 2);
    expect_error("lseek", lseek(fds[0], 0, SEEK_SET), ESPIPE);
    expect_error("pread", pread(fds[0], text, 1, 0), ESPIPE);
    expect("read the rest", read(fds[0], text, 9), 2);

    expect("no more from us", shutdown(fds[0], SHUT_WR), 0);
    expect("ready", ready(fds[1]), POLLIN | POLLOUT | POLLRDHUP);
    expect("the end", read(fds[1], text, 1), 0);
    expect("but to us", write(fds[1], "x", 1), 1);
    expect("it comes", read(fds[0], text, 1), 1);
    signal(SIGPIPE, SIG_IGN);
    expect_error("write after shutdown", write(fds[0], "x", 1), EPIPE);
    close(fds[1]);
    expect("the other end is closed", ready(fds[0]) & (POLLIN | POLLHUP | POLLRDHUP),
           POLLIN | POLLHUP | POLLRDHUP);
    expect("the end", read(fds[0], text, 1), 0);
    close(fds[0]);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int number)
{
    pipes += number == SIGPIPE;
}

static void broken(void)
{
    int fds[2];

    expect("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    close(fds[1]);
    signal(SIGPIPE, on_pipe);
    expect_error("MSG_NOSIGNAL", send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    expect("no signal", pipes, 0);
    expect_error("send", send(fds[0], "x", 1, 0), EPIPE);
    expect("a signal", pipes, 1);
    close(fds[0]);
}

static struct sockaddr_un address_of(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(address.sun_path, name);
    return address;
}

static int connected(const struct sockaddr_un *address, socklen_t length)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (connect(fd, (const struct sockaddr *)address, length) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void names(const char *what, int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_un address = {0};
    socklen_t length = sizeof(address);

    expect(what, call(fd, (struct sockaddr *)&address, &length), 0);
    say("  length %u, family %u, %s", length, address.sun_family,
        length > 2 ? address.sun_path + !address.sun_path[0] : "no name");
}

/* A child echoes one message in upper case. */
static void serve(int listener)
{
    char text[8];
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ssize_t got = read(fd, text, sizeof(text));

    for (ssize_t i = 0; i < got; i++)
        text[i] -= 'a' - 'A';
    _exit(write(fd, text, (size_t)got) == got ? 7 : 8);
}

static void listening(const char *what, const struct sockaddr_un *address, socklen_t length)
{
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0), status;
    char text[8] = "";

    say("%s", what);
    expect_error("listen without a name", listen(listener, 1), EINVAL);
    expect("bind", bind(listener, (const struct sockaddr *)address, length), 0);
    expect_error("bind again", bind(listener, (const struct sockaddr *)address, length),
                 address->sun_path[0] ? EADDRINUSE : EINVAL);
    expect_error("another one", bind(other, (const struct sockaddr *)address, length), EADDRINUSE);
    expect_error("nobody listens", connected(address, length), ECONNREFUSED);
    expect("listen", listen(listener, 3), 0);
    expect("ready", ready(listener), 0);
    pid_t child = fork();
    if (child == 0)
        serve(listener);
    int client = connected(address, length);
    names("getsockname", client, getsockname);
    names("getpeername", client, getpeername);
    expect("write", write(client, "abc", 3), 3);
    expect("read", read(client, text, sizeof(text)), 3);
    say("  read %s", text);
    expect("the end", read(client, text, 1), 0);
    expect("wait", waitpid(child, &status, 0) == child, 1);
    expect("status", WEXITSTATUS(status), 7);
    expect_error("connect again", connect(client, (const struct sockaddr *)address, length), EISCONN);
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    expect("SO_PEERCRED", getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
    expect("who listened", peer.pid == getpid(), 1);
    close(client);

    client = connected(address, length);
    expect("who waits in the row can write", write(client, "early", 5), 5);
    expect("ready", ready(listener), POLLIN);
    int accepted = accept(listener, NULL, NULL);
    expect("accept", accepted >= 0, 1);
    names("getsockname", accepted, getsockname);
    names("getpeername", accepted, getpeername);
    expect("read", read(accepted, text, sizeof(text)), 5);
    close(accepted);
    close(client);

    client = connected(address, length);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    close(listener); /* with somebody in the row */
    expect("the row is gone", read(client, text, 1) <= 0, 1);
    close(client);
    expect_error("nobody listens any more", connected(address, length), ECONNREFUSED);
    close(other);
}

static void full_row(void)
{
    struct sockaddr_un address = address_of(NAME ".full");
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), client[3];

    bind(listener, (struct sockaddr *)&address, sizeof(address));
    listen(listener, 1);
    expect_error("nobody there", accept(listener, NULL, NULL), EAGAIN);
    for (int i = 0; i < 3; i++)
        client[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    expect("first", connect(client[0], (struct sockaddr *)&address, sizeof(address)), 0);
    expect("second", connect(client[1], (struct sockaddr *)&address, sizeof(address)), 0);
    expect_error("third", connect(client[2], (struct sockaddr *)&address, sizeof(address)), EAGAIN);
    pid_t child = fork();
    if (child == 0) {
        fcntl(client[2], F_SETFL, 0);
        _exit(connect(client[2], (struct sockaddr *)&address, sizeof(address)) == 0 ? 5 : 6); /* waits */
    }
    usleep(50000);
    int accepted = accept(listener, NULL, NULL), status;
    expect("accept", accepted >= 0, 1);
    expect("wait", waitpid(child, &status, 0) == child, 1);
    expect("the third got in", WEXITSTATUS(status), 5);
    for (int i = 0; i < 3; i++)
        close(client[i]);
    close(accepted);
    close(listener);
    unlink(NAME ".full");
}

static void messages(void)
{
    char one[4] = "", other[8] = "";
    struct iovec in[] = {{one, 3}, {other, sizeof(other)}}, out[] = {{"abcd", 4}, {"ef", 2}};
    struct msghdr header = {.msg_iov = out, .msg_iovlen = 2};
    int fds[2];

    expect("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    expect("sendmsg", sendmsg(fds[0], &header, 0), 6);
    header.msg_iov = in;
    header.msg_control = other;
    header.msg_controllen = 0;
    expect("recvmsg fills one piece after the other", recvmsg(fds[1], &header, 0), 6);
    say("  %s %s, control %zu, flags %x", one, other, (size_t)header.msg_controllen, header.msg_flags);
    expect("writev", writev(fds[0], out, 2), 6);
    expect("readv", readv(fds[1], in, 2), 6);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 3; i++) {
            usleep(20000);
            if (write(fds[0], "12", 2) != 2)
                _exit(1);
        }
        _exit(0);
    }
    expect("MSG_WAITALL", recv(fds[1], other, 6, MSG_WAITALL), 6);
    waitpid(child, NULL, 0);
    close(fds[0]);
    close(fds[1]);
}

/* Sends `count` descriptors with `bytes` bytes, or takes what comes. => what the call gave */
static ssize_t parcel(int fd, bool out, int *fds, size_t count, size_t bytes, int flags,
                      struct msghdr *header)
{
    static char text[16];
    static _Alignas(8) char control[CMSG_SPACE(8 * sizeof(int))];
    static struct iovec piece;

    piece = (struct iovec){text, bytes};
    *header = (struct msghdr){.msg_iov = &piece,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *first = (struct cmsghdr *)control;
    if (!out) {
        ssize_t got = recvmsg(fd, header, flags);
        size_t have = header->msg_controllen ? (first->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
        memcpy(fds, CMSG_DATA(first), have * sizeof(int));
        return got;
    }
    *first = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(first), fds, count * sizeof(int));
    return sendmsg(fd, header, flags);
}

static void descriptors(void)
{
    struct msghdr header;
    int fds[2], ends[2], got[8], none[1] = {999};
    char text[8];

    expect("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    expect("pipe", pipe(ends), 0);
    expect("plain bytes before", write(fds[0], "ab", 2), 2);
    expect("send both ends", parcel(fds[0], true, ends, 2, 3, 0, &header), 3);
    expect("plain bytes behind", write(fds[0], "cd", 2), 2);
    expect("send one of them", parcel(fds[0], true, ends, 1, 1, 0, &header), 1);
    close(ends[1]);
    expect("a read stops where the parcel's message does",
           parcel(fds[1], false, got, 2, 16, MSG_CMSG_CLOEXEC, &header), 5);
    expect("  length", (long)header.msg_controllen, CMSG_SPACE(2 * sizeof(int)));
    expect("  flags", header.msg_flags, MSG_CMSG_CLOEXEC);
    expect("  close on exec", fcntl(got[0], F_GETFD), FD_CLOEXEC);
    expect("the second one", parcel(fds[1], false, got + 2, 2, 16, 0, &header), 3);
    expect("  length", (long)header.msg_controllen, CMSG_SPACE(sizeof(int)));
    expect("plain bytes", write(fds[0], "ef", 2), 2);
    expect("nothing with them", parcel(fds[1], false, got + 3, 2, 16, 0, &header), 2);
    expect("  length", (long)header.msg_controllen, 0);
    expect("write into what came", write(got[1], "xy", 2), 2);
    expect("read from what came", read(got[2], text, 8), 2);
    close(got[1]);
    close(got[2]);
    expect("the last writer is gone", read(ends[0], text, 8), 0);

    expect("send three", parcel(fds[0], true, (int[]){ends[0], ends[0], ends[0]}, 3, 1, 0, &header), 1);
    expect("room for two", parcel(fds[1], false, got, 2, 1, 0, &header), 1);
    expect("  cut", header.msg_flags, MSG_CTRUNC);
    expect_error("no such descriptor", parcel(fds[0], true, none, 1, 1, 0, &header), EBADF);
    expect("send, and close unread", parcel(fds[0], true, ends, 1, 1, 0, &header), 1);
    close(fds[1]);
    expect_error("nobody there", parcel(fds[0], true, ends, 1, 1, MSG_NOSIGNAL, &header), EPIPE);
    close(fds[0]);
    close(ends[0]);
}

/* A child shuts down while the parent waits. */
static void shut_while_waiting(const char *what, int kind, int end, int how)
{
    int fds[2];
    char text[4];

    socketpair(AF_UNIX, kind, 0, fds);
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        _exit(shutdown(fds[end], how) != 0);
    }
    expect(what, read(fds[0], text, sizeof(text)), 0);
    waitpid(child, NULL, 0);
    close(fds[0]);
    close(fds[1]);
}

/* The same for a write that finds no room. */
static void shut_while_writing(const char *what, int end, int how)
{
    static char large[1 << 20];
    int fds[2], status = 0;

    socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        _exit(shutdown(fds[end], how) != 0);
    }
    ssize_t sent = write(fds[0], large, sizeof(large));
    expect(what, sent > 0 && sent < (ssize_t)sizeof(large), 1);
    expect_error("and no more", write(fds[0], large, 1), EPIPE);
    waitpid(child, &status, 0);
    close(fds[0]);
    close(fds[1]);
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -errno;
}

static void options(void)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    int fds[2], yes = 1;

    expect("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    expect("SO_TYPE", option(fds[0], SO_TYPE), SOCK_STREAM);
    expect("SO_DOMAIN", option(fds[0], SO_DOMAIN), AF_UNIX);
    expect("SO_ERROR", option(fds[0], SO_ERROR), 0);
    expect("SO_ACCEPTCONN", option(fds[0], SO_ACCEPTCONN), 0);
    expect("SO_PEERCRED", getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &peer, &length), 0);
    expect("us", peer.pid == getpid() && peer.uid == getuid(), 1);
    expect("SO_REUSEADDR", setsockopt(fds[0], SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
    expect_error("SO_TYPE is not to be set", setsockopt(fds[0], SOL_SOCKET, SO_TYPE, &yes, sizeof(yes)),
                 ENOPROTOOPT);
    close(fds[0]);
    close(fds[1]);
}

static void in_a_set(void)
{
    int fds[2], set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};

    expect("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    expect("add", epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event), 0);
    expect("room", epoll_wait(set, &event, 1, 0), 1);
    expect("told", epoll_wait(set, &event, 1, 0), 0);
    expect("write", write(fds[1], "x", 1), 1);
    expect("a byte", epoll_wait(set, &event, 1, 0), 1);
    expect("  events", event.events, EPOLLIN | EPOLLOUT);
    expect("told", epoll_wait(set, &event, 1, 0), 0);
    close(fds[1]);
    expect("the end", epoll_wait(set, &event, 1, 0), 1);
    expect("  events", event.events, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    close(fds[0]);
    close(set);
}

int main(void)
{
    struct sockaddr_un path = address_of(NAME), hidden = {.sun_family = AF_UNIX, .sun_path = "\0faultline"};
    struct stat stat_of_name;

    unlink(NAME);
    umask(022);
    pair();
    broken();
    listening("a path", &path, sizeof(path));
    expect("the name stays", stat(NAME, &stat_of_name), 0);
    expect("mode", stat_of_name.st_mode, S_IFSOCK | 0755);
    expect_error("open", open(NAME, O_RDWR), ENXIO);
    expect("unlink", unlink(NAME), 0);
    expect_error("no such name", connected(&path, sizeof(path)), ENOENT);
    listening("a hidden name", &hidden, offsetof(struct sockaddr_un, sun_path) + 10);
    full_row();
    messages();
    descriptors();
    shut_while_waiting("read, and this end takes no more", SOCK_STREAM, 0, SHUT_RD);
    shut_while_waiting("read, and the other sends no more", SOCK_STREAM, 1, SHUT_WR);
    shut_while_waiting("a datagram, and this end takes no more", SOCK_DGRAM, 0, SHUT_RD);
    signal(SIGPIPE, SIG_IGN);
    shut_while_writing("a write, and this end sends no more", 0, SHUT_WR);
    shut_while_writing("a write, and the other takes no more", 1, SHUT_RD);
    options();
    in_a_set();
    return finish();
}
