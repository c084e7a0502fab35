/* SPDX-License-Identifier: MIT */
/* thread_spawn.c - what a C library makes threads and processes with: pthread_create, posix_spawn, system, popen.
 *
 * glibc asks for clone3 first and does without it after ENOSYS (test_dynamic.py runs this with glibc). */
#include <spawn.h>
#include <sys/wait.h>

#include "threads.h"

#define THREADS 8

extern char **environ;

static __thread long own = 100;

static void *add(void *number)
{
    own += (long)number;
    return (void *)own;
}

static void create(void)
{
    pthread_t threads[THREADS];
    long sum = 0;

    for (long i = 0; i < THREADS; i++)
        threads[i] = begin(add, (void *)i);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    expect("each thread with variables of its own", sum, THREADS * 100 + THREADS * (THREADS - 1) / 2);
    expect("    and the first with its", own, 100);
}

static atomic_int went;

static void *go(void *unused)
{
    went = 1;
    return unused;
}

static void create_detached(void)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    expect("a detached one with a stack of a mebibyte", pthread_create(&thread, &attributes, go, NULL), 0);
    while (!went)
        sched_yield();
}

static int exit_status(pid_t child)
{
    int status = -1;

    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void spawn(void)
{
    char *words[] = {"sh", "-c", "kill -USR1 $$; exit 7", NULL};
    posix_spawnattr_t attributes;
    sigset_t signals;
    pid_t child;

    signal(SIGUSR1, SIG_IGN);
    expect("posix_spawn", posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ), 0);
    expect("    an ignored signal stays ignored", exit_status(child), 7);

    sigfillset(&signals);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    expect("    unless it is to be as at first",
           posix_spawn(&child, "/bin/sh", NULL, &attributes, words, environ), 0);
    expect("    which ends it", exit_status(child), -1);
    expect("    a program that is not there", posix_spawn(&child, "/nowhere", NULL, NULL, words, environ),
           ENOENT);
    expect("    leaves no child", waitpid(-1, NULL, WNOHANG), -1);
}

static void shell(void)
{
    char line[16] = "";

    expect("system", WEXITSTATUS(system("exit 3")), 3);
    FILE *pipe = popen("echo piped", "r");
    expect("popen", pipe && fgets(line, sizeof(line), pipe) && strcmp(line, "piped\n") == 0, 1);
    expect("    and its end", pclose(pipe), 0);
}

int main(void)
{
    create();
    create_detached();
    spawn();
    shell();
    return finish();
}
