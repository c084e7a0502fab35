/* SPDX-License-Identifier: MIT */
/* linux_timers.c - timers of timer_create on each clock, what their signals say, overruns; the timers of setitimer. */
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "check.h"

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif
#define MS 1000000L

static volatile sig_atomic_t calls, code, value, overrun;
static volatile pid_t who;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    calls++;
    code = info->si_code;
    value = info->si_value.sival_int;
    overrun = info->si_overrun;
    who = (pid_t)syscall(SYS_gettid);
}

static void nap(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MS};

    while (nanosleep(&left, &left) != 0)
        ;
}

static struct itimerspec every(long first_ms, long interval_ms)
{
    return (struct itimerspec){
        .it_value = {.tv_sec = first_ms / 1000, .tv_nsec = first_ms % 1000 * MS},
        .it_interval = {.tv_sec = interval_ms / 1000, .tv_nsec = interval_ms % 1000 * MS}};
}

static timer_t make(clockid_t clock, int notify, int number, int with)
{
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = number, .sigev_value.sival_int = with};
    timer_t timer;

    expect("timer_create", timer_create(clock, &event, &timer), 0);
    return timer;
}

static void each_clock(void)
{
    static const struct {
        const char *name;
        clockid_t clock;
    } clocks[] = {{"CLOCK_REALTIME", CLOCK_REALTIME},
                  {"CLOCK_MONOTONIC", CLOCK_MONOTONIC},
                  {"CLOCK_BOOTTIME", CLOCK_BOOTTIME}};

    for (unsigned i = 0; i < 3; i++) {
        say("%s", clocks[i].name);
        timer_t timer = make(clocks[i].clock, SIGEV_SIGNAL, SIGUSR1, 40 + (int)i);
        struct itimerspec setting = every(30, 0), now;
        timer_gettime(timer, &now);
        expect("not set", now.it_value.tv_sec + now.it_value.tv_nsec, 0);
        calls = 0;
        expect("timer_settime", timer_settime(timer, 0, &setting, NULL), 0);
        timer_gettime(timer, &now);
        expect("some time is left", (now.it_value.tv_nsec > 0 || calls) && now.it_value.tv_nsec <= 30 * MS,
               1);
        nap(100);
        expect("it rang once", calls, 1);
        expect("SI_TIMER", code, SI_TIMER);
        expect("its value", value, 40 + (int)i);
        expect("no overrun", overrun + timer_getoverrun(timer), 0);
        timer_gettime(timer, &now);
        expect("over", now.it_value.tv_sec + now.it_value.tv_nsec, 0);
        struct timespec when;
        clock_gettime(clocks[i].clock, &when);
        setting = (struct itimerspec){.it_value = {.tv_nsec = 1}};
        expect("an absolute time in the past", timer_settime(timer, TIMER_ABSTIME, &setting, &now), 0);
        nap(50);
        expect("rings at once", calls, 2);
        setting.it_value.tv_sec = when.tv_sec + 100;
        expect("one far ahead", timer_settime(timer, TIMER_ABSTIME, &setting, NULL), 0);
        timer_gettime(timer, &now);
        expect("so far", now.it_value.tv_sec > 97 && now.it_value.tv_sec < 101, 1);
        expect("timer_delete", timer_delete(timer), 0);
        expect_error("timer_gettime", timer_gettime(timer, &now), EINVAL);
    }
}

static void overruns(void)
{
    timer_t timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 7),
            other = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 8);
    struct itimerspec setting = every(20, 20), old;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    calls = 0;
    timer_settime(timer, 0, &setting, NULL);
    nap(210);
    setting = every(0, 0);
    timer_settime(timer, 0, &setting, &old);
    expect("the old interval", old.it_interval.tv_nsec, 20 * MS);
    siginfo_t info; /* kernels differ in what they keep of the signal of before */
    sigtimedwait(&set, &info, &(struct timespec){0});
    setting = every(20, 20);
    timer_settime(timer, 0, &setting, NULL);
    nap(210);
    expect("waited for", sigwaitinfo(&set, &info), SIGUSR1);
    expect("by timer", info.si_code == SI_TIMER && info.si_value.sival_int == 7, 1);
    expect("overruns", info.si_overrun >= 5, 1);
    expect("timer_getoverrun says the same", timer_getoverrun(timer) == info.si_overrun, 1);
    setting = every(0, 0);
    timer_settime(timer, 0, &setting, NULL);
    sigtimedwait(&set, &info, &(struct timespec){0});
    setting = every(20, 0);
    timer_settime(timer, 0, &setting, NULL);
    timer_settime(other, 0, &setting, NULL);
    nap(100);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    expect("two timers, one signal, two calls", calls, 2);
    timer_delete(timer), timer_delete(other);
}

static void silent(void)
{
    timer_t timer = make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);
    struct itimerspec setting = every(9999, 0), now;

    calls = 0;
    timer_settime(timer, 0, &setting, NULL);
    timer_gettime(timer, &now);
    expect("SIGEV_NONE: it runs", now.it_value.tv_sec > 0, 1);
    setting = every(50, 0);
    timer_settime(timer, 0, &setting, NULL);
    nap(60);
    timer_gettime(timer, &now);
    expect("it is over", now.it_value.tv_nsec, 0);
    expect("and nobody was told", calls, 0);
    timer_delete(timer);
}

