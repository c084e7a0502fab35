/* SPDX-License-Identifier: MIT */
/* linux_epoll.c - epoll(7) and eventfd(2): level and edge, one shot, sets in sets, files that are closed, who waits for whom. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#include "check.h"

static int set;
static int ends[2];

static void control(const char *what, int operation, int fd, uint32_t events, int expected)
{
    struct epoll_event event = {.events = events, .data.u64 = 0x123456789abcdef0UL + (unsigned)fd};
    int result = epoll_ctl(set, operation, fd, &event);

    if (expected)
        expect_error(what, result, expected);
    else
        expect(what, result, 0);
}

/* What a wait of `milliseconds` tells: how many, and the first one's events. */
static void waits(const char *what, int milliseconds, int found, uint32_t events)
{
    struct epoll_event event[4] = {{0}};

    expect(what, epoll_wait(set, event, 4, milliseconds), found);
    if (found == 1)
        expect("  events", event[0].events, events);
}

static void byte_in(void)
{
    expect("  write", write(ends[1], "x", 1), 1);
}

static void byte_out(void)
{
    char byte;
    expect("  read", read(ends[0], &byte, 1), 1);
}

static void fresh(void)
{
    set = epoll_create1(EPOLL_CLOEXEC);
    expect("epoll_create1", set >= 0, 1);
    expect("close on exec", fcntl(set, F_GETFD), FD_CLOEXEC);
    expect("pipe", pipe2(ends, O_NONBLOCK), 0);
}

static void done(void)
{
    close(set);
    close(ends[0]);
    close(ends[1]);
}

static void level(void)
{
    fresh();
    control("add the reader", EPOLL_CTL_ADD, ends[0], EPOLLIN, 0);
    waits("nothing yet", 0, 0, 0);
    waits("nothing in 20 ms", 20, 0, 0);
    byte_in();
    waits("a byte", -1, 1, EPOLLIN);
    waits("still", -1, 1, EPOLLIN);
    byte_out();
    waits("not any more", 0, 0, 0);
    control("add the writer", EPOLL_CTL_ADD, ends[1], EPOLLOUT | EPOLLIN, 0);
    waits("room", 0, 1, EPOLLOUT);
    control("again", EPOLL_CTL_ADD, ends[1], EPOLLOUT, EEXIST);
    control("no events", EPOLL_CTL_MOD, ends[1], 0, 0);
    waits("nothing", 0, 0, 0);
    close(ends[1]); /* which takes it out */
    waits("hung up", 0, 1, EPOLLHUP);
    control("remove", EPOLL_CTL_DEL, ends[0], 0, 0);
    control("remove again", EPOLL_CTL_DEL, ends[0], 0, ENOENT);
    control("change it", EPOLL_CTL_MOD, ends[0], 0, ENOENT);
    waits("an empty set", 0, 0, 0);
    done();
}

static void edge(void)
{
    fresh();
    control("add, edge", EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLET, 0);
    byte_in();
    waits("an edge", -1, 1, EPOLLIN);
    waits("told already", 0, 0, 0);
    byte_in();
    waits("one byte more", 0, 1, EPOLLIN);
    byte_out();
    byte_out();
    waits("empty", 0, 0, 0);
    byte_in();
    byte_out();
    byte_in();
    waits("empty in between", 0, 1, EPOLLIN);
    control("changed: told anew", EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET, 0);
    waits("anew", 0, 1, EPOLLIN);
    control("add the writer, edge", EPOLL_CTL_ADD, ends[1], EPOLLOUT | EPOLLET, 0);
    waits("room", 0, 1, EPOLLOUT);
    waits("told already", 0, 0, 0);
    done();
}

static void one_shot(void)
{
    fresh();
    control("add, one shot", EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLONESHOT, 0);
    byte_in();
    waits("once", 0, 1, EPOLLIN);
    byte_in();
    waits("not twice", 0, 0, 0);
    close(ends[1]);
    waits("not even the end", 0, 0, 0);
    control("armed again", EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT, 0);
    waits("and told", 0, 1, EPOLLIN | EPOLLHUP);
    done();
}

static void duplicates(void)
{
    fresh();
    int copy = dup(ends[0]);
    control("add", EPOLL_CTL_ADD, ends[0], EPOLLIN, 0);
    control("the same file by another number", EPOLL_CTL_ADD, copy, EPOLLIN, 0);
    byte_in();
    waits("both", 0, 2, 0);
    close(ends[0]); /* the file is still open: its item stays */
    waits("both still", 0, 2, 0);
    control("by a number that is closed", EPOLL_CTL_MOD, ends[0], EPOLLIN, EBADF);
    close(copy);
    waits("none", 0, 0, 0);
    done();
}

static void nested(void)
{
    struct pollfd poll_one;
    fresh();
    int outer = (int)syscall(SYS_epoll_create, 1), inner = set;

    control("add to the inner set", EPOLL_CTL_ADD, ends[0], EPOLLIN, 0);
    set = outer;
    control("the inner set to the outer", EPOLL_CTL_ADD, inner, EPOLLIN, 0);
    waits("nothing", 0, 0, 0);
    byte_in();
    waits("the inner set is ready", -1, 1, EPOLLIN);
    poll_one = (struct pollfd){.fd = outer, .events = POLLIN};
    expect("poll says so too", poll(&poll_one, 1, 0), 1);
    set = inner;
    control("the outer set to the inner: a loop", EPOLL_CTL_ADD, outer, EPOLLIN, ELOOP);
    waits("the byte", 0, 1, EPOLLIN);
    control("a set to itself", EPOLL_CTL_ADD, inner, EPOLLIN, EINVAL);
    close(outer);
    done();
}

