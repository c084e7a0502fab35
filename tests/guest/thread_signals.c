/* SPDX-License-Identifier: MIT */
/* thread_signals.c - whose signal is it? Those for a thread, those for the process, each thread's mask, pending set and
 * alternate stack; stopping and going on; waiting for signals. */
#include "threads.h"

static atomic_long handled_by, handled_count;
static atomic_bool on_alternate;
static char alternate[2][16384];

static void handler(int number)
{
    char local;

    (void)number;
    handled_by = thread_id();
    handled_count++;
    on_alternate = &local >= alternate[1] && &local < alternate[1] + sizeof(alternate[1]);
}

static void install(int number, int flags)
{
    const struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigaction(number, &action, NULL);
}

static void set_mask(int how, int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(how, &set, NULL);
}

static int is_pending(int number)
{
    sigset_t set;

    sigpending(&set);
    return sigismember(&set, number);
}

/* ---- A thread that waits for its end, with signals blocked or let through ---- */

struct waiter {
    atomic_long tid;
    atomic_int step;
    int let_through;
    int pending, blocked_child;
};

static void *wait_there(void *argument)
{
    struct waiter *waiter = argument;
    stack_t stack = {.ss_sp = alternate[1], .ss_size = sizeof(alternate[1])}, old;

    sigaltstack(NULL, &old);
    waiter->blocked_child = old.ss_flags == SS_DISABLE;
    sigaltstack(&stack, NULL);
    if (waiter->let_through)
        set_mask(SIG_UNBLOCK, waiter->let_through);
    waiter->tid = thread_id();
    while (waiter->step == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    waiter->pending = is_pending(SIGUSR2);
    return NULL;
}

static pthread_t start(struct waiter *waiter)
{
    pthread_t thread = begin(wait_there, waiter);

    while (!waiter->tid)
        sched_yield();
    return thread;
}

static void expect_handled_by(const char *what, long tid)
{
    for (int i = 0; i < 100 && handled_count == 0; i++)
        doze();
    expect(what, handled_count == 1 && handled_by == tid, 1);
    handled_count = 0;
}

static void whose(void)
{
    struct waiter other = {.let_through = SIGUSR1};
    stack_t stack = {.ss_sp = alternate[0], .ss_size = sizeof(alternate[0])};

    install(SIGUSR1, SA_ONSTACK);
    install(SIGUSR2, 0);
    sigaltstack(&stack, NULL);
    set_mask(SIG_BLOCK, SIGUSR1);
    set_mask(SIG_BLOCK, SIGUSR2);
    pthread_t thread = start(&other);
    expect("a new thread has no alternate stack", other.blocked_child, 1);

    kill(getpid(), SIGUSR1);
    expect_handled_by("for the process: by the one that lets it through", other.tid);
    expect("    on its own alternate stack", on_alternate, 1);
    pthread_kill(thread, SIGUSR1);
    expect_handled_by("for the other thread", other.tid);
    pthread_kill(pthread_self(), SIGUSR1);
    expect("for this thread, blocked: pending", is_pending(SIGUSR1), 1);
    doze();
    expect("    and nobody takes it", handled_count, 0);
    set_mask(SIG_UNBLOCK, SIGUSR1);
    expect_handled_by("    until it is let through", thread_id());
    expect("    on this thread's stack", on_alternate, 0);

    pthread_kill(pthread_self(), SIGUSR2);
    other.step = 1;
    pthread_join(thread, NULL);
    expect("what waits for one is not pending for another", other.pending, 0);
    expect("    but for the one", is_pending(SIGUSR2), 1);
    set_mask(SIG_UNBLOCK, SIGUSR2);
    expect_handled_by("    who takes it", thread_id());
}

static void for_the_process(void)
{
    struct waiter other = {.let_through = 0};

    set_mask(SIG_BLOCK, SIGUSR2);
    pthread_t thread = start(&other);
    kill(getpid(), SIGUSR2);
    expect("all block it: pending", is_pending(SIGUSR2), 1);
    other.step = 1;
    pthread_join(thread, NULL);
    expect("    for the other one too", other.pending, 1);
    set_mask(SIG_UNBLOCK, SIGUSR2);
    expect_handled_by("    and taken by the first to let it through", thread_id());
}

static void errors(void)
{
    long tid = thread_id(), nobody = 4000000;

    expect_error("tgkill, another process's thread", syscall(SYS_tgkill, getppid(), tid, 0), ESRCH);
    expect_error("tgkill, nobody", syscall(SYS_tgkill, getpid(), nobody, 0), ESRCH);
    expect_error("tgkill, thread 0", syscall(SYS_tgkill, getpid(), 0, 0), EINVAL);
    expect_error("tgkill, process -1", syscall(SYS_tgkill, -1, tid, 0), EINVAL);
    expect_error("tgkill, signal 65", syscall(SYS_tgkill, getpid(), tid, 65), EINVAL);
    expect("tgkill, signal 0", syscall(SYS_tgkill, getpid(), tid, 0), 0);
    expect_error("tkill, nobody", syscall(SYS_tkill, nobody, 0), ESRCH);
    expect_error("tkill, thread -1", syscall(SYS_tkill, -1, 0), EINVAL);
    expect("tkill, signal 0", syscall(SYS_tkill, tid, 0), 0);
}

/* ---- Waiting for signals ---- */

static void *send_value(void *process)
{
    doze();
    sigqueue((pid_t)(uintptr_t)process, SIGRTMIN + 3, (union sigval){.sival_int = 42});
    return NULL;
}

static void waiting(void)
{
    const struct timespec soon = {.tv_nsec = 20000000}, bad = {.tv_nsec = -1};
    sigset_t set;
    siginfo_t info;

    set_mask(SIG_BLOCK, SIGRTMIN + 3);
    set_mask(SIG_BLOCK, SIGCHLD);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigaddset(&set, SIGCHLD);
    expect_error("sigtimedwait, nothing comes", sigtimedwait(&set, &info, &soon), EAGAIN);
    expect_error("sigtimedwait, not a time", sigtimedwait(&set, &info, &bad), EINVAL);
    expect_error("sigtimedwait, no set", syscall(SYS_rt_sigtimedwait, NULL, NULL, NULL, 8), EFAULT);
    expect_error("sigtimedwait, size of the set", syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 4), EINVAL);

    pthread_t thread = begin(send_value, (void *)(uintptr_t)getpid());
    expect("sigwaitinfo", sigwaitinfo(&set, &info), SIGRTMIN + 3);
    say("    code %d, value %d, from us: %d", info.si_code, info.si_value.sival_int, info.si_pid == getpid());
    pthread_join(thread, NULL);

    for (int i = 1; i <= 2; i++)
        sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i});
    sigwaitinfo(&set, &info);
    expect("the first of two that wait", info.si_value.sival_int, 1);
    sigwaitinfo(&set, &info);
    expect("the second", info.si_value.sival_int, 2);

    pid_t child = fork();
    if (child == 0)
        _exit(3);
    expect("a child's end, ignored otherwise", sigwaitinfo(&set, &info), SIGCHLD);
    say("    code %d, status %d", info.si_code, info.si_status);
    waitpid(child, NULL, 0);
    set_mask(SIG_UNBLOCK, SIGCHLD);
}

/* ---- Stopping all threads ---- */

static atomic_long *ticks; /* of a thread in the child */

static void *tick(void *unused)
{
    for (;;) {
        (*ticks)++;
        sched_yield();
    }
    return unused;
}

static void stopping(void)
{
    static atomic_long own_ticks;
    int status;
    char path[64];
    pid_t child = fork();

    ticks = &own_ticks;
    if (child == 0) {
        begin(tick, NULL);
        sleep(1000);
    }
    doze();
    doze();
    kill(child, SIGSTOP);
    expect("the parent hears of the stop", waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status),
           1);
    doze();
    snprintf(path, sizeof(path), "/proc/%d/status", child);
    long before = proc_number(path, "voluntary_ctxt_switches:");
    doze();
    expect("a stopped process does nothing", proc_number(path, "voluntary_ctxt_switches:") - before, 0);
    kill(child, SIGCONT);
    expect("and of its going on", waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status), 1);
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGKILL);
    expect("a stopped one can be killed", waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL,
           1);
}

int main(void)
{
    errors();
    whose();
    for_the_process();
    waiting();
    stopping();
    return finish();
}
