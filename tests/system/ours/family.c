/* SPDX-License-Identifier: MIT */
/* family.c - a parent and its child write the same variable, at the same address and in different frames. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int written;

static void write_as_parent(void)
{
    written = 1;
}

static void write_as_child(void)
{
    written = 2;
}

int main(void)
{
    int status = 0;

    write_as_parent();
    pid_t child = fork();
    if (child == 0) {
        write_as_child();
        _exit(3);
    }
    wait(&status);
    printf("%d, and %d of the child\n", written, status >> 8);
    return 0;
}
