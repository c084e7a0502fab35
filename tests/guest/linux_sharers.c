/* SPDX-License-Identifier: MIT */
/* linux_sharers.c - processes that share their memory (CLONE_VM without CLONE_THREAD): what memory is killed for, they share too. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "check.h"

#define STACK_SIZE 65536

static char stacks[3][STACK_SIZE];
static int gate[2], processes[4]; /* this one; of its memory; of that one's memory; a copy */

static char *path_of(int pid)
{
    static char path[64];

    snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
    return path;
}

static int get(int pid)
{
    char text[32] = "";
    int file = open(path_of(pid), O_RDONLY);

    if (read(file, text, sizeof(text) - 1) < 0)
        return -errno;
    close(file);
    return atoi(text);
}

static void put(int pid, const char *text)
{
    int file = open(path_of(pid), O_WRONLY);

    if (write(file, text, strlen(text)) != (ssize_t)strlen(text))
        _exit(98);
    close(file);
}

static int wait_at_gate(void *unused)
{
    char byte;

    (void)unused;
    return read(gate[0], &byte, 1) != 1;
}

static int make_another(void *unused)
{
    processes[2] = clone(wait_at_gate, stacks[1] + STACK_SIZE, CLONE_VM | SIGCHLD, NULL);
    return wait_at_gate(unused) || waitpid(processes[2], NULL, 0) < 0;
}

static int put_and_end(void *text)
{
    put(getpid(), text);
    return 0;
}

static void show(const char *what)
{
    say("%s: %d %d %d, the copy %d", what, get(processes[0]), get(processes[1]), get(processes[2]),
        get(processes[3]));
}

int main(void)
{
    int status;

    if (pipe(gate) != 0)
        return 1;
    processes[0] = getpid();
    put(processes[0], "100");
    processes[1] = clone(make_another, stacks[0] + STACK_SIZE, CLONE_VM | SIGCHLD, NULL);
    while (!*(volatile int *)&processes[2])
        sched_yield();
    processes[3] = fork();
    if (processes[3] == 0)
        _exit(wait_at_gate(NULL));
    show("inherited");
    put(processes[0], "200");
    show("written for the first");
    put(processes[1], "300");
    show("written for its child");
    put(processes[2], "400");
    show("written for its child's child");
    put(processes[3], "500");
    show("written for the copy");
    int child = clone(put_and_end, stacks[2] + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, "600");
    expect("one for whom its parent waits has its own", waitpid(child, &status, 0) == child && status == 0,
           1);
    show("... and the others keep theirs");
    for (int i = 1; i < 4; i++)
        if (write(gate[1], "x", 1) != 1)
            return 1;
    expect("the sharer ends", waitpid(processes[1], &status, 0) == processes[1] && status == 0, 1);
    expect("the copy ends", waitpid(processes[3], &status, 0) == processes[3] && status == 0, 1);
    return finish();
}
