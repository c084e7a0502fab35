/* SPDX-License-Identifier: MIT */
/* threads.h - what the tests of threads share. Only the first thread speaks (check.h). */
#pragma once

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "check.h"

__attribute__((unused)) static long thread_id(void)
{
    return syscall(SYS_gettid);
}

__attribute__((unused)) static pthread_t begin(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, body, argument);

    if (error) {
        say("pthread_create: %s", error_name(error));
        exit(1);
    }
    return thread;
}

/* For what has no event to wait for: that another thread has fallen asleep. */
__attribute__((unused)) static void doze(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
}

/* The number behind `name` in a file of /proc, -1: there is none. */
__attribute__((unused)) static long proc_number(const char *path, const char *name)
{
    char line[256];
    long number = -1;
    FILE *file = fopen(path, "r");

    while (file && number < 0 && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0)
            number = strtol(line + strlen(name), NULL, 10);
    if (file)
        fclose(file);
    return number;
}

/* Until the thread sleeps: its state in /proc. */
__attribute__((unused)) static void wait_until_asleep_in(const char *path)
{
    char line[256];

    for (int i = 0; i < 10000; i++) {
        FILE *file = fopen(path, "r");
        if (!file)
            return;
        char *end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
        fclose(file);
        if (end && end[2] == 'S')
            return;
        sched_yield();
    }
}

__attribute__((unused)) static void wait_until_asleep(long tid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", tid);
    wait_until_asleep_in(path);
}

/* ---- A thread that is cancelled while it waits ---- */

static atomic_long waiting_tid;

static void *wait_in_thread(void *wait)
{
    waiting_tid = thread_id();
    ((void (*)(void))(uintptr_t)wait)();
    return NULL;
}

/* Cancels a thread as it sleeps in wait(), which never comes to its end by itself. */
__attribute__((unused)) static void expect_cancelled(const char *what, void (*wait)(void))
{
    void *result = NULL;

    waiting_tid = 0;
    pthread_t thread = begin(wait_in_thread, (void *)(uintptr_t)wait);
    while (waiting_tid == 0)
        sched_yield();
    wait_until_asleep(waiting_tid);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    expect(what, result == PTHREAD_CANCELED, 1);
}
