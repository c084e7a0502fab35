/* SPDX-License-Identifier: MIT */
/* errors_unix.c - sockets of AF_UNIX: every act in every state, each time on sockets made for it. The state is the first argument
 * in a row. The table is complete, not chosen: who acts on a socket mostly errs in the state and not in the argument. unix(7). */
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "errors.h"

#define WHOLE sizeof(struct sockaddr_un)
#define OURS "/tmp/errors_unix"
#define THEIRS OURS ".theirs"
#define NOT_THERE OURS ".gone"

static const char *kind_name, *state_name, *act_name;
static int kind;
static int others[3]; /* what the state needs beside the socket itself: the end at the other side first */

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(address.sun_path, path);
    return address;
}

/* A line as errors.h has it; what else the call gave stands behind. */
static long told(const char *call, long result, const char *more)
{
    char arguments[96];

    snprintf(arguments, sizeof(arguments), "%s, %s, %s", kind_name, state_name, act_name);
    if (result < 0)
        more = "";
    int error = errno;
    if (result > 0 || *more)
        say("  %ld%s", result, more);
    errno = error;
    return row(call, arguments, result);
}

/* ---- states: each gives the socket that is acted on ---------------------------------------------------- */

static int fresh(void)
{
    return socket(AF_UNIX, kind | SOCK_NONBLOCK, 0);
}

static int bound_to(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int fd = fresh();

    if (bind(fd, (struct sockaddr *)&address, WHOLE) != 0)
        say("bind: %s", error_name(errno));
    return fd;
}

static int bound(void)
{
    return bound_to(OURS);
}

static int listening(void)
{
    int fd = bound();

    listen(fd, 1);
    return fd;
}

/* Connected to a socket with a name: a row's first for streams, and that socket itself for datagrams. */
static int connected(void)
{
    struct sockaddr_un address = address_of(THEIRS);
    int fd = fresh();

    others[0] = bound_to(THEIRS);
    listen(others[0], 1);
    connect(fd, (struct sockaddr *)&address, WHOLE);
    if (kind != SOCK_DGRAM) {
        others[1] = others[0];
        others[0] = accept4(others[1], NULL, NULL, SOCK_NONBLOCK);
    }
    return fd;
}

/* The other end of that. It got its name from the socket that listens. */
static int accepted(void)
{
    int client = connected(), fd = others[0];

    others[0] = client;
    return fd;
}

static int pair(void)
{
    int ends[2];

    socketpair(AF_UNIX, kind | SOCK_NONBLOCK, 0, ends);
    others[0] = ends[1];
    return ends[0];
}

static int pair_with_names(void)
{
    struct sockaddr_un ours = address_of(OURS), theirs = address_of(THEIRS);
    int fd = pair();

    bind(fd, (struct sockaddr *)&ours, WHOLE);
    bind(others[0], (struct sockaddr *)&theirs, WHOLE);
    return fd;
}

static int to_be_read(void)
{
    int fd = pair_with_names();

    (void)!write(others[0], "abc", 3);
    return fd;
}

static int unread(void)
{
    int fd = pair();

    (void)!write(fd, "abc", 3);
    return fd;
}

static void close_other(void)
{
    close(others[0]);
    others[0] = -1;
}

static int alone(void)
{
    int fd = pair();

    close_other();
    return fd;
}

static int last_words(void)
{
    int fd = to_be_read();

    close_other();
    return fd;
}

static int never_read(void)
{
    int fd = unread();

    close_other();
    return fd;
}

static int never_accepted(void)
{
    int fd = connected(), more = fresh();
    struct sockaddr_un address = address_of(THEIRS);

    if (kind == SOCK_DGRAM)
        return close(more), close_other(), fd;
    connect(more, (struct sockaddr *)&address, WHOLE);
    close(others[1]);
    others[1] = fd;
    return more;
}

static int shut(int who, int how)
{
    int fd = to_be_read();

    (void)!write(fd, "de", 2);
    shutdown(who ? others[0] : fd, how);
    return fd;
}

