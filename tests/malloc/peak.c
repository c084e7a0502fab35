/* SPDX-License-Identifier: MIT */
/* peak LIBRARY|- PROGRAM ARGUMENT... - runs the program, with the library under LD_PRELOAD; KiB at its peak and page faults.
 *
 * Both go to the descriptor 3 as `KIB FAULTS`. A program of its own, and linked statically, because the kernel counts what its
 * parent had before exec as the child's: here that is a few hundred KiB and not a whole python3.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage usage;
    int status;

    if (argc < 3)
        return 2;

    pid_t pid = fork();

    if (pid == 0) {
        if (strcmp(argv[1], "-") != 0)
            setenv("LD_PRELOAD", argv[1], 1);
        close(3);
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 1;
    dprintf(3, "%ld %ld\n", usage.ru_maxrss, usage.ru_minflt);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
