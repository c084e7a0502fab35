/* SPDX-License-Identifier: MIT */
/* cwd.c - the current directory's name, and paths without dots and links in them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Without a buffer it makes one, of the right size when none is given, as in glibc. */
char *getcwd(char *to, size_t size)
{
    char path[PATH_MAX];

    if (to != NULL && size == 0) {
        errno = EINVAL;
        return NULL;
    }
    long length = syscall(SYS_getcwd, path, sizeof(path));
    if (length < 0)
        return NULL;
    if (path[0] != '/') { /* "(unreachable)...": outside the root directory */
        errno = ENOENT;
        return NULL;
    }
    if (size != 0 && (size_t)length > size) {
        errno = ERANGE;
        return NULL;
    }
    if (to == NULL)
        to = malloc(size != 0 ? size : (size_t)length);
    return to != NULL ? memcpy(to, path, (size_t)length) : NULL;
}

/* As the shell calls it, links and all, if that is still true. */
char *get_current_dir_name(void)
{
    const char *name = getenv("PWD");
    struct stat here, there;

    if (name != NULL && name[0] == '/' && stat(".", &here) == 0 && stat(name, &there) == 0 &&
        here.st_dev == there.st_dev && here.st_ino == there.st_ino)
        return strdup(name);
    return getcwd(NULL, 0);
}

/* The kernel resolves: it knows the name of an open file. Needs /proc. */
char *realpath(const char *restrict path, char *restrict resolved)
{
    char link[32], found[PATH_MAX];
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, found, sizeof(found) - 1);
    close(fd);
    if (length < 0)
        return NULL;
    found[length] = '\0';
    return resolved != NULL ? strcpy(resolved, found) : strdup(found);
}
