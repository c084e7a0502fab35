/* SPDX-License-Identifier: MIT */
/* directory.c - reading a directory: the kernel's records are handed out one at a time from a buffer.
 *
 * No lock: a DIR belongs to the thread that reads it, as POSIX allows; several threads may each have one, of the same directory
 * too. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raw.h"

struct directory {
    int fd;
    size_t next;   /* offset of the record to hand out */
    size_t filled; /* bytes of records in the buffer */
    long position; /* d_off of the last record handed out: where the kernel goes on */
    char records[2048] __attribute__((aligned(8)));
};

_Static_assert(offsetof(struct dirent, d_type) == 18, "linux_dirent64: ino 8, off 8, reclen 2, type 1, name");
_Static_assert(offsetof(struct dirent, d_name) == 19, "linux_dirent64: ino 8, off 8, reclen 2, type 1, name");

ssize_t getdents64(int fd, void *to, size_t size)
{
    return SYSCALL(__NR_getdents64, fd, to, size);
}

/* The older name, with another idea of what the bytes are. */
int getdents(int fd, struct dirent *to, size_t size)
{
    return (int)getdents64(fd, to, size);
}

DIR *fdopendir(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return NULL;
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return NULL;
    }
    DIR *directory = malloc(sizeof(*directory));
    if (directory == NULL)
        return NULL;
    directory->fd = fd;
    directory->next = directory->filled = 0;
    directory->position = 0;
    return directory;
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    DIR *directory = fdopendir(fd);
    if (directory == NULL)
        close(fd);
    return directory;
}

/* NULL at the end (errno untouched) and on an error. */
struct dirent *readdir(DIR *directory)
{
    if (directory->next >= directory->filled) {
        ssize_t count = getdents64(directory->fd, directory->records, sizeof(directory->records));
        if (count <= 0)
            return NULL;
        directory->filled = (size_t)count;
        directory->next = 0;
    }
    struct dirent *entry = (struct dirent *)(directory->records + directory->next);
    directory->next += entry->d_reclen;
    directory->position = entry->d_off;
    return entry;
}

/* An entry of the caller's own, into which every name goes: none is longer than NAME_MAX. Returns the error number. */
int readdir_r(DIR *directory, struct dirent *entry, struct dirent **result)
{
    int saved = errno;

    errno = 0;
    const struct dirent *found = readdir(directory);
    int error = errno;

    errno = saved;
    *result = found != NULL ? memcpy(entry, found, found->d_reclen) : NULL;
    return error;
}

long telldir(DIR *directory)
{
    return directory->position;
}

void seekdir(DIR *directory, long position)
{
    lseek(directory->fd, position, SEEK_SET);
    directory->next = directory->filled = 0;
    directory->position = position;
}

void rewinddir(DIR *directory)
{
    seekdir(directory, 0);
}

int dirfd(DIR *directory)
{
    return directory->fd;
}

int closedir(DIR *directory)
{
    int answer = close(directory->fd);

    free(directory);
    return answer;
}
