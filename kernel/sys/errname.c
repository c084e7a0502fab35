/* SPDX-License-Identifier: MIT */
/* errname.c - see errname.h. The numbers are the uapi header's; only what a system call of ours can answer is named. */
#include <sys/errname.h>

#include <types.h>

#include <asm-generic/errno.h>

#define NAME(error) [error] = #error

static const char *const names[] = {
    NAME(EPERM),     NAME(ENOENT),  NAME(ESRCH),     NAME(EINTR),      NAME(EIO),          NAME(ENXIO),
    NAME(E2BIG),     NAME(ENOEXEC), NAME(EBADF),     NAME(ECHILD),     NAME(EAGAIN),       NAME(ENOMEM),
    NAME(EACCES),    NAME(EFAULT),  NAME(EBUSY),     NAME(EEXIST),     NAME(EXDEV),        NAME(ENODEV),
    NAME(ENOTDIR),   NAME(EISDIR),  NAME(EINVAL),    NAME(ENFILE),     NAME(EMFILE),       NAME(ENOTTY),
    NAME(ETXTBSY),   NAME(EFBIG),   NAME(ENOSPC),    NAME(ESPIPE),     NAME(EROFS),        NAME(EMLINK),
    NAME(EPIPE),     NAME(EDOM),    NAME(ERANGE),    NAME(EDEADLK),    NAME(ENAMETOOLONG), NAME(ENOSYS),
    NAME(ENOTEMPTY), NAME(ELOOP),   NAME(EOVERFLOW), NAME(EOPNOTSUPP), NAME(ETIMEDOUT),
};

const char *errname(int error)
{
    if (error < 0 || (size_t)error >= ARRAY_SIZE(names) || names[error] == NULL)
        return "E???";
    return names[error];
}