static int deaf(void)
{
    return shut(0, SHUT_RD);
}

static int mute(void)
{
    return shut(0, SHUT_WR);
}

static int other_deaf(void)
{
    return shut(1, SHUT_RD);
}

static int other_mute(void)
{
    return shut(1, SHUT_WR);
}

static int other_shut(void)
{
    return shut(1, SHUT_RDWR);
}

static int taken(void) /* its partner is connected to it; a third one comes: not for streams */
{
    int fd = fresh();

    others[0] = pair_with_names();
    others[1] = fd;
    return fd;
}

static const struct {
    const char *name;
    int (*make)(void);
} states[] = {
    {"fresh", fresh},
    {"bound", bound},
    {"listening", listening},
    {"connected", connected},
    {"accepted", accepted},
    {"pair", pair},
    {"pair with names", pair_with_names},
    {"to be read", to_be_read},
    {"unread", unread},
    {"other closed", alone},
    {"other closed after last words", last_words},
    {"other closed and did not read", never_read},
    {"never accepted", never_accepted},
    {"shut for reading", deaf},
    {"shut for writing", mute},
    {"other shut for reading", other_deaf},
    {"other shut for writing", other_mute},
    {"other shut for both", other_shut},
    {"theirs is somebody's", taken},
};

/* ---- acts ---------------------------------------------------------------------------------------------- */

static void send_to(int fd, const void *address, int length)
{
    told("sendto", syscall(SYS_sendto, fd, "x", 1, MSG_NOSIGNAL, address, length), "");
}

static void send_by_message(int fd, void *address, int length)
{
    struct iovec piece = {"xy", 2};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_name = address, .msg_namelen = (socklen_t)length};

    told("sendmsg", syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL), "");
}

static void send_plain(int fd)
{
    send_to(fd, NULL, 0);
    send_to(fd, NULL, 0);
}

static void send_nothing(int fd)
{
    told("sendto", syscall(SYS_sendto, fd, "", 0, MSG_NOSIGNAL, NULL, 0), "");
}

static void send_named(int fd)
{
    struct sockaddr_un theirs = address_of(THEIRS);

    send_to(fd, &theirs, WHOLE);
}

static void send_to_nobody(int fd)
{
    struct sockaddr_un gone = address_of(NOT_THERE);

    send_to(fd, &gone, WHOLE);
}

static void send_to_no_pointer(int fd)
{
    send_to(fd, BAD, WHOLE);
}

static void send_to_no_length(int fd)
{
    send_to(fd, BAD, 0);
}

static void send_to_negative_length(int fd)
{
    send_to(fd, BAD, -1);
}

static void send_to_huge_length(int fd)
{
    send_to(fd, at, 129);
}

static void send_to_short_length(int fd)
{
    struct sockaddr_un theirs = address_of(THEIRS);

    send_to(fd, &theirs, 2);
}

static void send_to_other_family(int fd)
{
    struct sockaddr_un other = {.sun_family = 99};

    send_to(fd, &other, WHOLE);
}

static void send_to_unspecified(int fd)
{
    struct sockaddr_un other = {.sun_family = AF_UNSPEC};

    send_to(fd, &other, WHOLE);
}

static void message_plain(int fd)
{
    send_by_message(fd, NULL, 0);
}

static void message_named(int fd)
{
    struct sockaddr_un theirs = address_of(THEIRS);

    send_by_message(fd, &theirs, WHOLE);
}

static void message_no_name_but_length(int fd)
{
    send_by_message(fd, NULL, WHOLE);
}

static void message_name_of_no_length(int fd)
{
    send_by_message(fd, BAD, 0);
}

static void message_negative_length(int fd)
{
    send_by_message(fd, at, -1);
}

static void message_huge_length(int fd)
{
    send_by_message(fd, at, 500);
}

static void message_bad_name(int fd)
{
    send_by_message(fd, BAD, WHOLE);
}

