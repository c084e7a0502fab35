/* SPDX-License-Identifier: MIT */
/* libc_tls - thread-local variables: initial values, zeros, alignment, and a child of fork has its own. */
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static _Thread_local int counted = 42;
static _Thread_local char zeros[3000];
static _Thread_local long aligned __attribute__((aligned(64))) = 7;
_Thread_local const char *words = "kept";

int main(void)
{
    int sum = 0;
    int status;

    for (size_t i = 0; i < sizeof(zeros); i++)
        sum += zeros[i];
    printf("%d %d %ld %s, aligned: %s\n", counted, sum, aligned, words,
           (uintptr_t)&aligned % 64 ? "no" : "yes");
    fflush(stdout);

    pid_t pid = fork();

    counted += pid == 0 ? 1 : 2;
    zeros[2999] = 1;
    if (pid == 0)
        _exit(counted + zeros[2999]);
    waitpid(pid, &status, 0);
    printf("the child's: %d, ours: %d\n", WEXITSTATUS(status), counted + zeros[2999]);
    return 0;
}
