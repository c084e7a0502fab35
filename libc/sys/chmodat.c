/* SPDX-License-Identifier: MIT */
/* chmodat.c - the mode of a file by name, with flags, which the system call has not.
 *
 * A link has no mode of its own that counts. Not to follow one therefore means: refuse it, and change anything else. So that nobody puts a
 * link in between, the name is looked up once; what it led to has another name in /proc. Nothing here is a cancellation point.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raw.h"

static int change_opened(int fd, mode_t mode)
{
    struct stat status;
    char name[32];

    if (fstat(fd, &status) != 0)
        return -1;
    if (S_ISLNK(status.st_mode)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    return chmod(name, mode);
}

int fchmodat(int directory, const char *path, mode_t mode, int flags)
{
    if (flags == 0)
        return (int)SYSCALL(__NR_fchmodat, directory, path, mode);
    if (flags != AT_SYMLINK_NOFOLLOW) {
        errno = EINVAL;
        return -1;
    }

    int fd = (int)SYSCALL(__NR_openat, directory, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int answer = change_opened(fd, mode);
    int error = errno;
    RAW_SYSCALL(__NR_close, fd);
    errno = error;
    return answer;
}

int lchmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}