/* The name that came, in at most `room` bytes. */
static const char *shown(const struct sockaddr_un *name, int length, int room)
{
    static char text[128];
    int there = length < room ? length : room;

    snprintf(text, sizeof(text), ", name of %d bytes: %.*s", length, there > 2 ? there - 2 : 0,
             name->sun_path);
    return text;
}

static void receive(int fd, int flags, int room)
{
    struct sockaddr_un name = {0};
    char text[8];
    int length = room;
    long got = syscall(SYS_recvfrom, fd, text, sizeof(text), MSG_DONTWAIT | flags, &name, &length);

    told("recvfrom", got, shown(&name, length, room));
}

static void receive_named(int fd)
{
    receive(fd, 0, WHOLE);
    receive(fd, 0, WHOLE);
}

static void receive_with_little_room(int fd)
{
    receive(fd, 0, 7);
}

static void receive_with_negative_room(int fd)
{
    receive(fd, 0, -1);
    receive(fd, 0, WHOLE);
}

static void receive_peeking(int fd)
{
    receive(fd, MSG_PEEK, WHOLE);
}

static void receive_by_message(int fd, void *address, int room)
{
    char text[2];
    struct iovec piece = {text, sizeof(text)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_name = address,
                             .msg_namelen = (socklen_t)room,
                             .msg_control = text,
                             .msg_controllen = 1,
                             .msg_flags = 0x77};
    long got = syscall(SYS_recvmsg, fd, &message, MSG_DONTWAIT);
    char more[160];

    snprintf(
        more, sizeof(more), "%s, control %d, flags %x",
        shown(address && address != BAD ? address : &(struct sockaddr_un){0}, (int)message.msg_namelen, room),
        (int)message.msg_controllen, message.msg_flags);
    told("recvmsg", got, more);
}

static void receive_message_named(int fd)
{
    receive_by_message(fd, &(struct sockaddr_un){0}, WHOLE);
}

static void receive_message_without_name(int fd)
{
    receive_by_message(fd, NULL, 5);
}

static void receive_message_with_little_room(int fd)
{
    receive_by_message(fd, &(struct sockaddr_un){0}, 7);
}

static void receive_message_with_negative_room(int fd)
{
    receive_by_message(fd, &(struct sockaddr_un){0}, -1);
}

static void receive_message_to_nowhere(int fd)
{
    receive_by_message(fd, BAD, WHOLE);
}

static void plain_read(int fd)
{
    char text[8];

    told("read", syscall(SYS_read, fd, text, sizeof(text)), "");
    told("read", syscall(SYS_read, fd, text, sizeof(text)), "");
}

static void plain_write(int fd)
{
    told("write", syscall(SYS_write, fd, "xyz", 3), "");
}

static void connect_to(int fd)
{
    struct sockaddr_un theirs = address_of(THEIRS);

    told("connect", syscall(SYS_connect, fd, &theirs, WHOLE), "");
}

static void connect_to_self(int fd)
{
    struct sockaddr_un ours = address_of(OURS);

    told("connect", syscall(SYS_connect, fd, &ours, WHOLE), "");
}

static void connect_to_nobody(int fd)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    told("connect", syscall(SYS_connect, fd, &nobody, sizeof(nobody)), "");
}

static void bind_again(int fd)
{
    struct sockaddr_un new = address_of(NOT_THERE);

    told("bind", syscall(SYS_bind, fd, &new, WHOLE), "");
    say("  the name is %s", access(NOT_THERE, F_OK) == 0 ? "there" : "not there");
}

static void bind_anywhere(int fd)
{
    struct sockaddr_un any = {.sun_family = AF_UNIX}, name = {0};
    int length = WHOLE;

    told("bind", syscall(SYS_bind, fd, &any, sizeof(any.sun_family)), "");
    told("bind", syscall(SYS_bind, fd, &any, sizeof(any.sun_family)), "");
    getsockname(fd, (struct sockaddr *)&name, (socklen_t *)&length);
    say("  a name of %d bytes, %zu of them digits", length, strspn(name.sun_path + 1, "0123456789abcdef"));
}

static void listen_there(int fd)
{
    told("listen", syscall(SYS_listen, fd, 1), "");
}

