/* SPDX-License-Identifier: MIT */
/* libc_oldsignal.c - System V's signals, sets as a whole, and what psignal and psiginfo say. */
#include <signal.h>

#include "check.h"

static volatile sig_atomic_t handled;

static void handle(int number)
{
    handled += number == SIGUSR1;
}

static const char *name(void (*handler)(int))
{
    return handler == SIG_DFL    ? "SIG_DFL"
           : handler == SIG_IGN  ? "SIG_IGN"
           : handler == SIG_HOLD ? "SIG_HOLD"
           : handler == SIG_ERR  ? "SIG_ERR"
           : handler == handle   ? "the handler"
                                 : "another";
}

static bool blocked(int number)
{
    sigset_t mask;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, number);
}

static void system_v(void)
{
    struct sigaction action;

    say("sigset: %s", name(sigset(SIGUSR1, handle)));
    raise(SIGUSR1);
    expect("handled", handled, 1);
    sigaction(SIGUSR1, NULL, &action);
    expect("    the handler stays", action.sa_handler == handle, 1);
    expect("    flags", action.sa_flags & (SA_RESTART | SA_RESETHAND | SA_SIGINFO | SA_NODEFER), 0);
    say("sigset, SIG_HOLD: %s", name(sigset(SIGUSR1, SIG_HOLD)));
    expect("    held back", blocked(SIGUSR1), 1);
    raise(SIGUSR1);
    expect("    not handled", handled, 1);
    say("    again: %s", name(sigset(SIGUSR1, SIG_HOLD)));
    say("sigset, from held back: %s", name(sigset(SIGUSR1, handle)));
    expect("    handled", handled, 2);
    expect("    let through", blocked(SIGUSR1), 0);
    expect("sighold", sighold(SIGUSR1), 0);
    raise(SIGUSR1);
    expect("    held back", handled, 2);
    expect("sigrelse", sigrelse(SIGUSR1), 0);
    expect("    handled", handled, 3);
    sighold(SIGUSR1);
    raise(SIGUSR1);
    expect_error("sigpause", sigpause(SIGUSR1), EINTR);
    expect("    handled", handled, 4);
    expect("    held back again", blocked(SIGUSR1), 1);
    expect("sigignore", sigignore(SIGUSR1), 0);
    sigrelse(SIGUSR1);
    raise(SIGUSR1);
    expect("    ignored", handled, 4);
    say("sigset: %s", name(sigset(SIGUSR1, SIG_DFL)));
    say("    and then: %s", name(sigset(SIGUSR1, SIG_DFL)));
}

static void errors(void)
{
    expect_error("sighold", sighold(0), EINVAL);
    expect_error("sigrelse", sigrelse(_NSIG + 7), EINVAL);
    expect_error("sigignore", sigignore(SIGKILL), EINVAL);
    expect_error("sigset", sigset(SIGSTOP, handle) == SIG_ERR ? -1 : 0, EINVAL);
    expect_error("bsd_signal", bsd_signal(SIGKILL, handle) == SIG_ERR ? -1 : 0, EINVAL);
}

/* BSD's handler stays, and calls go on behind it. */
static void bsd(void)
{
    struct sigaction action;

    say("bsd_signal: %s", name(bsd_signal(SIGUSR2, handle)));
    sigaction(SIGUSR2, NULL, &action);
    expect("    goes on", (action.sa_flags & SA_RESTART) != 0, 1);
    expect("    once", (action.sa_flags & SA_RESETHAND) != 0, 0);
    say("    and then: %s", name(bsd_signal(SIGUSR2, SIG_DFL)));
}

static void show(const char *what, const sigset_t *set)
{
    say("%s: HUP %d, INT %d, TERM %d, empty %d", what, sigismember(set, SIGHUP), sigismember(set, SIGINT),
        sigismember(set, SIGTERM), sigisemptyset(set));
}

static void sets(void)
{
    sigset_t left, right, result;

    sigemptyset(&left);
    sigemptyset(&right);
    show("nothing", &left);
    sigaddset(&left, SIGHUP);
    sigaddset(&left, SIGINT);
    sigaddset(&right, SIGINT);
    sigaddset(&right, SIGTERM);
    expect("sigandset", sigandset(&result, &left, &right), 0);
    show("both", &result);
    expect("sigorset", sigorset(&result, &left, &right), 0);
    show("either", &result);
    sigdelset(&right, SIGINT);
    sigandset(&left, &left, &right);
    show("none in both", &left);
}

/* Standard error goes into a pipe, of which the first `length` bytes are shown. */
static void spoken(const char *what, const char *text, bool with_info, int length)
{
    int ends[2], old = dup(STDERR_FILENO);
    siginfo_t info = {.si_signo = SIGUSR1};
    char line[200] = "";

    if (pipe(ends) != 0)
        _exit(1);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    with_info ? psiginfo(&info, text) : psignal(SIGUSR1, text);
    fflush(stderr);
    dup2(old, STDERR_FILENO);
    close(old);
    (void)!read(ends[0], line, sizeof(line) - 1);
    close(ends[0]);
    say("%s: %.*s", what, length, line);
}

int main(void)
{
    system_v();
    errors();
    bsd();
    sets();
    spoken("psignal", "words", false, 28);
    spoken("psiginfo", "words", true, 28);
    spoken("without words", NULL, true, 21);
    return finish();
}
