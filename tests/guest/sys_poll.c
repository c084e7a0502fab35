/* SPDX-License-Identifier: MIT */
/* poll, ppoll, select, pselect6: on pipes and files, with time-outs, with signals. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

static int ends[2];
static volatile int alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

static long poll_one(int fd, short events, int milliseconds, short *answer)
{
    struct pollfd one = {.fd = fd, .events = events, .revents = 0x7fff};
    long result = syscall(SYS_poll, &one, 1, milliseconds);

    *answer = one.revents;
    return result;
}

static void expect_poll(const char *what, int fd, short events, long wanted, short answer)
{
    short got;
    long result = poll_one(fd, events, 0, &got);

    say("%s: %ld, %#x", what, result, (unsigned)got);
    if (result != wanted || got != answer)
        check_failures++;
}

static long milliseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void files(void)
{
    int file = open("/tmp/sys_poll", O_CREAT | O_RDWR | O_TRUNC, 0600);

    expect_poll("regular file", file, POLLIN | POLLOUT | POLLPRI, 1, POLLIN | POLLOUT);
    expect_poll("not open", 77, POLLIN, 1, POLLNVAL);
    expect_poll("negative", -1, POLLIN, 0, 0);
    close(file);
    unlink("/tmp/sys_poll");
}

static void pipes(void)
{
    expect_poll("empty pipe", ends[0], POLLIN, 0, 0);
    expect_poll("room in a pipe", ends[1], POLLOUT, 1, POLLOUT);
    expect("write", write(ends[1], "abc", 3), 3);
    expect_poll("bytes in a pipe", ends[0], POLLIN | POLLRDNORM, 1, POLLIN | POLLRDNORM);

    int more[2];
    expect("pipe", pipe(more), 0);
    close(more[1]);
    expect_poll("no writer", more[0], POLLIN, 1, POLLHUP);
    close(more[0]);
    expect("pipe", pipe(more), 0);
    close(more[0]);
    expect_poll("no reader", more[1], POLLOUT, 1, POLLOUT | POLLERR);
    fcntl(more[1], F_SETFL, O_NONBLOCK);
    close(more[1]);

    static char fill[4096];
    expect("pipe", pipe(more), 0);
    fcntl(more[1], F_SETFL, O_NONBLOCK);
    long pages = 0;
    while (write(more[1], fill, sizeof(fill)) == sizeof(fill))
        pages++;
    expect("a pipe takes pages", pages, 16);
    expect_poll("full pipe", more[1], POLLOUT, 0, 0);
    expect("read", read(more[0], fill, 4096), 4096);
    expect_poll("room again", more[1], POLLOUT, 1, POLLOUT);
    close(more[0]);
    close(more[1]);
}

static void write_later(void *argument)
{
    struct timespec nap = {0, 50 * 1000000};

    (void)argument;
    nanosleep(&nap, NULL);
    if (write(ends[1], "x", 1) != 1)
        _exit(1);
}

static void waiting(void)
{
    char byte[8];
    short answer;

    expect("drain", read(ends[0], byte, 3), 3);
    long before = milliseconds_now();
    expect("time-out", poll_one(ends[0], POLLIN, 60, &answer), 0);
    expect("waited long enough", milliseconds_now() - before >= 60, 1);

    pid_t child = fork();
    if (child == 0) {
        write_later(NULL);
        _exit(0);
    }
    expect("woken by another process", poll_one(ends[0], POLLIN, 5000, &answer), 1);
    expect("readable", answer, POLLIN);
    expect("read", read(ends[0], byte, 8), 1);
    waitpid(child, NULL, 0);

    child = fork();
    if (child == 0) {
        write_later(NULL);
        _exit(0);
    }
    expect("woken, for ever", poll_one(ends[0], POLLIN, -1, &answer), 1);
    expect("read", read(ends[0], byte, 8), 1);
    waitpid(child, NULL, 0);
}

static void signals(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval soon = {.it_value = {.tv_usec = 30000}};
    uint64_t only_alarm = 1UL << (SIGALRM - 1), none = 0;
    struct timespec second = {5, 0};
    struct pollfd one = {.fd = ends[0], .events = POLLIN};
    short answer;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    expect_error("poll and a handler", poll_one(ends[0], POLLIN, 5000, &answer), EINTR);
    expect("handler ran", alarms, 1);

    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &only_alarm, NULL, 8);
    kill(getpid(), SIGALRM);
    expect("blocked", alarms, 1);
    expect_error("ppoll opens it", syscall(SYS_ppoll, &one, 1, &second, &none, 8), EINTR);
    expect("handler ran", alarms, 2);
    kill(getpid(), SIGALRM);
    expect("blocked again", alarms, 2);
    struct {
        const void *set;
        size_t size;
    } mask = {&none, 8};
    uint64_t set = 1UL << ends[0];
    second = (struct timespec){5, 0};
    expect_error("pselect6 opens it", syscall(SYS_pselect6, ends[0] + 1, &set, NULL, NULL, &second, &mask),
                 EINTR);
    expect("handler ran", alarms, 3);
    struct timespec nothing = {0, 0};
    expect("ppoll without waiting", syscall(SYS_ppoll, &one, 1, &nothing, &none, 8), 0);
    kill(getpid(), SIGALRM);
    expect("the mask is back", alarms, 3);
    uint64_t now;
    syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &only_alarm, &now, 8);
    expect("handler ran", alarms, 4);
    expect("mask was", (long)now, (long)only_alarm);
}

static void selecting(void)
{
    uint64_t reads = 1UL << ends[0], writes = 1UL << ends[1], others = 0;
    struct timeval soon = {0, 20000}, never = {0, -1}, zero = {0, 0};
    int high = ends[1] + 1;

    expect("select", syscall(SYS_select, high, &reads, &writes, &others, &soon), 1);
    expect("readable", (long)reads, 0);
    expect("writable", writes == 1UL << ends[1], 1);
    expect("time left", soon.tv_usec > 0, 1);
    expect("write", write(ends[1], "y", 1), 1);
    reads = 1UL << ends[0];
    expect("both", syscall(SYS_select, high, &reads, &writes, NULL, &zero), 2);
    char byte;
    expect("read", read(ends[0], &byte, 1), 1);
    reads = 1UL << ends[0];
    soon = (struct timeval){0, 20000};
    expect("time-out", syscall(SYS_select, high, &reads, NULL, NULL, &soon), 0);
    expect("nothing left", soon.tv_usec, 0);
    expect("sets are empty", (long)reads, 0);
    reads = 1UL << 60;
    expect_error("a descriptor that is not open", syscall(SYS_select, 61, &reads, NULL, NULL, &zero), EBADF);
    expect_error("negative count", syscall(SYS_select, -1, NULL, NULL, NULL, &zero), EINVAL);
    expect_error("negative time", syscall(SYS_select, 0, NULL, NULL, NULL, &never), EINVAL);
    expect_error("bad set", syscall(SYS_select, high, 8L, NULL, NULL, &zero), EFAULT);
}

int main(void)
{
    struct timespec broken = {0, 1000000000};
    struct pollfd one = {.fd = 0};

    expect("pipe", pipe(ends), 0);
    files();
    pipes();
    waiting();
    signals();
    selecting();
    expect_error("poll: bad address", syscall(SYS_poll, 8L, 1, 0), EFAULT);
    expect_error("poll: too many", syscall(SYS_poll, &one, 1u << 30, 0), EINVAL);
    expect_error("ppoll: bad time", syscall(SYS_ppoll, &one, 0, &broken, NULL, 8), EINVAL);
    expect_error("ppoll: size of the set", syscall(SYS_ppoll, &one, 0, NULL, &broken, 4), EINVAL);
    expect("poll of nothing", syscall(SYS_poll, NULL, 0, 1), 0);
    return finish();
}
