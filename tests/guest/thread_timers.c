/* SPDX-License-Identifier: MIT */
/* thread_timers.c - timers as the C library gives them, with signals, to one thread, and with calls of functions. When they ring, and what the
 * kernel tells of them: linux_timers.c. Here everything is waited for. */
#include "answers.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
#define MS 1000000L

static const struct itimerspec at_once = {.it_value = {.tv_nsec = MS}},
                               often = {.it_value = {.tv_nsec = MS}, .it_interval = {.tv_nsec = 2 * MS}},
                               never = {0}, in_long = {.it_value = {.tv_sec = 9000}};

static sigset_t only(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    return set;
}

static timer_t make(int notify, int number, int value)
{
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = number, .sigev_value.sival_int = value};
    timer_t timer;

    expect("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    return timer;
}

/* ---- Without threads ---- */

static void refusals(void)
{
    struct sigevent event = {.sigev_notify = 77, .sigev_signo = SIGUSR1};
    struct itimerspec wrong = {.it_value = {.tv_nsec = 1000000000}};
    timer_t timer;

    say("-- refusals");
    expect_error("no such clock", timer_create(99, NULL, &timer), EINVAL);
    expect_error("no such event", timer_create(CLOCK_MONOTONIC, &event, &timer), EINVAL);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = 99;
    expect_error("no such signal", timer_create(CLOCK_MONOTONIC, &event, &timer), EINVAL);
    timer = make(SIGEV_NONE, 0, 0);
    expect_error("no time", timer_settime(timer, 0, &wrong, NULL), EINVAL);
    expect("timer_delete", timer_delete(timer), 0);
    expect_error("timer_settime", timer_settime(timer, 0, &at_once, NULL), EINVAL);
    expect_error("timer_getoverrun", timer_getoverrun(timer), EINVAL);
    expect_error("a handler for the library's signal", sigaction(33, &(struct sigaction){0}, NULL), EINVAL);
}

static void signals(void)
{
    struct itimerspec now;
    siginfo_t info;
    sigset_t alarm = only(SIGALRM), user = only(SIGUSR1);
    timer_t timer, by_default;

    say("-- signals");
    expect("timer_create", timer_create(CLOCK_REALTIME, NULL, &by_default), 0);
    expect("timer_settime", timer_settime(by_default, 0, &at_once, NULL), 0);
    expect("by default", sigwaitinfo(&alarm, &info), SIGALRM);
    expect("from a timer", info.si_code == SI_TIMER, 1);
    timer = make(SIGEV_SIGNAL, SIGUSR1, 42);
    timer_gettime(timer, &now);
    expect("not set", now.it_value.tv_sec + now.it_value.tv_nsec, 0);
    expect("timer_settime", timer_settime(timer, 0, &in_long, NULL), 0);
    expect("timer_settime", timer_settime(timer, TIMER_ABSTIME, &at_once, &now), 0);
    expect("the old time", now.it_value.tv_sec > 4000, 1);
    expect("long ago", sigwaitinfo(&user, &info), SIGUSR1);
    expect("with its value", info.si_value.sival_int, 42);
    expect("timer_getoverrun", timer_getoverrun(timer), 0);
    expect("timer_settime", timer_settime(timer, 0, &often, NULL), 0);
    for (int i = 0; i < 3; i++)
        expect("again and again", sigwaitinfo(&user, &info), SIGUSR1);
    expect("timer_delete", timer_delete(timer) + timer_delete(by_default), 0);
    sigtimedwait(&user, &info, &(struct timespec){0}); /* one may have come meanwhile */
    timer = make(SIGEV_NONE, 0, 0);
    timer_settime(timer, 0, &at_once, NULL);
    do
        timer_gettime(timer, &now);
    while (now.it_value.tv_sec || now.it_value.tv_nsec);
    say("SIGEV_NONE: over");
    timer_delete(timer);
}

/* ---- To one thread ---- */

static atomic_int rung;

static void *own_timer(void *unused)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 43};
    sigset_t set = only(SIGUSR1);
    siginfo_t info = {0};
    timer_t timer;

    event.sigev_notify_thread_id = (int)thread_id();
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &at_once, NULL) != 0)
        return (void *)1;
    rung += sigwaitinfo(&set, &info) == SIGUSR1 && info.si_value.sival_int == 43;
    return timer_delete(timer) == 0 ? unused : (void *)2;
}

