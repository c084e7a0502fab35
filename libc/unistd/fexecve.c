/* SPDX-License-Identifier: MIT */
/* fexecve.c - another program, from an open file. Its name for execve is the one that it has in /proc; a script whose file is closed on
 * exec is not found any more by its interpreter, on Linux either. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

int fexecve(int fd, char *const argv[], char *const envp[])
{
    char path[32];

    if (argv == NULL || envp == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (fcntl(fd, F_GETFD) < 0)
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return execve(path, argv, envp);
}