/* More than one call tells at once: all get their turn. */
static void many(void)
{
    enum { MANY = 100 };
    struct epoll_event events[MANY];
    int fds[MANY], seen[MANY] = {0}, told = 0;

    set = epoll_create1(0);
    for (int i = 0; i < MANY; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        fds[i] = eventfd(1, 0);
        if (epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event) != 0)
            say("epoll_ctl %d: %s", i, error_name(errno));
    }
    expect("all at once", epoll_wait(set, events, MANY, 0), MANY);
    for (int round = 0; round < 2 * MANY && told < MANY; round++) {
        int found = epoll_wait(set, events, 7, 0);
        for (int i = 0; i < found; i++) {
            told += !seen[events[i].data.u32];
            seen[events[i].data.u32] = 1;
        }
    }
    expect("all were told of", told, MANY);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    waits("all are closed", 0, 0, 0);
    close(set);
}

static void *later(void *what)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    if (what != &ends)
        return epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &(struct epoll_event){.events = EPOLLIN}) == 0 ? NULL
                                                                                                     : what;
    return write(ends[1], "x", 1) == 1 ? NULL : what; /* says nothing: check.h is for one thread */
}

static void sleeping(void)
{
    pthread_t thread;

    fresh();
    control("add", EPOLL_CTL_ADD, ends[0], EPOLLIN, 0);
    pthread_create(&thread, NULL, later, &ends);
    waits("woken by a byte", -1, 1, EPOLLIN);
    pthread_join(thread, NULL);
    control("remove", EPOLL_CTL_DEL, ends[0], 0, 0);
    pthread_create(&thread, NULL, later, NULL);
    waits("woken by an item", -1, 1, EPOLLIN);
    pthread_join(thread, NULL);
    done();
}

static void on_alarm(int number)
{
    (void)number;
}

static void signals(void)
{
    struct epoll_event event;
    sigset_t none, alarm_only;

    fresh();
    sigemptyset(&none);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm, .sa_flags = SA_RESTART}, NULL);
    alarm(1);
    expect_error("interrupted, never restarted", epoll_wait(set, &event, 1, -1), EINTR);
    sigprocmask(SIG_BLOCK, &alarm_only, NULL);
    raise(SIGALRM);
    expect("blocked", epoll_wait(set, &event, 1, 20), 0);
    expect_error("let in", epoll_pwait(set, &event, 1, 1000, &none), EINTR);
    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    done();
}

static void refusals(void)
{
    struct epoll_event event = {0};
    int file = open("/proc/self/exe", O_RDONLY);

    fresh();
    expect_error("epoll_create(0)", syscall(SYS_epoll_create, 0), EINVAL);
    expect_error("epoll_create1(1)", epoll_create1(1), EINVAL);
    control("a regular file", EPOLL_CTL_ADD, file, EPOLLIN, EPERM);
    control("no descriptor", EPOLL_CTL_ADD, 999, EPOLLIN, EBADF);
    control("no operation", 9, ends[0], EPOLLIN, EINVAL);
    expect_error("not a set", epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event), EINVAL);
    expect_error("no event", epoll_ctl(set, EPOLL_CTL_ADD, ends[0], NULL), EFAULT);
    expect_error("no room", epoll_wait(set, &event, 0, 0), EINVAL);
    expect_error("wait, not a set", epoll_wait(ends[0], &event, 1, 0), EINVAL);
    expect_error("wait, no descriptor", epoll_wait(999, &event, 1, 0), EBADF);
    expect_error("read", read(set, &event, sizeof(event)), EINVAL);
    control("add", EPOLL_CTL_ADD, ends[1], EPOLLOUT, 0);
    expect_error("nowhere to put it", epoll_wait(set, (struct epoll_event *)8, 1, 0), EFAULT);
    close(file);
    done();
}

static void counters(void)
{
    uint64_t count = 0;
    struct stat stat;
    char name[64] = "";
    int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);

    expect("read", read(fd, &count, 8), 8);
    expect("all of it", (long)count, 3);
    expect_error("nothing left", read(fd, &count, 8), EAGAIN);
    expect_error("too short", read(fd, &count, 7), EINVAL);
    count = 5;
    expect("write", write(fd, &count, 8), 8);
    expect_error("write, too short", write(fd, &count, 4), EINVAL);
    count = UINT64_MAX;
    expect_error("write 2^64 - 1", write(fd, &count, 8), EINVAL);
    count = UINT64_MAX - 5;
    expect_error("write, too much", write(fd, &count, 8), EAGAIN);
    count--;
    expect("write, to the brim", write(fd, &count, 8), 8);
    struct pollfd poll_one = {.fd = fd, .events = POLLIN | POLLOUT};
    poll(&poll_one, 1, 0);
    expect("full", poll_one.revents, POLLIN);
    expect("fstat", fstat(fd, &stat), 0);
    expect("mode", stat.st_mode, 0600);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    expect_error("no second open", open(name, O_RDWR), ENXIO);
    char target[64] = "";
    expect("link", readlink(name, target, sizeof(target) - 1) > 0, 1);
    say("it is called %s", target);
    expect("lseek does nothing", lseek(fd, 1, SEEK_SET), 0);
    expect_error("pread", pread(fd, &count, 8, 0), ESPIPE);
    close(fd);

    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    expect("semaphore", read(fd, &count, 8), 8);
    expect("one", (long)count, 1);
    expect("once more", read(fd, &count, 8), 8);
    expect_error("none", read(fd, &count, 8), EAGAIN);
    close(fd);
    expect_error("unknown flag", eventfd(0, 2), EINVAL);
}

int main(void)
{
    level();
    edge();
    one_shot();
    duplicates();
    nested();
    many();
    sleeping();
    signals();
    refusals();
    counters();
    return finish();
}
