/* SPDX-License-Identifier: MIT */
/* ttyname.c - the path of a terminal, which /proc knows, and of the one that controls the process, which is always the same. */
#include <errno.h>
#include <limits.h>
#include <paths.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Returns 0 or the error number. */
int ttyname_r(int fd, char *path, size_t size)
{
    char link[32];

    if (!isatty(fd))
        return errno;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size);
    if (length < 0)
        return errno;
    if ((size_t)length == size)
        return ERANGE;
    path[length] = '\0';
    return 0;
}

/* In one buffer for all threads, as POSIX has it. */
char *ttyname(int fd)
{
    static char path[TTY_NAME_MAX];
    int error = ttyname_r(fd, path, sizeof(path));

    if (error == 0)
        return path;
    errno = error;
    return NULL;
}

_Static_assert(sizeof(_PATH_TTY) <= L_ctermid, "ctermid's name has room in the program's array");

char *ctermid(char *path)
{
    static char shared[L_ctermid];

    return strcpy(path != NULL ? path : shared, _PATH_TTY);
}
