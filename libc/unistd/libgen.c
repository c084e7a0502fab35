/* SPDX-License-Identifier: MIT */
/* libgen.c - POSIX's dirname and basename: slashes at the end do not count, and the path may be cut in place.
 */
#include <libgen.h>
#include <string.h>

static void cut_slashes(char *path)
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
}

char *__xpg_basename(char *path)
{
    if (path == NULL || *path == '\0')
        return ".";
    cut_slashes(path);
    char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

char *dirname(char *path)
{
    if (path == NULL || *path == '\0')
        return ".";
    cut_slashes(path);
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    slash[slash == path] = '\0';
    cut_slashes(path);
    return path;
}