/* ---- Calls of functions ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int in_main;
static size_t stack;
static pthread_t first;

static void count(union sigval calls)
{
    pthread_mutex_lock(&mutex);
    ++*(int *)calls.sival_ptr;
    in_main += pthread_equal(pthread_self(), first) != 0;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void wait_for(const int *calls, int wanted)
{
    pthread_mutex_lock(&mutex);
    while (*calls < wanted)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

/* A call may be on its way when its timer is deleted: so each has a counter of its own. */
static timer_t make_calling(void (*function)(union sigval), int *calls, pthread_attr_t *attributes)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_ptr = calls};
    timer_t timer;

    event.sigev_notify_function = function;
    event.sigev_notify_attributes = attributes;
    expect("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    return timer;
}

static void look_at_stack(union sigval calls)
{
    pthread_attr_t attributes;

    if (pthread_getattr_np(pthread_self(), &attributes) == 0)
        pthread_attr_getstacksize(&attributes, &stack);
    count(calls);
}

static void leave_early(union sigval calls)
{
    count(calls);
    pthread_exit(NULL);
}

static void functions(void)
{
    static int calls[3];
    struct itimerspec now;
    pthread_attr_t attributes;

    say("-- calls");
    timer_t timer = make_calling(count, &calls[0], NULL);
    timer_gettime(timer, &now);
    expect("not set", now.it_value.tv_sec + now.it_value.tv_nsec, 0);
    expect("timer_settime", timer_settime(timer, 0, &at_once, NULL), 0);
    wait_for(&calls[0], 1);
    expect("called", calls[0], 1);
    expect("timer_settime", timer_settime(timer, 0, &often, NULL), 0);
    wait_for(&calls[0], 4);
    expect("timer_settime", timer_settime(timer, 0, &never, &now), 0);
    expect("the old interval", now.it_interval.tv_nsec, 2 * MS);
    expect("timer_getoverrun", timer_getoverrun(timer) >= 0, 1);
    expect("timer_delete", timer_delete(timer), 0);
    timer = make_calling(leave_early, &calls[1], NULL);
    timer_settime(timer, 0, &often, NULL);
    wait_for(&calls[1], 3);
    say("called again after pthread_exit");
    timer_delete(timer);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 512 << 10);
    timer = make_calling(look_at_stack, &calls[2], &attributes);
    timer_settime(timer, 0, &at_once, NULL);
    wait_for(&calls[2], 1);
    pthread_attr_destroy(&attributes);
    expect("a stack as wanted", stack / PAGE >= 120 && stack / PAGE <= 140, 1);
    timer_delete(timer);
    expect("called in the first thread", in_main, 0);
}

#define TIMERS 8

static void several(void)
{
    static int calls[TIMERS], stray;
    timer_t timers[TIMERS];

    say("-- several");
    for (int i = 0; i < TIMERS; i++)
        timers[i] = make_calling(count, &calls[i], NULL);
    for (int i = 0; i < TIMERS; i++)
        timer_settime(timers[i], 0, &at_once, NULL);
    for (int i = 0; i < TIMERS; i++)
        wait_for(&calls[i], 1);
    for (int i = 0; i < TIMERS; i++)
        check_failures += calls[i] != 1 || timer_delete(timers[i]) != 0;
    say("each has called once");
    for (int i = 0; i < 50; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_ptr = &stray};
        timer_t timer;

        event.sigev_notify_function = count;
        check_failures += timer_create(CLOCK_MONOTONIC, &event, &timer) != 0;
        check_failures += timer_settime(timer, TIMER_ABSTIME, &often, NULL) != 0;
        if (i % 2)
            sched_yield();
        check_failures += timer_delete(timer) != 0;
    }
    say("deleted while they ring");
}

/* A child has none of the timers, and may have its own. */
static void in_a_child(void *unused)
{
    static int calls;

    (void)unused;
    pthread_mutex_init(&mutex, NULL); /* a late call may have had it at fork */
    pthread_cond_init(&changed, NULL);
    timer_t timer = make_calling(count, &calls, NULL);
    timer_settime(timer, 0, &often, NULL);
    wait_for(&calls, 2);
    if (timer_delete(timer) != 0)
        _exit(1);
}

int main(void)
{
    sigset_t set = only(SIGUSR1);

    first = pthread_self();
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    refusals();
    signals();
    answers("SIGEV_THREAD_ID", elsewhere(own_timer, NULL), 0);
    expect("rung there", rung, 1);
    functions();
    several();
    expect_signal("in a child", in_a_child, NULL, 0);
    return finish();
}
