/* SPDX-License-Identifier: MIT */
/* temporary.c - files and directories with names that nobody has yet: the six X at the end of the pattern (before the suffix, where
 * there is one) are filled in. Who only asks for a name may lose it to somebody else before using it. */
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKS 6
#define MOST_TRIES 100

static int try_file(const char *path, int flags)
{
    return open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
}

static int try_directory(const char *path, int flags)
{
    (void)flags;
    return mkdir(path, 0700);
}

/* A name is free when asking for it finds nothing. */
static int try_nothing(const char *path, int flags)
{
    struct stat status;

    (void)flags;
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? 0 : -1;
    errno = EEXIST;
    return -1;
}

static int try_names(char *pattern, int suffix, int (*try)(const char *, int), int flags)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = strlen(pattern);

    if (suffix < 0 || length < (size_t)suffix + MARKS ||
        memcmp(pattern + length - suffix - MARKS, "XXXXXX", MARKS) != 0) {
        errno = EINVAL;
        return -1;
    }
    char *marks = pattern + length - suffix - MARKS;
    for (int i = 0; i < MOST_TRIES; i++) {
        unsigned char bytes[MARKS];
        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
            return -1;
        for (size_t mark = 0; mark < MARKS; mark++)
            marks[mark] = letters[bytes[mark] % (sizeof(letters) - 1)];
        int answer = try(pattern, flags);
        if (answer >= 0 || errno != EEXIST)
            return answer;
    }
    return -1;
}

int mkstemp(char *pattern)
{
    return mkostemps(pattern, 0, 0);
}

int mkostemp(char *pattern, int flags)
{
    return mkostemps(pattern, 0, flags);
}

int mkstemps(char *pattern, int suffix)
{
    return mkostemps(pattern, suffix, 0);
}

int mkostemps(char *pattern, int suffix, int flags)
{
    return try_names(pattern, suffix, try_file, flags);
}

char *mkdtemp(char *pattern)
{
    return try_names(pattern, 0, try_directory, 0) == 0 ? pattern : NULL;
}

/* An empty name says that there is none. */
char *mktemp(char *pattern)
{
    if (try_names(pattern, 0, try_nothing, 0) != 0)
        *pattern = '\0';
    return pattern;
}

FILE *tmpfile(void)
{
    char name[] = _PATH_TMP "tmpfXXXXXX";
    int fd = mkstemp(name);

    if (fd < 0)
        return NULL;
    unlink(name);
    FILE *file = fdopen(fd, "w+");
    if (!file) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return file;
}