static void accept_there(int fd)
{
    told("accept4", syscall(SYS_accept4, fd, NULL, NULL, SOCK_NONBLOCK), "");
}

static void names_of(int fd)
{
    for (int peer = 0; peer < 2; peer++) {
        struct sockaddr_un name = {0};
        int length = WHOLE;
        long result = syscall(peer ? SYS_getpeername : SYS_getsockname, fd, &name, &length);
        told(peer ? "getpeername" : "getsockname", result, shown(&name, length, WHOLE));
    }
}

static void shut_down(int fd)
{
    for (int how = 0; how < 3; how++)
        told("shutdown", syscall(SYS_shutdown, fd, how), "");
}

static void ready(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

    poll(&one, 1, 0);
    say("  ready: %x", one.revents);
    told("poll", 0, "");
}

static void error_option(int fd)
{
    for (int i = 0; i < 2; i++) {
        int error = 0, length = sizeof(error);
        long result = syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &error, &length);
        told("getsockopt", result, error ? error_name(error) : "");
    }
}

static void counts(int fd)
{
    int count = -1;
    long result = syscall(SYS_ioctl, fd, FIONREAD, &count);
    char more[32];

    snprintf(more, sizeof(more), ", %d to be read", count);
    told("ioctl", result, more);
}

static const struct {
    const char *name;
    void (*call)(int fd);
} acts[] = {
    {"plain", send_plain},
    {"nothing", send_nothing},
    {"to a name", send_named},
    {"to a name that is not there", send_to_nobody},
    {"to a bad pointer", send_to_no_pointer},
    {"to a bad pointer of no length", send_to_no_length},
    {"to a negative length", send_to_negative_length},
    {"to a huge length", send_to_huge_length},
    {"to a family alone", send_to_short_length},
    {"to another family", send_to_other_family},
    {"to no family", send_to_unspecified},
    {"plain", message_plain},
    {"to a name", message_named},
    {"a length, but no name", message_no_name_but_length},
    {"to a bad pointer of no length", message_name_of_no_length},
    {"to a negative length", message_negative_length},
    {"to a huge length", message_huge_length},
    {"to a bad pointer", message_bad_name},
    {"from whom", receive_named},
    {"from whom, little room", receive_with_little_room},
    {"from whom, negative room", receive_with_negative_room},
    {"from whom, peeking", receive_peeking},
    {"from whom", receive_message_named},
    {"no name wanted", receive_message_without_name},
    {"little room", receive_message_with_little_room},
    {"negative room", receive_message_with_negative_room},
    {"name to a bad pointer", receive_message_to_nowhere},
    {"twice", plain_read},
    {"once", plain_write},
    {"to theirs", connect_to},
    {"to ours", connect_to_self},
    {"to nobody", connect_to_nobody},
    {"a new name", bind_again},
    {"a name of the kernel's choice", bind_anywhere},
    {"there", listen_there},
    {"there", accept_there},
    {"names", names_of},
    {"each way", shut_down},
    {"ready", ready},
    {"SO_ERROR", error_option},
    {"FIONREAD", counts},
};

static void try(size_t state, size_t act)
{
    memset(others, -1, sizeof(others));
    state_name = states[state].name;
    act_name = acts[act].name;
    int fd = states[state].make();
    acts[act].call(fd);
    close(fd);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (others[i] != fd)
            close(others[i]);
    }
    unlink(OURS), unlink(THEIRS), unlink(NOT_THERE);
}

int main(void)
{
    static const struct {
        const char *name;
        int type;
    } kinds[] = {{"stream", SOCK_STREAM}, {"datagrams", SOCK_DGRAM}};

    at = island(1);
    unlink(OURS), unlink(THEIRS), unlink(NOT_THERE);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        kind_name = kinds[i].name;
        kind = kinds[i].type;
        for (size_t state = 0; state < sizeof(states) / sizeof(states[0]); state++) {
            for (size_t act = 0; act < sizeof(acts) / sizeof(acts[0]); act++)
                try(state, act);
        }
    }
    return table_end();
}
