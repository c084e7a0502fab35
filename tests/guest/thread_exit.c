/* SPDX-License-Identifier: MIT */
/* thread_exit.c - the ways in which a thread or its process ends, each in a child, and what the parent hears of it. */
#include <fcntl.h>
#include <sys/mman.h>

#include "threads.h"

static int pipe_ends[2];

/* ---- How others are busy while one of them ends the process ---- */

static void *sleep_in_read(void *unused)
{
    char byte;

    (void)!read(pipe_ends[0], &byte, 1);
    return unused;
}

static void *sleep_in_futex(void *unused)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
    return unused;
}

static void *sleep_long(void *unused)
{
    sleep(1000);
    return unused;
}

static void *spin(void *unused)
{
    for (;;)
        __asm__ volatile("pause");
    return unused;
}

static void crowd(void)
{
    begin(sleep_in_read, NULL);
    begin(sleep_in_futex, NULL);
    begin(sleep_long, NULL);
    begin(spin, NULL);
    doze();
}

/* ---- The ends ---- */

static void *call_exit(void *unused)
{
    doze();
    exit(7);
    return unused;
}

static void *call_abort(void *unused)
{
    abort();
    return unused;
}

static void *bad_write(void *unused)
{
    *(volatile int *)0 = 1;
    return unused;
}

static void *raw_exit(void *unused)
{
    doze();
    syscall(SYS_exit, 6);
    return unused;
}

static void *kill_process(void *unused)
{
    kill(getpid(), SIGTERM);
    return unused;
}

static void with_crowd(void *(*body)(void *))
{
    crowd();
    begin(body, NULL);
    sleep(1000);
}

static void exit_in_thread(void *unused)
{
    (void)unused;
    with_crowd(call_exit);
}

static void abort_in_thread(void *unused)
{
    (void)unused;
    with_crowd(call_abort);
}

static void fault_in_thread(void *unused)
{
    (void)unused;
    with_crowd(bad_write);
}

static void killed_by_thread(void *unused)
{
    (void)unused;
    with_crowd(kill_process);
}

static void return_from_main(void *unused)
{
    (void)unused;
    crowd();
    exit(8);
}

static void first_leaves_then_exit(void *unused)
{
    (void)unused;
    begin(call_exit, NULL);
    pthread_exit(NULL);
}

/* The last thread's status counts, if nobody ends the process as a whole. */
static void all_leave(void *unused)
{
    (void)unused;
    begin(raw_exit, NULL);
    syscall(SYS_exit, 5);
}

static void other_leaves(void *unused)
{
    (void)unused;
    begin(raw_exit, NULL);
    for (int i = 0; i < 4; i++)
        doze();
    exit(9);
}

static void say_status(const char *what, void (*body)(void *))
{
    int status = in_child(body, NULL);

    say("%s: %s %d", what, WIFSIGNALED(status) ? "signal" : "status",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void killed_from_outside(int signal)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        crowd();
        (void)!write(pipe_ends[1], "x", 1);
        sleep(1000);
    }
    doze();
    doze();
    kill(child, signal);
    expect("one child ends", waitpid(child, &status, 0) == child, 1);
    expect("    of the signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0, signal);
    expect_error("    and only once", waitpid(-1, &status, WNOHANG), ECHILD);
}

/* ---- set_tid_address: the word is cleared, and a sleeper there woken, when the thread ends ---- */

static int tid_word = -1;

static void *end_with_word(void *unused)
{
    syscall(SYS_set_tid_address, &tid_word);
    doze();
    syscall(SYS_exit, 0);
    return unused;
}

static void cleared_word(void *unused)
{
    (void)unused;
    begin(end_with_word, NULL);
    while (tid_word != 0)
        syscall(SYS_futex, &tid_word, 0 /* FUTEX_WAIT */, -1, NULL, NULL, 0);
}

/* ---- A thread that is detached gives its stack back itself ---- */

static void *nothing(void *unused)
{
    return unused;
}

static void detached(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++) {
        pthread_t thread = begin(nothing, NULL);
        pthread_detach(thread);
        while (pthread_getattr_np(pthread_self(), &(pthread_attr_t){0}) != 0)
            continue;
    }
    for (int i = 0; i < 1000 && proc_number("/proc/self/status", "Threads:") > 1; i++)
        doze();
    if (proc_number("/proc/self/status", "Threads:") != 1)
        _exit(1);
}

int main(void)
{
    if (pipe(pipe_ends) != 0)
        return 1;
    say_status("exit in a thread", exit_in_thread);
    say_status("abort in a thread", abort_in_thread);
    say_status("a fault in a thread", fault_in_thread);
    say_status("killed by a thread", killed_by_thread);
    say_status("return from main", return_from_main);
    say_status("the first thread leaves, another calls exit", first_leaves_then_exit);
    say_status("all leave, each with a status", all_leave);
    say_status("another leaves", other_leaves);
    say_status("the cleared word", cleared_word);
    say_status("200 detached threads", detached);
    killed_from_outside(SIGKILL);
    killed_from_outside(SIGTERM);
    return finish();
}
