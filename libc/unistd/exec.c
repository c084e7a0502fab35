/* SPDX-License-Identifier: MIT */
/* exec.c - the convenient forms of execve: arguments as a list, and the search through PATH. */
#include <errno.h>
#include <limits.h>
#include <paths.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

/* Tries DIRECTORY/FILE for one directory of PATH, whose text is `length` long; empty means the current one.
 */
static void try_directory(const char *directory, size_t length, const char *file, char *const argv[],
                          char *const envp[])
{
    char path[PATH_MAX];

    if (length + strlen(file) + 2 > sizeof(path)) {
        errno = ENAMETOOLONG;
        return;
    }
    memcpy(path, directory, length);
    path[length] = '/';
    strcpy(path + (length > 0 ? length + 1 : 0), file);
    execve(path, argv, envp);
}

/* A name with a slash is a path. Otherwise the first directory that has the file wins; one that may not be
 * executed is remembered, because EACCES says more than ENOENT. */
int execvpe(const char *file, char *const argv[], char *const envp[])
{
    const char *path = getenv("PATH");
    int refused = 0;

    if (*file == '\0') {
        errno = ENOENT;
        return -1;
    }
    if (strchr(file, '/') != NULL)
        return execve(file, argv, envp);
    if (path == NULL)
        path = _PATH_DEFPATH;
    for (;; path++) {
        size_t length = strcspn(path, ":");
        try_directory(path, length, file, argv, envp);
        if (errno == EACCES)
            refused = 1;
        else if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
            return -1;
        path += length;
        if (*path == '\0')
            break;
    }
    errno = refused ? EACCES : ENOENT;
    return -1;
}

int execvp(const char *file, char *const argv[])
{
    return execvpe(file, argv, environ);
}

/* The three list forms gather their arguments into an array on the stack; the list ends with a null pointer.
 */
static size_t count_arguments(va_list arguments)
{
    size_t count = 1;

    while (va_arg(arguments, char *) != NULL)
        count++;
    return count;
}

/* argv has room for `count` strings and the null pointer. */
static void gather(char **argv, size_t count, const char *first, va_list *arguments)
{
    argv[0] = (char *)first;
    for (size_t i = 1; i <= count; i++)
        argv[i] = va_arg(*arguments, char *);
}

int execl(const char *path, const char *argument, ...)
{
    va_list arguments;

    va_start(arguments, argument);
    size_t count = count_arguments(arguments);
    va_end(arguments);

    char *argv[count + 1];
    va_start(arguments, argument);
    gather(argv, count, argument, &arguments);
    va_end(arguments);
    return execve(path, argv, environ);
}

int execlp(const char *file, const char *argument, ...)
{
    va_list arguments;

    va_start(arguments, argument);
    size_t count = count_arguments(arguments);
    va_end(arguments);

    char *argv[count + 1];
    va_start(arguments, argument);
    gather(argv, count, argument, &arguments);
    va_end(arguments);
    return execvp(file, argv);
}

int execle(const char *path, const char *argument, ...)
{
    va_list arguments;

    va_start(arguments, argument);
    size_t count = count_arguments(arguments);
    va_end(arguments);

    char *argv[count + 1];
    va_start(arguments, argument);
    gather(argv, count, argument, &arguments);
    char *const *envp = va_arg(arguments, char *const *);
    va_end(arguments);
    return execve(path, argv, envp);
}
