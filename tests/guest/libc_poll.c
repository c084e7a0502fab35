/* SPDX-License-Identifier: MIT */
/* libc_poll.c - ppoll and pselect: their mask is there exactly while they wait, and their timeout stays as it is. */
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <time.h>

#include "check.h"

static int ends[2];
static volatile sig_atomic_t handled;
static const struct timespec never = {1000, 7}, now = {0, 0};

static void handle(int number)
{
    handled += number == SIGUSR1 ? 1 : 10;
}

static bool blocked(int number)
{
    sigset_t mask;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, number);
}

static int wait_poll(const struct timespec *timeout, const sigset_t *mask)
{
    struct pollfd one = {.fd = ends[0], .events = POLLIN};

    return ppoll(&one, 1, timeout, mask);
}

static int wait_select(const struct timespec *timeout, const sigset_t *mask)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    return pselect(ends[0] + 1, &set, NULL, NULL, timeout, mask);
}

/* SIGUSR1 is held back and pending before each wait that lets it through. */
static void masks(const char *what, int (*wait)(const struct timespec *, const sigset_t *))
{
    struct timespec timeout = never;
    sigset_t mask, only;
    char byte;

    say("%s", what);
    handled = 0;
    sigemptyset(&only);
    sigaddset(&only, SIGUSR1);
    sigprocmask(SIG_BLOCK, &only, NULL);
    raise(SIGUSR1);
    expect("held back", handled, 0);
    expect("by the program's own mask too", wait(&now, NULL), 0);
    expect("    not handled", handled, 0);
    sigfillset(&mask);
    expect("by a full mask", wait(&now, &mask), 0);
    expect("    not handled", handled, 0);
    sigdelset(&mask, SIGUSR1);
    expect_error("let through, with an end", wait(&timeout, &mask), EINTR);
    expect("    handled", handled, 1);
    expect("    held back again", blocked(SIGUSR1), 1);
    expect("    no other is", blocked(SIGUSR2), 0);
    expect("    the timeout is as it was", timeout.tv_sec == never.tv_sec && timeout.tv_nsec == never.tv_nsec,
           1);
    raise(SIGUSR1);
    expect_error("let through, without an end", wait(NULL, &mask), EINTR);
    expect("    handled", handled, 2);
    (void)!write(ends[1], "x", 1);
    expect("a byte is there", wait(NULL, &mask), 1);
    expect("    and without a mask", wait(&never, NULL), 1);
    (void)!read(ends[0], &byte, 1);
    expect("no byte", wait(&now, &mask), 0);
    expect_error("a timeout that is none", wait(&(struct timespec){0, 1000000000}, &mask), EINVAL);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
}

static void sets(void)
{
    fd_set reading, writing, exceptions;

    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&exceptions);
    FD_SET(ends[0], &reading), FD_SET(ends[0], &exceptions), FD_SET(ends[1], &writing);
    expect("pselect", pselect(ends[1] + 1, &reading, &writing, &exceptions, NULL, NULL), 1);
    expect("    to read", FD_ISSET(ends[0], &reading), 0);
    expect("    to write", FD_ISSET(ends[1], &writing), 1);
    expect("    exceptions", FD_ISSET(ends[0], &exceptions), 0);
    expect_error("a negative count", pselect(-1, NULL, NULL, NULL, &now, NULL), EINVAL);
    expect("nothing to wait for", pselect(0, NULL, NULL, NULL, &now, NULL), 0);
    expect("no descriptors", ppoll(NULL, 0, &now, NULL), 0);
    expect("words of a set", (long)sizeof(fd_set) * 8 / NFDBITS, FD_SETSIZE / NFDBITS);
}

int main(void)
{
    if (pipe(ends) != 0)
        return 1;
    signal(SIGUSR1, handle);
    signal(SIGUSR2, handle);
    masks("ppoll", wait_poll);
    masks("pselect", wait_select);
    sets();
    return finish();
}
