/* SPDX-License-Identifier: MIT */
/* proc_orphans.c - groups of processes that nobody is left to continue: a stopped one gets SIGHUP and SIGCONT. */
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"

enum { RUNS, STOPS };

static volatile struct {
    int hangups, continues, pid, done;
} * seen;

static void on_signal(int number)
{
    if (number == SIGHUP)
        seen->hangups++;
    else
        seen->continues++;
}

static void doze(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

static char state_of(pid_t pid)
{
    char path[64], line[256] = "";

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file && !fgets(line, sizeof(line), file))
        line[0] = 0;
    if (file)
        fclose(file);
    const char *end = strrchr(line, ')');
    return end ? end[2] : '?';
}

static void until(pid_t pid, char state)
{
    for (int i = 0; i < 2000 && state_of(pid) != state; i++)
        doze(1);
}

/* The member of the group: it stops or sleeps, and says when it was woken. */
static void member(int how)
{
    signal(SIGHUP, on_signal);
    signal(SIGCONT, on_signal);
    seen->pid = getpid();
    if (how == STOPS)
        raise(SIGSTOP);
    for (int i = 0; i < 300 && !seen->done; i++)
        doze(1);
    _exit(0);
}

/* main --- shell (its own session) --- child (its own group, or the shell's). The shell ends. */
static void shell_ends(const char *what, int how, bool own_group)
{
    memset((void *)seen, 0, sizeof(*seen));
    pid_t shell = fork();
    if (shell == 0) {
        setsid();
        pid_t child = fork();
        if (child == 0) {
            while (own_group && getpgrp() != getpid())
                doze(1);
            member(how);
        }
        if (own_group)
            setpgid(child, child);
        while (!seen->pid)
            doze(1);
        until(child, how == STOPS ? 'T' : 'S');
        _exit(0);
    }
    waitpid(shell, NULL, 0);
    doze(100);
    say("%s: %d hangups, %d continues", what, seen->hangups, seen->continues);
    seen->done = 1;
    if (seen->pid)
        kill(seen->pid, SIGKILL);
    doze(20);
}

/* The parent stays; its child is moved away by ending: the group was tied by the child of a middle process. */
static void middle_ends(void)
{
    memset((void *)seen, 0, sizeof(*seen));
    pid_t middle = fork();
    if (middle == 0) {
        pid_t child = fork();
        if (child == 0) {
            setpgid(0, 0);
            member(STOPS);
        }
        while (!seen->pid)
            doze(1);
        until(child, 'T');
        _exit(0);
    }
    waitpid(middle, NULL, 0);
    doze(100);
    say("the parent ends, the session's leader does not: %d hangups, %d continues", seen->hangups,
        seen->continues);
    seen->done = 1;
    kill(seen->pid, SIGKILL);
}

/* A stopped process of an orphaned group that has no handler dies of SIGHUP. */
static void no_handler(void)
{
    int ends[2];
    char byte;

    (void)!pipe(ends);
    pid_t middle = fork();
    if (middle == 0) {
        pid_t child = fork();
        if (child == 0) {
            setpgid(0, 0);
            close(ends[0]);
            raise(SIGSTOP);
            (void)!write(ends[1], "x", 1);
            _exit(0);
        }
        until(child, 'T');
        _exit(0);
    }
    close(ends[1]);
    waitpid(middle, NULL, 0);
    expect("without a handler nothing is written", read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

int main(void)
{
    seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shell_ends("a stopped job", STOPS, true);
    shell_ends("a running job", RUNS, true);
    shell_ends("stopped, of the leader's own group", STOPS, false);
    middle_ends();
    no_handler();
    return finish();
}
