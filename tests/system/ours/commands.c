/* SPDX-License-Identifier: MIT */
/* commands.c - system in two threads at a time, and in one that is cancelled. Not so with musl, so the judge is glibc. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPES 3

static char paths[PIPES][40];

/* A command that lasts until nobody can write to the pipe any more. => its status */
static void *run(void *path)
{
    char command[80];

    snprintf(command, sizeof(command), "read line < %s; exit 3", (char *)path);
    return (void *)(long)system(command);
}

/* => the end by which the command is ended, once it runs */
static int begin(pthread_t *thread, char *path)
{
    mkfifo(path, 0600);
    pthread_create(thread, NULL, run, path);
    return open(path, O_WRONLY | O_CLOEXEC);
}

static long end(pthread_t thread, int writer)
{
    void *status;

    close(writer);
    pthread_join(thread, &status);
    return (long)status;
}

static void say_interrupt(const char *when)
{
    struct sigaction action;

    sigaction(SIGINT, NULL, &action);
    printf("%s: an interrupt is %s\n", when, action.sa_handler == SIG_IGN ? "ignored" : "heeded");
}

static void overlapping(void)
{
    pthread_t first, second;

    say_interrupt("before");
    int first_end = begin(&first, paths[0]);
    int second_end = begin(&second, paths[1]);
    say_interrupt("two commands");
    printf("the first: %#lx\n", end(first, first_end));
    say_interrupt("one command");
    printf("the second: %#lx\n", end(second, second_end));
    say_interrupt("none");
}

static void cancelled(void)
{
    pthread_t thread;
    int writer = begin(&thread, paths[2]);

    pthread_cancel(thread);
    void *result;
    pthread_join(thread, &result);
    printf("cancelled: %d\n", result == PTHREAD_CANCELED);
    printf("    without a child: %d\n", waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    signal(SIGPIPE, SIG_IGN);
    printf("    its command has ended: %d\n", write(writer, "x", 1) == -1 && errno == EPIPE);
    say_interrupt("    afterwards");
}

int main(void)
{
    for (int i = 0; i < PIPES; i++)
        snprintf(paths[i], sizeof(paths[i]), "/tmp/faultline-commands-%d", i);
    overlapping();
    cancelled();
    for (int i = 0; i < PIPES; i++)
        unlink(paths[i]);
    return 0;
}
