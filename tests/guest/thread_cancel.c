/* SPDX-License-Identifier: MIT */
/* thread_cancel.c - where a thread that another one cancels ends, what runs then, and what is not lost. */
#include <poll.h>
#include <semaphore.h>
#include <sys/select.h>

#include "threads.h"

static int pipe_ends[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static atomic_int steps;  /* how far the other thread is */
static atomic_long ended; /* the cleanup functions that ran, a digit each, the first one in front */
static atomic_long tid;

static void note(void *digit)
{
    ended = ended * 10 + (long)(intptr_t)digit;
}

static void *digit(int value)
{
    return (void *)(intptr_t)value;
}

/* ---- Waits ---- */

static void wait_read(void)
{
    char byte;

    (void)!read(pipe_ends[0], &byte, 1);
}

static void wait_sleep(void)
{
    sleep(1000);
}

static void wait_pause(void)
{
    pause();
}

/* With all signals held back that a program may hold back. */
static void wait_suspended(void)
{
    sigset_t all;

    sigfillset(&all);
    sigsuspend(&all);
}

static void wait_ppoll(void)
{
    struct pollfd one = {.fd = pipe_ends[0], .events = POLLIN};
    sigset_t all;

    sigfillset(&all);
    ppoll(&one, 1, NULL, &all);
}

static void wait_pselect(void)
{
    fd_set set;
    sigset_t all;

    FD_ZERO(&set);
    FD_SET(pipe_ends[0], &set);
    sigfillset(&all);
    pselect(pipe_ends[0] + 1, &set, NULL, NULL, NULL, &all);
}

static pid_t child;

static void wait_child(void)
{
    int status;

    waitpid(child, &status, 0);
}

static void wait_semaphore(void)
{
    sem_wait(&semaphore);
}

static void unlock(void *unused)
{
    note(digit(pthread_mutex_trylock(&mutex) == EBUSY ? 4 : 5)); /* the wait has taken it again */
    pthread_mutex_unlock(&mutex);
    (void)unused;
}

static void wait_condition(void)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, NULL);
    for (;;)
        pthread_cond_wait(&condition, &mutex);
    pthread_cleanup_pop(1);
}

static pthread_t first;

static void wait_thread(void)
{
    pthread_join(first, NULL);
}

static void *waiter(void *wait)
{
    pthread_cleanup_push(note, digit(1));
    pthread_cleanup_push(note, digit(2));
    tid = thread_id();
    steps = 1;
    ((void (*)(void))(uintptr_t)wait)();
    steps = 2;
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancelled(const char *what, void *(*body)(void *), void (*wait)(void), bool asleep)
{
    void *result;

    steps = 0;
    ended = 0;
    pthread_t thread = begin(body, (void *)(uintptr_t)wait);
    while (steps == 0)
        sched_yield();
    if (asleep)
        wait_until_asleep(tid);
    say("%s:", what);
    expect("    cancel", pthread_cancel(thread), 0);
    expect("    join", pthread_join(thread, &result), 0);
    expect("    its result says so", result == PTHREAD_CANCELED, 1);
    expect("    it did not go on", steps, 1);
    say("    cleanup: %ld", (long)ended);
}

/* ---- When ---- */

static void *unwilling(void *unused)
{
    int old = -1;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    note(digit(old == PTHREAD_CANCEL_ENABLE ? 7 : 8));
    tid = thread_id();
    steps = 1;
    for (int i = 0; i < 5; i++)
        doze(); /* five points */
    note(digit(6));
    pthread_cleanup_push(note, digit(3));
    pthread_setcancelstate(old, NULL);
    pthread_testcancel();
    pthread_cleanup_pop(0);
    steps = 2;
    return unused;
}

static void *anywhere(void *unused)
{
    pthread_cleanup_push(note, digit(3));
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    steps = 1;
    for (;;)
        __asm__ volatile("pause");
    pthread_cleanup_pop(0);
    return unused;
}

static atomic_bool in_handler, leave_handler;

static void handler(int number)
{
    in_handler = true;
    while (!leave_handler)
        __asm__ volatile("pause");
    note(digit(number == SIGUSR1 ? 9 : 0));
}

/* The wait is below a handler when the thread is cancelled: the handler runs to its end, then the thread does not wait on. */
static void under_a_handler(void)
{
    void *result;

    ended = 0;
    steps = 0;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_RESTART}, NULL);
    pthread_t thread = begin(waiter, (void *)(uintptr_t)wait_read);
    while (steps == 0)
        sched_yield();
    wait_until_asleep(tid);
    pthread_kill(thread, SIGUSR1);
    while (!in_handler)
        sched_yield();
    pthread_cancel(thread);
    doze();
    leave_handler = true;
    pthread_join(thread, &result);
    expect("under a handler", result == PTHREAD_CANCELED, 1);
    expect("    the handler ran, then the cleanup", ended, 921);
}