static void work(long ms)
{
    struct timespec begin, now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    do {
        for (volatile int i = 0; i < 200000; i++)
            ;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / MS < ms);
}

static void cpu_time(void)
{
    static const clockid_t clocks[] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

    for (unsigned i = 0; i < 2; i++) {
        timer_t timer = make(clocks[i], SIGEV_SIGNAL, SIGUSR1, 1);
        struct itimerspec setting = every(60, 0), now;
        calls = 0;
        timer_settime(timer, 0, &setting, NULL);
        nap(150);
        expect("sleep does not count", calls, 0);
        timer_gettime(timer, &now);
        expect("so it is still to come", now.it_value.tv_nsec > 20 * MS, 1);
        work(150);
        expect("work does", calls, 1);
        timer_delete(timer);
    }
}

static void of_setitimer(int which, int number, const char *name)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    struct itimerval setting = {.it_value = {.tv_usec = 60000}, .it_interval = {.tv_usec = 60000}}, now;

    sigaction(number, &action, NULL);
    calls = 0;
    say("%s", name);
    expect("setitimer", setitimer(which, &setting, NULL), 0);
    expect("getitimer", getitimer(which, &now), 0);
    expect("its interval", now.it_interval.tv_usec, 60000);
    nap(150);
    expect("sleep does not count", calls, 0);
    work(400);
    expect("work does", calls >= 2 && calls <= 8, 1);
    expect("from the kernel", code, SI_KERNEL);
    if (fork() == 0) {
        getitimer(which, &now);
        _exit(now.it_value.tv_usec ? 1 : 0);
    }
    int status = -1;
    wait(&status);
    expect("a child has none", status, 0);
    expect("off", setitimer(which, &(struct itimerval){0}, &setting), 0);
    expect("it was on", setting.it_value.tv_usec > 0, 1);
    calls = 0;
    work(100);
    expect("off it is", calls, 0);
}

static timer_t threads_timer;

static void *to_itself(void *unused)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};

    *(pid_t *)((char *)&event + 16) =
        (pid_t)syscall(SYS_gettid); /* sigev_notify_thread_id, which not every header has */
    expect("SIGEV_THREAD_ID", timer_create(CLOCK_MONOTONIC, &event, &threads_timer), 0);
    struct itimerspec setting = every(20, 0);
    calls = 0;
    timer_settime(threads_timer, 0, &setting, NULL);
    nap(100);
    expect("one call", calls, 1);
    expect("in this thread", who == (pid_t)syscall(SYS_gettid), 1);
    return unused;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t called = PTHREAD_COND_INITIALIZER;
static int got;

static void in_a_thread(union sigval with)
{
    pthread_mutex_lock(&mutex);
    got += with.sival_int;
    pthread_cond_signal(&called);
    pthread_mutex_unlock(&mutex);
}

static void threads(void)
{
    pthread_t thread;
    timer_t timer;
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_a_thread, .sigev_value.sival_int = 5};
    struct itimerspec setting = every(20, 0);

    pthread_create(&thread, NULL, to_itself, NULL);
    pthread_join(thread, NULL);
    setting = every(10, 0);
    calls = 0;
    expect("a timer of a thread that is gone", timer_settime(threads_timer, 0, &setting, NULL), 0);
    nap(60);
    expect("tells nobody", calls, 0);
    expect("SIGEV_THREAD", timer_create(CLOCK_REALTIME, &event, &timer), 0);
    timer_settime(timer, 0, &setting, NULL);
    pthread_mutex_lock(&mutex);
    while (!got)
        pthread_cond_wait(&called, &mutex);
    expect("called with", got, 5);
    pthread_mutex_unlock(&mutex);
    timer_delete(timer);
}

static void inheritance(char *program)
{
    timer_t timer;
    struct itimerspec setting = every(50, 0), now;
    int status = -1;

    timer_create(CLOCK_MONOTONIC, NULL, &timer);
    timer_settime(timer, 0, &setting, NULL);
    if (fork() == 0) {
        expect_error("a child has no timers", timer_gettime(timer, &now), EINVAL);
        timer_create(CLOCK_MONOTONIC, NULL, &timer);
        timer_settime(timer, 0, &setting, NULL);
        setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_sec = 50}}, NULL);
        execl(program, program, "again", NULL);
        _exit(9);
    }
    signal(SIGALRM, SIG_IGN);
    wait(&status);
    expect("that child", status, 0);
}

static int again(void)
{
    struct itimerval left;

    nap(120); /* SIGALRM would kill */
    getitimer(ITIMER_REAL, &left);
    expect("after execve setitimer's is still there", left.it_value.tv_sec > 40, 1);
    return 0;
}

int main(int count, char *words[])
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

    if (count > 1)
        return again();
    sigaction(SIGUSR1, &action, NULL);
    each_clock();
    overruns();
    silent();
    cpu_time();
    of_setitimer(ITIMER_PROF, SIGPROF, "ITIMER_PROF");
    of_setitimer(ITIMER_VIRTUAL, SIGVTALRM, "ITIMER_VIRTUAL");
    threads();
    inheritance(words[0]);
    return finish();
}
