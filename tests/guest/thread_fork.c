/* SPDX-License-Identifier: MIT */
/* thread_fork.c - fork, vfork and execve by one thread of several; clone's flags and errors. */
#include <sched.h>
#include <sys/mman.h>

#include "threads.h"

static const char *program;

static void *sleep_long(void *unused)
{
    sleep(1000);
    return unused;
}

/* ---- fork ---- */

static void *fork_here(void *unused)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0)
        _exit(thread_id() == getpid() && proc_number("/proc/self/status", "Threads:") == 1 ? 3 : 4);
    waitpid(child, &status, 0);
    (void)unused;
    return (void *)(uintptr_t)WEXITSTATUS(status);
}

static void *wait_for(void *child)
{
    int status = -1;

    waitpid((pid_t)(uintptr_t)child, &status, 0);
    return (void *)(uintptr_t)WEXITSTATUS(status);
}

static void forking(void)
{
    void *result;

    pthread_join(begin(fork_here, NULL), &result);
    expect("a child has one thread, the first", (long)(uintptr_t)result, 3);
    pid_t child = fork();
    if (child == 0) {
        doze();
        _exit(5);
    }
    pthread_join(begin(wait_for, (void *)(uintptr_t)child), &result);
    expect("another thread waits for a child", (long)(uintptr_t)result, 5);
}

/* ---- _Fork: for handlers ---- */

static volatile int around;

static void count_around(void)
{
    around++;
}

/* What runs around fork does not around _Fork; each adds one before, in the parent, in the child. */
static void *fork_both(void *unused)
{
    int status = -1, other = -1;
    pid_t child = _Fork();

    if (child == 0)
        _exit(thread_id() == getpid() && proc_number("/proc/self/status", "Threads:") == 1 ? 6 + around : 5);
    waitpid(child, &status, 0);
    child = fork();
    if (child == 0)
        _exit(around);
    waitpid(child, &other, 0);
    (void)unused;
    return (void *)(uintptr_t)(100 * WEXITSTATUS(status) + 10 * WEXITSTATUS(other) + around);
}

static void forking_quietly(void)
{
    void *result;

    pthread_atfork(count_around, count_around, count_around);
    pthread_join(begin(fork_both, NULL), &result);
    expect("_Fork: 6, fork: 22", (long)(uintptr_t)result, 622);
    pid_t child = _Fork();
    if (child == 0) {
        pid_t inner = _Fork();
        int status = -1;

        if (inner == 0)
            _exit(getppid() != 1 ? 7 : 8);
        waitpid(inner, &status, 0);
        _exit(raise(0) == 0 ? WEXITSTATUS(status) : 9);
    }
    int status = -1;
    waitpid(child, &status, 0);
    expect("a child of _Fork's child", WEXITSTATUS(status), 7);
}

/* ---- Memory that is shared with a child ---- */

static volatile int shared;
static char stack[65536] __attribute__((aligned(16)));

static int set_shared(void *value)
{
    shared = (int)(uintptr_t)value;
    return 11;
}

static void sharing(void)
{
    int status;
    pid_t child = vfork();

    if (child == 0) {
        shared = 1;
        _exit(0);
    }
    expect("vfork: the parent sees what the child wrote", shared, 1);
    waitpid(child, &status, 0);
    child = clone(set_shared, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)2);
    expect("clone with VM and VFORK", shared, 2);
    waitpid(child, &status, 0);
    child = clone(set_shared, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, (void *)3);
    waitpid(child, &status, 0);
    expect("clone with VM", shared, 3);
    expect("    its status", WEXITSTATUS(status), 11);
    child = clone(set_shared, stack + sizeof(stack), SIGCHLD, (void *)4);
    waitpid(child, &status, 0);
    expect("clone without", shared, 3);
    child = clone(set_shared, stack + sizeof(stack), 0, (void *)5);
    expect_error("no exit signal: not waited for", waitpid(child, &status, 0), ECHILD);
    expect("    but on request", waitpid(child, &status, __WALL) == child, 1);
}

static void clone_errors(void)
{
    expect_error("THREAD without SIGHAND", syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0), EINVAL);
    expect_error("SIGHAND without VM", syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
    expect_error("a thread pointer in the kernel",
                 syscall(SYS_clone, CLONE_SETTLS | SIGCHLD, 0, 0, 0, 0xffff800000000000), EPERM);
}

/* ---- execve ---- */

static void *exec_here(void *argument)
{
    char pid[16];

    snprintf(pid, sizeof(pid), "%d", getpid());
    execl(argument, argument, "again", pid, NULL);
    return (void *)(uintptr_t)errno;
}

static void exec_in_thread(void *unused)
{
    void *result;

    (void)unused;
    begin(sleep_long, NULL);
    pthread_join(begin(exec_here, "/nowhere"), &result);
    if ((uintptr_t)result != ENOENT)
        _exit(20);
    while (proc_number("/proc/self/status", "Threads:") != 2)
        sched_yield(); /* who is joined has still a few steps to go in the kernel */
    begin(exec_here, (void *)(uintptr_t)program);
    sleep(1000);
}

static void exec_after_first(void *unused)
{
    (void)unused;
    begin(exec_here, (void *)(uintptr_t)program);
    pthread_exit(NULL);
}

/* The new program: is it the same process, with one thread, which is the first? */
static int again(const char *pid)
{
    if (strtol(pid, NULL, 10) != getpid())
        return 21;
    if (thread_id() != getpid())
        return 22;
    return proc_number("/proc/self/status", "Threads:") == 1 ? 12 : 23;
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc == 3)
        return again(argv[2]);
    forking();
    forking_quietly();
    sharing();
    clone_errors();
    expect("execve in a thread", WEXITSTATUS(in_child(exec_in_thread, NULL)), 12);
    expect("execve after the first thread has left", WEXITSTATUS(in_child(exec_after_first, NULL)), 12);
    return finish();
}
