/* SPDX-License-Identifier: MIT */
/* peak FILE LIBRARY|- PROGRAM ARGUMENT... - runs the program, with the library under LD_PRELOAD; KiB at its peak and page faults.
 *
 * Both go to the file as `KIB FAULTS`. A program of its own, and linked statically, because the kernel counts what its
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

    if (argc < 4)
        return 2;

    pid_t pid = fork();

    if (pid == 0) {
        if (strcmp(argv[2], "-") != 0)
            setenv("LD_PRELOAD", argv[2], 1);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 1;

    FILE *file = fopen(argv[1], "w");

    if (!file || fprintf(file, "%ld %ld\n", usage.ru_maxrss, usage.ru_minflt) < 0 || fclose(file) != 0)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
