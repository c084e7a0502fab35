/* SPDX-License-Identifier: MIT */
/* settime.c - sets real time while a child looks at it, again and again: the child may see the old or the new, nothing else. */
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OLD 1000000000 /* 2001-09-09 */
#define NEW 2000000000 /* 2033-05-18 */
#define ROUNDS 300

static int watch(void)
{
    for (;;) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        if (now.tv_sec >= NEW + 100)
            return 0;
        if ((now.tv_sec < OLD || now.tv_sec >= OLD + 60) && (now.tv_sec < NEW || now.tv_sec >= NEW + 60))
            return 1;
    }
}

int main(void)
{
    struct timespec before, after, time = {.tv_sec = OLD};
    int status, failed = clock_settime(CLOCK_REALTIME, &time);
    pid_t child = fork();

    if (child == 0)
        _exit(watch());
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < ROUNDS; i++) {
        time.tv_sec = i % 2 ? OLD : NEW;
        failed |= clock_settime(CLOCK_REALTIME, &time);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    time.tv_sec = NEW + 100;
    failed |= clock_settime(CLOCK_REALTIME, &time);
    waitpid(child, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("%sset, %sseen by the child, monotonic %s\n", failed ? "not " : "", status ? "not " : "",
           after.tv_sec - before.tv_sec < 60 ? "goes on" : "jumped");
    return failed || status != 0;
}
