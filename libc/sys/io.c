/* SPDX-License-Identifier: MIT */
/* io.c - bytes in and out of an open descriptor, and the descriptor's own life. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "raw.h"

ssize_t read(int fd, void *to, size_t count)
{
    return WAITING_SYSCALL(__NR_read, fd, to, count);
}

ssize_t write(int fd, const void *from, size_t count)
{
    return WAITING_SYSCALL(__NR_write, fd, from, count);
}

ssize_t pread(int fd, void *to, size_t count, off_t offset)
{
    return WAITING_SYSCALL(__NR_pread64, fd, to, count, offset);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t offset)
{
    return WAITING_SYSCALL(__NR_pwrite64, fd, from, count, offset);
}

ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    return WAITING_SYSCALL(__NR_readv, fd, pieces, count);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    return WAITING_SYSCALL(__NR_writev, fd, pieces, count);
}

ssize_t process_vm_readv(pid_t process, const struct iovec *local, unsigned long local_count,
                         const struct iovec *remote, unsigned long remote_count, unsigned long flags)
{
    return SYSCALL(__NR_process_vm_readv, process, local, local_count, remote, remote_count, flags);
}

off_t lseek(int fd, off_t offset, int whence)
{
    return SYSCALL(__NR_lseek, fd, offset, whence);
}

int close(int fd)
{
    return (int)WAITING_SYSCALL(__NR_close, fd);
}

/* POSIX's newer close. Linux has always closed the descriptor, also when a signal interrupts; that has a name of its own here. */
int posix_close(int fd, int flag)
{
    if (flag != POSIX_CLOSE_RESTART) {
        errno = EINVAL;
        return -1;
    }
    int answer = close(fd);
    if (answer != 0 && errno == EINTR)
        errno = EINPROGRESS;
    return answer;
}

int dup(int fd)
{
    return (int)SYSCALL(__NR_dup, fd);
}

int dup2(int from, int to)
{
    return (int)SYSCALL(__NR_dup2, from, to);
}

int dup3(int from, int to, int flags)
{
    return (int)SYSCALL(__NR_dup3, from, to, flags);
}

int pipe(int ends[2])
{
    return (int)SYSCALL(__NR_pipe, ends);
}

int pipe2(int ends[2], int flags)
{
    return (int)SYSCALL(__NR_pipe2, ends, flags);
}

/* Third arguments are int or pointer; both travel whole in a long. */
int fcntl(int fd, int command, ...)
{
    va_list arguments;

    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    if (command == F_SETLKW || command == F_OFD_SETLKW)
        return (int)WAITING_SYSCALL(__NR_fcntl, fd, command, argument);
    return (int)SYSCALL(__NR_fcntl, fd, command, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    return (int)SYSCALL(__NR_ioctl, fd, request, argument);
}

int flock(int fd, int operation)
{
    return (int)SYSCALL(__NR_flock, fd, operation);
}

int fsync(int fd)
{
    return (int)WAITING_SYSCALL(__NR_fsync, fd);
}

int fdatasync(int fd)
{
    return (int)WAITING_SYSCALL(__NR_fdatasync, fd);
}

int syncfs(int fd)
{
    return (int)SYSCALL(__NR_syncfs, fd);
}

ssize_t copy_file_range(int from, off_t *from_offset, int to, off_t *to_offset, size_t count,
                        unsigned int flags)
{
    return SYSCALL(__NR_copy_file_range, from, from_offset, to, to_offset, count, flags);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count)
{
    return SYSCALL(__NR_sendfile, to, from, offset, count);
}

int ftruncate(int fd, off_t size)
{
    return (int)SYSCALL(__NR_ftruncate, fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    return (int)SYSCALL(__NR_fallocate, fd, mode, offset, size);
}

/* These two return the error number instead of setting errno. */
int posix_fallocate(int fd, off_t offset, off_t size)
{
    return (int)-RAW_SYSCALL(__NR_fallocate, fd, 0, offset, size);
}

int posix_fadvise(int fd, off_t offset, off_t size, int advice)
{
    return (int)-RAW_SYSCALL(__NR_fadvise64, fd, offset, size, advice);
}

/* A kernel that has not this call knows the same hint by its other name. */
ssize_t readahead(int fd, off_t offset, size_t count)
{
    long answer = RAW_SYSCALL(__NR_readahead, fd, offset, count);

    if (answer == -ENOSYS)
        answer = RAW_SYSCALL(__NR_fadvise64, fd, offset, count, POSIX_FADV_WILLNEED);
    return syscall_result(answer);
}
