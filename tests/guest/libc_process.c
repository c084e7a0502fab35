/* SPDX-License-Identifier: MIT */
/* libc_process.c - start and end of a program: constructors, atexit in reverse, streams flushed once, children's status. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(int argc, char **argv)
{
    printf("constructed %d, argc %d, argv ends %d\n", constructed, argc, argv[argc] == NULL);
    atexit(first);
    atexit(second);
    report("leave", leave);
    report("abort", die);
    report("null", write_to_null);
    report("exec", run_nothing);
    errno = 0;
    int answer = (int)wait(NULL);
    printf("wait %d %d\n", answer, errno == ECHILD);
    printf("unfinished line");
    exit(0);
}
