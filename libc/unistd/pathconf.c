/* SPDX-License-Identifier: MIT */
/* pathconf.c - limits that may differ from file to file. Most do not on Linux; the others are told by the file's file system. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>
#include <asm/statfs.h>

#include "../sys/raw.h"

/* -1 without touching errno means "no limit", or "there is no such thing". */
static long limit_of(const struct statfs *system, int name)
{
    switch (name) {
    case _PC_LINK_MAX:
        return LINK_MAX;
    case _PC_MAX_CANON:
        return MAX_CANON;
    case _PC_MAX_INPUT:
        return MAX_INPUT;
    case _PC_NAME_MAX:
        return system->f_namelen;
    case _PC_PATH_MAX:
        return PATH_MAX;
    case _PC_PIPE_BUF:
        return PIPE_BUF;
    case _PC_VDISABLE:
        return _POSIX_VDISABLE;
    case _PC_FILESIZEBITS:
        return 8 * sizeof(off_t);
    case _PC_CHOWN_RESTRICTED:
    case _PC_NO_TRUNC:
    case _PC_SYNC_IO:
    case _PC_2_SYMLINKS:
        return 1;
    case _PC_REC_INCR_XFER_SIZE:
    case _PC_REC_MIN_XFER_SIZE:
    case _PC_REC_XFER_ALIGN:
    case _PC_ALLOC_SIZE_MIN:
        return system->f_bsize;
    case _PC_ASYNC_IO:
    case _PC_PRIO_IO:
    case _PC_SOCK_MAXBUF:
    case _PC_REC_MAX_XFER_SIZE:
    case _PC_SYMLINK_MAX:
        return -1;
    }
    errno = EINVAL;
    return -1;
}

long pathconf(const char *path, int name)
{
    struct statfs system;

    return SYSCALL(__NR_statfs, path, &system) == 0 ? limit_of(&system, name) : -1;
}

long fpathconf(int fd, int name)
{
    struct statfs system;

    return SYSCALL(__NR_fstatfs, fd, &system) == 0 ? limit_of(&system, name) : -1;
}
