/* SPDX-License-Identifier: MIT */
/* lockf.c - record locks in one word: from where the file stands, for writing. A negative size reaches backwards, 0 to the end. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* fcntl speaks only of other processes' locks. */
static int test(int fd, struct flock *range)
{
    if (fcntl(fd, F_GETLK, range) != 0)
        return -1;
    if (range->l_type == F_UNLCK)
        return 0;
    errno = EACCES;
    return -1;
}

int lockf(int fd, int command, off_t size)
{
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = size};

    switch (command) {
    case F_ULOCK:
        range.l_type = F_UNLCK;
        return fcntl(fd, F_SETLK, &range);
    case F_LOCK:
        return fcntl(fd, F_SETLKW, &range);
    case F_TLOCK:
        return fcntl(fd, F_SETLK, &range);
    case F_TEST:
        return test(fd, &range);
    }
    errno = EINVAL;
    return -1;
}
