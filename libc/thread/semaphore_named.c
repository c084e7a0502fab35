/* SPDX-License-Identifier: MIT */
/* semaphore_named.c - semaphores with a name: a file in /dev/shm that holds a sem_t and nothing else, which every process maps.
 *
 *     sem_open -> list: file, address, how often opened -> page of the file, shared <- the same in another process
 *
 * A file gets its name (link(2)) when it is complete, so nobody opens one half made; of several who make it at once one is first.
 * A process that opens a file twice must get one address: so it keeps a list of what it has open, by the file's number, and not by name,
 * which may mean another file by now. The number is nobody else's while the file is mapped.
 * The list is under the library's lock. fork copies list and mappings alike. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../sys/raw.h"
#include "../sys/shm.h"
#include "library.h"

#define KIND "sem." /* glibc's files are called so, too; of another size, they are refused */

struct named {
    sem_t *semaphore;
    dev_t device;
    ino_t number;
    unsigned int times; /* opened and not closed */
    struct named *next;
};

static struct named *all;

/* (close() could be the end of a thread that is cancelled.) */
static void close_file(int file)
{
    RAW_SYSCALL(__NR_close, file);
}

/* ---- What this process has open ---- */

/* => the one of the same file, or `mine`, in the list now */
static struct named *enter(struct named *mine)
{
    LIBRARY_HOLD();
    struct named *one = all;

    while (one && (one->device != mine->device || one->number != mine->number))
        one = one->next;
    if (!one) {
        mine->next = all;
        one = all = mine;
    }
    one->times++;
    return one;
}

/* => false: it is not in the list. `gone`: it was opened as often as closed, and left */
static bool leave(const sem_t *semaphore, struct named **gone)
{
    LIBRARY_HOLD();
    struct named **link = &all;

    while (*link && (*link)->semaphore != semaphore)
        link = &(*link)->next;
    if (!*link)
        return false;
    if (--(*link)->times == 0) {
        *gone = *link;
        *link = (*link)->next;
    }
    return true;
}

static void unmap(struct named *one)
{
    munmap(one->semaphore, sizeof(sem_t));
    free(one);
}

/* => false, with errno; EINVAL: that is no semaphore */
static bool map(struct named *one, int file)
{
    struct stat status;

    if (fstat(file, &status) != 0)
        return false;
    if (status.st_size != sizeof(sem_t)) {
        errno = EINVAL;
        return false;
    }
    one->semaphore = mmap(NULL, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    one->device = status.st_dev;
    one->number = status.st_ino;
    one->times = 0;
    return one->semaphore != MAP_FAILED;
}

static sem_t *attach(int file)
{
    struct named *mine = malloc(sizeof(*mine));

    if (!mine)
        return SEM_FAILED;
    if (!map(mine, file)) {
        free(mine);
        return SEM_FAILED;
    }

    struct named *one = enter(mine);

    if (one != mine)
        unmap(mine);
    return one->semaphore;
}

/* ---- Files ---- */

/* => true: `path` is a name that probably nobody has */
static bool invent_path(char path[SHM_PATH_SIZE])
{
    char name[] = "new-................";
    unsigned char bytes[8];

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        return false;
    for (size_t i = 0; i < 2 * sizeof(bytes); i++)
        name[4 + i] = "0123456789abcdef"[bytes[i / 2] >> i % 2 * 4 & 15];
    return shm_path(path, KIND, name);
}

static int make_file(char path[SHM_PATH_SIZE], mode_t mode)
{
    int file = -1;

    do
        file = invent_path(path) ? shm_open_path(path, O_RDWR | O_CREAT | O_EXCL, mode) : -1;
    while (file < 0 && errno == EEXIST);
    return file;
}

/* => a descriptor; -1: EEXIST (somebody else has made it), EINVAL (too large a value), ... */
static int create(const char *path, mode_t mode, unsigned int value)
{
    char invented[SHM_PATH_SIZE];
    sem_t semaphore = {0};

    if (sem_init(&semaphore, 1, value) != 0)
        return -1;

    int file = make_file(invented, mode);

    if (file < 0)
        return -1;
    if (SYSCALL(__NR_write, file, &semaphore, sizeof(semaphore)) < 0 || link(invented, path) != 0) {
        int error = errno;

        close_file(file);
        unlink(invented);
        errno = error;
        return -1;
    }
    unlink(invented);
    return file;
}

/* Between looking and making it another process may make or remove it: then all over again. */
static int open_or_create(const char *path, bool only_new, mode_t mode, unsigned int value)
{
    int file;

    do {
        file = only_new ? -1 : shm_open_path(path, O_RDWR, 0);
        if (file < 0 && (only_new || errno == ENOENT))
            file = create(path, mode, value);
    } while (file < 0 && errno == EEXIST && !only_new);
    return file;
}

sem_t *sem_open(const char *name, int flags, ...)
{
    char path[SHM_PATH_SIZE];
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    unsigned int value = flags & O_CREAT ? va_arg(arguments, unsigned int) : 0;
    va_end(arguments);
    if (!shm_path(path, KIND, name))
        return SEM_FAILED;

    int file = flags & O_CREAT ? open_or_create(path, flags & O_EXCL, mode, value)
                               : shm_open_path(path, O_RDWR, 0);

    if (file < 0)
        return SEM_FAILED;

    sem_t *semaphore = attach(file);

    close_file(file);
    return semaphore;
}

int sem_close(sem_t *semaphore)
{
    struct named *gone = NULL;

    if (!leave(semaphore, &gone)) {
        errno = EINVAL;
        return -1;
    }
    if (gone)
        unmap(gone);
    return 0;
}

/* Who has it open keeps it. */
int sem_unlink(const char *name)
{
    char path[SHM_PATH_SIZE];

    return shm_path(path, KIND, name) ? unlink(path) : -1;
}
