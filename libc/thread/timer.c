/* SPDX-License-Identifier: MIT */
/* timer.c - timers that a program makes, which end with a signal or with a call of a function.
 *
 * The kernel knows signals only, and does all of the first kind. For a function (SIGEV_THREAD) it sends SIGTIMER to a thread of the
 * library, the helper, which begins with the first such timer, and stays:
 *
 *     timer -- SIGTIMER, serial number --> helper -- looks for the row of that number --> a new thread: function(value)
 *
 * By a serial number and not by its address, for the timer may be deleted while the signal is on its way. A row and its timer come and go
 * in one step under the library's lock. A child of fork has neither timers nor helper: the rows that it finds are its parent's.
 *
 * Not here: a call for whose thread there is no memory comes to nothing; only the program could say what else to do. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../sys/raw.h"
#include "library.h"
#include "thread.h"

struct call {
    void (*function)(union sigval);
    union sigval value;
    pthread_attr_t attributes; /* of the threads */
    sigset_t mask;             /* that of who made the timer */
};

struct row {
    unsigned long serial;
    timer_t timer;
    struct call call;
    struct row *next;
};

static struct row *rows;
static unsigned long made; /* rows so far */
static struct {
    pid_t process; /* whose thread it is: another one's, after fork */
    int tid;
} helper;

/* ---- The helper ---- */

static bool find_call(unsigned long serial, struct call *found)
{
    LIBRARY_HOLD();
    const struct row *row = rows;

    while (row && row->serial != serial)
        row = row->next;
    if (row)
        *found = row->call;
    return row != NULL;
}

static void *run(void *argument)
{
    struct call call = *(struct call *)argument;

    free(argument);
    signals_let(call.mask);
    call.function(call.value);
    return NULL;
}

static void make_thread(unsigned long serial)
{
    struct call *call = malloc(sizeof(*call));
    pthread_t thread;

    if (call && (!find_call(serial, call) || pthread_create(&thread, &call->attributes, run, call) != 0))
        free(call);
}

__attribute__((noreturn)) static void *help(void *unused)
{
    const sigset_t timers = (sigset_t)1 << (SIGTIMER - 1);
    siginfo_t info;

    (void)unused;
    for (;;)
        if (RAW_SYSCALL(__NR_rt_sigtimedwait, &timers, &info, NULL, sizeof(timers)) == SIGTIMER &&
            info.si_code == SI_TIMER)
            make_thread((unsigned long)info.si_value.sival_ptr);
}

/* All signals are held back in it, as it begins and for ever. => errno */
static int begin_helper(void)
{
    pid_t process = getpid();
    pthread_t thread;

    if (helper.process == process)
        return 0;
    rows = NULL;

    sigset_t mask = signals_hold();
    int error = pthread_create(&thread, NULL, help, NULL);

    signals_let(mask);
    if (error)
        return error;
    helper.process = process;
    helper.tid = ((struct thread *)thread)->tid;
    return 0;
}

/* ---- Timers ---- */

/* What the kernel calls it. */
static int number_of(timer_t timer)
{
    return (int)(intptr_t)timer;
}

static int create(clockid_t clock, const struct sigevent *event, timer_t *timer)
{
    int number;

    if (SYSCALL(__NR_timer_create, clock, event, &number) != 0)
        return -1;
    *timer = (timer_t)(intptr_t)number;
    return 0;
}

static int enter(struct row *row, clockid_t clock)
{
    LIBRARY_HOLD();
    int error = begin_helper();

    if (error) {
        errno = error;
        return -1;
    }
    row->serial = ++made;

    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGTIMER};

    event.sigev_value.sival_ptr = (void *)row->serial;
    event.sigev_notify_thread_id = helper.tid;
    if (create(clock, &event, &row->timer) != 0)
        return -1;
    row->next = rows;
    rows = row;
    return 0;
}

static struct call call_of(const struct sigevent *event)
{
    struct call call = {.function = event->sigev_notify_function, .value = event->sigev_value};

    pthread_attr_init(&call.attributes);
    if (event->sigev_notify_attributes)
        call.attributes = *(const pthread_attr_t *)event->sigev_notify_attributes;
    pthread_attr_setdetachstate(&call.attributes, PTHREAD_CREATE_DETACHED);
    sigprocmask(SIG_BLOCK, NULL, &call.mask);
    return call;
}

static int create_calling(clockid_t clock, const struct sigevent *event, timer_t *timer)
{
    struct row *row = malloc(sizeof(*row));

    if (!row) {
        errno = EAGAIN;
        return -1;
    }
    row->call = call_of(event);
    if (enter(row, clock) != 0) {
        free(row);
        return -1;
    }
    *timer = row->timer;
    return 0;
}

int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer)
{
    if (event && event->sigev_notify == SIGEV_THREAD)
        return create_calling(clock, event, timer);
    return create(clock, event, timer);
}

/* => the row that it had; NULL: none. */
static struct row *leave(timer_t timer)
{
    struct row **link = &rows;

    while (*link && (*link)->timer != timer)
        link = &(*link)->next;

    struct row *gone = *link;

    if (gone)
        *link = gone->next;
    return gone;
}

static int remove_timer(timer_t timer, struct row **gone)
{
    LIBRARY_HOLD();
    int answer = (int)SYSCALL(__NR_timer_delete, number_of(timer));

    *gone = answer == 0 ? leave(timer) : NULL;
    return answer;
}

/* A call that is on its way may still come to its end. */
int timer_delete(timer_t timer)
{
    struct row *gone;
    int answer = remove_timer(timer, &gone);

    free(gone);
    return answer;
}

int timer_settime(timer_t timer, int flags, const struct itimerspec *restrict setting,
                  struct itimerspec *restrict old)
{
    return (int)SYSCALL(__NR_timer_settime, number_of(timer), flags, setting, old);
}

int timer_gettime(timer_t timer, struct itimerspec *now)
{
    return (int)SYSCALL(__NR_timer_gettime, number_of(timer), now);
}

int timer_getoverrun(timer_t timer)
{
    return (int)SYSCALL(__NR_timer_getoverrun, number_of(timer));
}
