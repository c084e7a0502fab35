/* SPDX-License-Identifier: MIT */
/* shm.c - memory with a name, which processes share that have only that in common: a file in /dev/shm, where Linux has a file system in RAM.
 *
 * POSIX's names begin with one slash and have no other; what they mean without it is left open, and here the same. */
#include "shm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "raw.h"

/* Nobody is to wait for the other end of a pipe or terminal that somebody has put there, or to follow his link. */
#define ALWAYS (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

static bool refuse(int error)
{
    errno = error;
    return false;
}

bool shm_path(char path[SHM_PATH_SIZE], const char *kind, const char *name)
{
    name += strspn(name, "/");
    if (*name == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return refuse(EINVAL);
    if (strlen(kind) + strlen(name) > NAME_MAX)
        return refuse(ENAMETOOLONG);
    strcpy(path, SHM_FOLDER);
    strcat(path, kind);
    strcat(path, name);
    return true;
}

int shm_open_path(const char *path, int flags, mode_t mode)
{
    return (int)SYSCALL(__NR_open, path, flags | ALWAYS, mode);
}

int shm_open(const char *name, int flags, mode_t mode)
{
    char path[SHM_PATH_SIZE];

    return shm_path(path, "", name) ? shm_open_path(path, flags, mode) : -1;
}

int shm_unlink(const char *name)
{
    char path[SHM_PATH_SIZE];

    return shm_path(path, "", name) ? (int)SYSCALL(__NR_unlink, path) : -1;
}
