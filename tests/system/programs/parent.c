/* SPDX-License-Identifier: MIT */
/* parent.c - `parent PROGRAM [ARG...]`: runs it as a child and says how it ended; then shows that it is itself well. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status;
    pid_t child = fork();

    (void)argc;
    if (child == 0) {
        execv(argv[1], argv + 1);
        printf("not executed: %s\n", strerror(errno));
        fflush(stdout);
        _exit(errno == ENOEXEC ? 126 : errno == ENOMEM ? 125 : 124);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("ended by signal %d\n", WTERMSIG(status));
    else
        printf("ended with status %d\n", WEXITSTATUS(status));
    return 0;
}
