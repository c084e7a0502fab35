/* SPDX-License-Identifier: MIT */
/* libc_process.c - start and end of a program: constructors, atexit in reverse, streams flushed once, children's status. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed = 1;
}

__attribute__((destructor)) static void destruct(void)
{
    puts("destructor");
}

static void first(void)
{
    puts("registered first");
}

static void second(void)
{
    puts("registered second");
}

/* What the waiting parent learns of a child that does `act`. */
static void report(const char *name, void (*act)(void))
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        act();
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child)
        printf("%s: no child\n", name);
    else if (WIFEXITED(status))
        printf("%s: exit %d\n", name, WEXITSTATUS(status));
    else
        printf("%s: signal %d, %s\n", name, WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static void leave(void)
{
    _exit(7);
}

static void die(void)
{
    abort();
}

static void write_to_null(void)
{
    *(volatile int *)8 = 1;
}

static void run_nothing(void)
{
    execlp("/no/such/program", "program", (char *)NULL);
    _exit(errno == ENOENT ? 127 : 1);
}

/* Stopped, let go on, killed: what waitid tells of a child. */
static void await(const char *name, idtype_t type, pid_t id, pid_t child, int options)
{
    siginfo_t info = {0};

    int answer = waitid(type, (id_t)id, &info, options);
    printf("%s: %d, %s, code %d, status %d\n", name, answer, info.si_pid == child ? "it" : "another",
           info.si_code, info.si_status);
}

static void stops(void)
{
    fflush(stdout);
    pid_t child = fork();
    while (child == 0)
        pause();
    kill(child, SIGSTOP);
    await("stopped", P_PID, child, child, WSTOPPED);
    kill(child, SIGCONT);
    await("goes on", P_ALL, 0, child, WCONTINUED);
    kill(child, SIGKILL);
    await("killed, kept", P_PID, child, child, WEXITED | WNOWAIT);
    await("killed", P_PGID, getpgrp(), child, WEXITED);
}

/* Limits under their two names. */
static void limits(void)
{
    struct rlimit64 limit = {.rlim_cur = 50, .rlim_max = 60}, old;
    struct rlimit same;

    int set = setrlimit64(RLIMIT_NOFILE, &limit);
    int get = getrlimit(RLIMIT_NOFILE, &same);
    printf("limit %d %d: %d of %d\n", set, get, (int)same.rlim_cur, (int)same.rlim_max);
    limit.rlim_cur = 40;
    set = prlimit64(0, RLIMIT_NOFILE, &limit, &old);
    get = getrlimit64(RLIMIT_NOFILE, &limit);
    printf("limit %d %d: %d, %d before\n", set, get, (int)limit.rlim_cur, (int)old.rlim_cur);
    printf("no limit: %d\n", RLIM64_INFINITY == RLIM_INFINITY);
}

int main(int argc, char **argv)
{
    printf("constructed %d, argc %d, argv ends %d\n", constructed, argc, argv[argc] == NULL);
    atexit(first);
    atexit(second);
    report("leave", leave);
    report("abort", die);
    report("null", write_to_null);
    report("exec", run_nothing);
    stops();
    limits();
    errno = 0;
    int answer = (int)wait(NULL);
    printf("wait %d %d\n", answer, errno == ECHILD);
    printf("unfinished line");
    exit(0);
}
