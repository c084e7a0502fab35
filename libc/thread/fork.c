/* SPDX-License-Identifier: MIT */
/* fork.c - fork: the child has one thread, and no lock of the library that another thread held.
 *
 * The parent takes all locks that a child could meet taken for ever, in this order: the program's own (atfork.c), malloc's, the library's.
 * Each is one that a holder of those before it may still want. Streams are not waited for (library.c). With one thread nobody can hold one.
 * A program that does not use these parts does not link them.
 */
#include <unistd.h>

#include "../sys/raw.h"
#include "library.h"
#include "thread.h"

enum side {
    BEFORE,
    PARENT,
    CHILD,
};

void __atfork_run(int side) __attribute__((weak));
void __malloc_fork(int side) __attribute__((weak));

static void prepare(void)
{
    if (__malloc_fork)
        __malloc_fork(BEFORE);
    library_fork_prepare();
}

static void release(enum side side)
{
    if (side == CHILD)
        library_fork_child();
    else
        library_fork_parent();
    if (__malloc_fork)
        __malloc_fork(side);
}

/* => the kernel's answer */
static long fork_process(bool many)
{
    long child = RAW_SYSCALL(__NR_fork);

    if (child != 0)
        return child;
    thread_self()->tid = 0;
    thread_self()->robust.list.next = NULL; /* the kernel knows of no list of the child's */
    if (many)
        __thread_alone();
    return 0;
}

pid_t fork(void)
{
    bool many = __thread_many;

    if (__atfork_run)
        __atfork_run(BEFORE);
    if (many)
        prepare();

    long child = fork_process(many);

    if (many)
        release(child == 0 ? CHILD : PARENT);
    if (__atfork_run)
        __atfork_run(child == 0 ? CHILD : PARENT);
    return (pid_t)syscall_result(child);
}

/* The same for signal handlers: it waits for no lock and runs nothing of pthread_atfork's. The child of several threads may meet a lock that
 * one of them held, so it calls only what a handler may call. */
pid_t _Fork(void)
{
    return (pid_t)syscall_result(fork_process(__thread_many));
}