static void *return_at_once(void *unused)
{
    return unused;
}

static void too_late(void)
{
    void *result = digit(1);
    pthread_t thread = begin(return_at_once, digit(42));

    doze();
    expect("cancel after its end", pthread_cancel(thread), 0);
    pthread_join(thread, &result);
    expect("    its result is its own", (long)(intptr_t)result, 42);
}

static void *cancel_self(void *unused)
{
    pthread_cleanup_push(note, digit(1));
    pthread_cancel(pthread_self());
    note(digit(2)); /* deferred: not yet */
    pthread_testcancel();
    note(digit(3));
    pthread_cleanup_pop(0);
    return unused;
}

static void oneself(void)
{
    void *result;

    ended = 0;
    pthread_join(begin(cancel_self, NULL), &result);
    expect("a thread cancels itself", result == PTHREAD_CANCELED, 1);
    expect("    at the next point", ended, 21);
}

/* ---- Nothing is lost: what a read has taken is not forgotten by a cancellation that comes too late for it. ---- */

static atomic_int taken;

static void *take_bytes(void *unused)
{
    char byte;

    while (read(pipe_ends[0], &byte, 1) == 1)
        taken++;
    return unused;
}

static void nothing_lost(void)
{
    int written = 0;
    char byte;

    for (int round = 0; round < 200; round++) {
        pthread_t thread = begin(take_bytes, NULL);

        for (int i = 0; i < round % 7; i++)
            written += (int)write(pipe_ends[1], "x", 1);
        if (round % 3)
            sched_yield();
        written += (int)write(pipe_ends[1], "x", 1);
        pthread_cancel(thread);
        pthread_join(thread, NULL);
    }
    close(pipe_ends[1]);
    while (read(pipe_ends[0], &byte, 1) == 1)
        taken++;
    expect("bytes lost in 200 cancellations", written - taken, 0);
}

static void errors(void)
{
    int old;

    expect("no such state", pthread_setcancelstate(77, &old), EINVAL);
    expect("no such type", pthread_setcanceltype(77, &old), EINVAL);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    expect("the type at first", old == PTHREAD_CANCEL_DEFERRED, 1);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old);
    expect("    and then", old == PTHREAD_CANCEL_ASYNCHRONOUS, 1);
}

int main(void)
{
    if (pipe(pipe_ends) != 0 || sem_init(&semaphore, 0, 0) != 0)
        return 1;
    cancelled("read", waiter, wait_read, true);
    cancelled("before it waits", waiter, wait_read, false);
    cancelled("sleep", waiter, wait_sleep, true);
    cancelled("pause", waiter, wait_pause, true);
    cancelled("sigsuspend", waiter, wait_suspended, true);
    cancelled("ppoll", waiter, wait_ppoll, true);
    cancelled("pselect", waiter, wait_pselect, true);
    first = pthread_self();
    cancelled("pthread_join", waiter, wait_thread, true);
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    cancelled("waitpid", waiter, wait_child, true);
    kill(child, SIGKILL);
    expect("    the child is still there to be waited for", waitpid(child, NULL, 0) == child, 1);
    cancelled("sem_wait", waiter, wait_semaphore, true);
    cancelled("pthread_cond_wait", waiter, wait_condition, true);
    expect("    the mutex is free", pthread_mutex_trylock(&mutex), 0);
    pthread_mutex_unlock(&mutex);
    cancelled("disabled, then enabled", unwilling, NULL, false);
    cancelled("anywhere", anywhere, NULL, false);
    under_a_handler();
    too_late();
    oneself();
    errors();
    nothing_lost();
    return finish();
}
