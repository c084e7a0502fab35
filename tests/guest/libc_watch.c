/* SPDX-License-Identifier: MIT */
/* libc_watch.c - <sys/epoll.h> and <sys/eventfd.h>: every call once, what comes back with an event, masks, and where a thread can be
 * cancelled. What the kernel does with sets beyond that: linux_epoll.c. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "threads.h"

/* musl has not this one. */
__attribute__((weak)) int epoll_pwait2(int set, struct epoll_event *events, int count,
                                       const struct timespec *timeout, const sigset_t *mask);

static int set, counter;
static const struct timespec never = {1000, 7};

static int wait_precisely(const sigset_t *mask, struct epoll_event *event)
{
    struct timespec timeout = never;
    int found = epoll_pwait2 ? epoll_pwait2(set, event, 1, &timeout, mask)
                             : (int)syscall(SYS_epoll_pwait2, set, event, 1L, &timeout, mask, 8L);

    if (timeout.tv_sec != never.tv_sec || timeout.tv_nsec != never.tv_nsec)
        say("    the timeout has changed");
    return found;
}

static int wait_plainly(const sigset_t *mask, struct epoll_event *event)
{
    return epoll_pwait(set, event, 1, -1, mask);
}

static void events(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = 42}, found[2];
    int other;

    say("-- events");
    expect("struct epoll_event", sizeof(struct epoll_event), 12);
    expect("its data", offsetof(struct epoll_event, data), 4);
    say("events %x, ways %x", EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI,
        (unsigned int)EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE);
    other = epoll_create(1);
    expect("epoll_create", other >= 0, 1);
    close(other);
    set = epoll_create1(EPOLL_CLOEXEC);
    expect("epoll_create1", fcntl(set, F_GETFD), FD_CLOEXEC);
    counter = eventfd(0, EFD_NONBLOCK);
    expect("add", epoll_ctl(set, EPOLL_CTL_ADD, counter, &event), 0);
    expect("nothing", epoll_wait(set, found, 2, 0), 0);
    expect("eventfd_write", eventfd_write(counter, 1), 0);
    expect("one", epoll_wait(set, found, 2, -1), 1);
    expect("    its event", found[0].events, EPOLLIN);
    expect("    its number", found[0].data.fd, 42);
    event = (struct epoll_event){.events = EPOLLOUT | EPOLLET, .data.ptr = &event};
    expect("change", epoll_ctl(set, EPOLL_CTL_MOD, counter, &event), 0);
    expect("one", epoll_wait(set, found, 2, -1), 1);
    expect("    its event", found[0].events, EPOLLOUT);
    expect("    its pointer", found[0].data.ptr == &event, 1);
    expect("an edge is told once", epoll_wait(set, found, 2, 0), 0);
    event = (struct epoll_event){.events = EPOLLIN, .data.u64 = 0x123456789abcdef0};
    expect("change", epoll_ctl(set, EPOLL_CTL_MOD, counter, &event), 0);
    expect("one", epoll_wait(set, found, 2, -1), 1);
    expect("    all of its number", found[0].data.u64 == 0x123456789abcdef0, 1);
    expect("    half of it", found[0].data.u32, 0x9abcdef0);
    expect("remove", epoll_ctl(set, EPOLL_CTL_DEL, counter, NULL), 0);
    expect("nothing", epoll_wait(set, found, 2, 0), 0);
    expect_error("remove again", epoll_ctl(set, EPOLL_CTL_DEL, counter, NULL), ENOENT);
    expect_error("no room for events", epoll_wait(set, found, 0, 0), EINVAL);
    expect_error("epoll_create1 with other flags", epoll_create1(1), EINVAL);
    close(counter);
}

static void counters(void)
{
    eventfd_t count = 7;

    say("-- counters");
    counter = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
    expect("close on exec", fcntl(counter, F_GETFD), FD_CLOEXEC);
    expect("write", eventfd_write(counter, 4), 0);
    expect("read", eventfd_read(counter, &count), 0);
    expect("    all", (long)count, 7);
    expect_error("nothing", eventfd_read(counter, &count), EAGAIN);
    expect("    stays", (long)count, 7);
    expect_error("too much", eventfd_write(counter, UINT64_MAX), EINVAL);
    close(counter);
    expect_error("closed", eventfd_write(counter, 1), EBADF);
    counter = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    expect("one of two", eventfd_read(counter, &count), 0);
    expect("    one", (long)count, 1);
    expect("the other", eventfd_read(counter, &count), 0);
    expect_error("no third", eventfd_read(counter, &count), EAGAIN);
    expect_error("other flags", eventfd(0, 2), EINVAL);
    close(counter);
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
    handled += number == SIGUSR1;
}

/* SIGUSR1 is held back and pending before each wait. */
static void masks(const char *what, int (*wait)(const sigset_t *, struct epoll_event *))
{
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t mask, only;

    say("-- %s", what);
    handled = 0;
    counter = eventfd(1, 0);
    epoll_ctl(set, EPOLL_CTL_ADD, counter, &event);
    sigemptyset(&only);
    sigaddset(&only, SIGUSR1);
    sigprocmask(SIG_BLOCK, &only, NULL);
    raise(SIGUSR1);
    expect("by the program's own mask", wait(NULL, &event), 1);
    expect("    not handled", handled, 0);
    sigfillset(&mask);
    expect("by a full mask", wait(&mask, &event), 1);
    expect("    not handled", handled, 0);
    epoll_ctl(set, EPOLL_CTL_DEL, counter, NULL);
    sigdelset(&mask, SIGUSR1);
    expect_error("let through", wait(&mask, &event), EINTR);
    expect("    handled", handled, 1);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    expect("    held back again", sigismember(&mask, SIGUSR1), 1);
    expect("    no other is", sigismember(&mask, SIGUSR2), 0);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    close(counter);
}

/* ---- Where a thread can be cancelled ---- */

static void wait_set(void)
{
    struct epoll_event event;

    epoll_wait(set, &event, 1, -1);
}

static void wait_masked(void)
{
    struct epoll_event event;
    sigset_t all;

    sigfillset(&all);
    epoll_pwait(set, &event, 1, -1, &all);
}

static void wait_counter(void)
{
    eventfd_t count;

    eventfd_read(counter, &count);
}

int main(void)
{
    signal(SIGUSR1, handle);
    events();
    counters();
    masks("epoll_pwait", wait_plainly);
    masks("epoll_pwait2", wait_precisely);
    say("-- cancelled in");
    counter = eventfd(0, 0);
    expect_cancelled("epoll_wait", wait_set);
    expect_cancelled("epoll_pwait, with every signal held back", wait_masked);
    expect_cancelled("eventfd_read", wait_counter);
    return finish();
}
