/* SPDX-License-Identifier: MIT */
/* temporary.c - files and directories with names that nobody has yet: the six X at the end of the pattern are
 * filled in. */
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

static int try_names(char *pattern, int (*try)(const char *, int), int flags)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = strlen(pattern);

    if (length < MARKS || strcmp(pattern + length - MARKS, "XXXXXX") != 0) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < MOST_TRIES; i++) {
        unsigned char bytes[MARKS];
        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
            return -1;
        for (size_t mark = 0; mark < MARKS; mark++)
            pattern[length - MARKS + mark] = letters[bytes[mark] % (sizeof(letters) - 1)];
        int answer = try(pattern, flags);
        if (answer >= 0 || errno != EEXIST)
            return answer;
    }
    return -1;
}

int mkstemp(char *pattern)
{
    return try_names(pattern, try_file, 0);
}

int mkostemp(char *pattern, int flags)
{
    return try_names(pattern, try_file, flags);
}

char *mkdtemp(char *pattern)
{
    return try_names(pattern, try_directory, 0) == 0 ? pattern : NULL;
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
