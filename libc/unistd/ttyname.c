/* SPDX-License-Identifier: MIT */
/* ttyname.c - the path of a terminal, which /proc knows. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

char *ttyname(int fd)
{
    static char path[TTY_NAME_MAX];
    char link[32];

    if (!isatty(fd))
        return NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    return path;
}
