/* SPDX-License-Identifier: MIT */
/* proc_wait.c - children: how they end and what wait says, signals with their default actions, and that a program which
 * never calls the kernel still has to share the processor. */
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "check.h"

static void sleep_ms(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static void exit_with(void *status)
{
    _exit((int)(long)status);
}

static void spin(void *unused)
{
    (void)unused;
    for (;;)
        __asm__ volatile("" : : : "memory");
}

static void kill_self(void *signal)
{
    kill(getpid(), (int)(long)signal);
    sleep_ms(100);
}

static pid_t start(void (*body)(void *), void *argument)
{
    pid_t child = fork();

    if (child == 0) {
        body(argument);
        _exit(0);
    }
    return child;
}

static void statuses(void)
{
    static const long values[] = {0, 1, 127, 128, 255, 256, 300, -1};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        say("exit(%ld): wait status %#x", values[i], in_child(exit_with, (void *)values[i]));
    static const int signals[] = {SIGHUP,  SIGINT,  SIGABRT, SIGKILL, SIGUSR1,
                                  SIGPIPE, SIGALRM, SIGTERM, SIGSEGV};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        int status = in_child(kill_self, (void *)(long)signals[i]);
        say("signal %d: ended by %d", signals[i], status & 0x7f);
    }
    say("a signal that is ignored by default: %#x", in_child(kill_self, (void *)(long)SIGCHLD));
    say("abort: ended by %d", in_child((void (*)(void *))(void *)abort, NULL) & 0x7f);
}

static void waits(void)
{
    int status = 0;

    expect_error("wait without children", waitpid(-1, &status, 0), ECHILD);
    pid_t child = start(exit_with, (void *)7);
    expect_error("wait for another's child", waitpid(1, &status, 0), ECHILD);
    expect("wait for it", waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, 1);
    expect_error("wait for it again", waitpid(child, &status, 0), ECHILD);
    child = start(spin, NULL);
    expect("no hang: still running", waitpid(child, &status, WNOHANG), 0);
    kill(child, SIGKILL);
    expect("any child", waitpid(-1, &status, 0) == child && WTERMSIG(status) == SIGKILL, 1);
    expect_error("kill nobody", kill(child, 0), ESRCH);
    expect_error("kill with a bad signal", kill(getpid(), 999), EINVAL);
    child = start(exit_with, (void *)0);
    sleep_ms(30);
    expect_error("a zombie can be killed", kill(child, SIGKILL), 0);
    expect("and its status stays", waitpid(child, &status, 0) == child && status == 0, 1);
}

static void sharing(void)
{
    pid_t children[4];
    int status;
    long ended = 0;

    for (int i = 0; i < 4; i++)
        children[i] = start(spin, NULL);
    sleep_ms(50); /* returns although four others want the processor */
    for (int i = 0; i < 4; i++) {
        kill(children[i], SIGTERM);
        ended += waitpid(children[i], &status, 0) == children[i] && WTERMSIG(status) == SIGTERM;
    }
    expect("programs that spin and were ended", ended, 4);
}

static void clocks(void)
{
    struct timespec before, after, bad = {0, 1000000000}, negative = {-1, 0};

    clock_gettime(CLOCK_MONOTONIC, &before);
    sleep_ms(20);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long passed = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    expect("20 ms are at least 20 ms", passed >= 20, 1);
    expect("and less than a second", passed < 1000, 1);
    expect_error("too many nanoseconds", syscall(SYS_nanosleep, &bad, NULL), EINVAL);
    expect_error("negative seconds", syscall(SYS_nanosleep, &negative, NULL), EINVAL);
    expect_error("no such clock", syscall(SYS_clock_gettime, 999, &before), EINVAL);
}

/* One has stopped, one has ended, one goes on again: the eldest with news comes first, whatever its news are. */
static void mixed_news(void)
{
    pid_t children[6];
    int status;

    for (int i = 0; i < 6; i++) {
        children[i] = start(spin, NULL);
        siginfo_t info;
        if (i % 3 == 0 || i % 3 == 2)
            kill(children[i], SIGSTOP);
        if (i % 3 == 2)
            waitid(P_PID, (id_t)children[i], &info, WSTOPPED);
        kill(children[i], i % 3 == 0 ? SIGSTOP : i % 3 == 1 ? SIGKILL : SIGCONT);
        waitid(P_PID, (id_t)children[i], &info,
               (i % 3 == 0   ? WSTOPPED
                : i % 3 == 1 ? WEXITED
                             : WCONTINUED) |
                   WNOWAIT);
    }
    for (int i = 0; i < 6; i++) {
        pid_t got = waitpid(-1, &status, WUNTRACED | WCONTINUED | WNOHANG);
        say("news of child %d: status %#x, the eldest with news: %d", i, (unsigned)status,
            got == children[i]);
        expect("in the order of their birth", got == children[i], 1);
    }
    for (int i = 0; i < 6; i++)
        kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
}

static void parents(void)
{
    pid_t parent = getpid(), child = fork();
    int status;

    if (child == 0) {
        expect("a child's parent", getppid() == parent, 1);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            sleep_ms(50); /* by then its parent is gone */
            expect("an orphan has another parent", getppid() != parent && getppid() > 0, 1);
            _exit(0);
        }
        _exit(3);
    }
    waitpid(child, &status, 0);
    expect("the child's status", WEXITSTATUS(status), 3);
    sleep_ms(150);
}

int main(void)
{
    statuses();
    waits();
    sharing();
    clocks();
    mixed_news();
    parents();
    return finish();
}
