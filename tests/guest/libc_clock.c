/* SPDX-License-Identifier: MIT */
/* libc_clock.c - the clock of a process, asked for by its number, and the names of the time zone. */
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "check.h"

static long used(clockid_t clock)
{
    struct timespec now;

    return clock_gettime(clock, &now) == 0 ? now.tv_sec * 1000000000 + now.tv_nsec : -1;
}

static void work(clockid_t clock)
{
    for (long begun = used(clock); used(clock) == begun;)
        ;
}

static void clocks(void)
{
    clockid_t self, parent, of_child;

    say("-- clocks of processes");
    expect("one's own", clock_getcpuclockid(getpid(), &self), 0);
    work(self);
    long before = used(CLOCK_PROCESS_CPUTIME_ID), now = used(self), after = used(CLOCK_PROCESS_CPUTIME_ID);
    expect("the same time", before <= now && now <= after, 1);
    expect("of 0", clock_getcpuclockid(0, &self), 0);
    expect("that is oneself, too", used(self) >= now, 1);
    expect("another's", clock_getcpuclockid(getppid(), &parent), 0);
    expect("which counts", used(parent) > 0, 1);
    expect("none of nobody", clock_getcpuclockid(1 << 22, &self) != 0, 1); /* ESRCH; musl has EINVAL */
    pid_t child = fork();
    if (child == 0)
        for (;;)
            sched_yield();
    expect("a child's", clock_getcpuclockid(child, &of_child), 0);
    work(of_child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    expect("none of one that is gone", clock_getcpuclockid(child, &of_child) != 0, 1);
}

static void zone(void)
{
    say("-- the time zone");
    setenv("TZ", "UTC0", 1);
    tzset();
    say("%s %ld %d", tzname[0], timezone, daylight);
}

int main(void)
{
    clocks();
    zone();
    return finish();
}
