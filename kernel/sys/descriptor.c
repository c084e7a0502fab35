/* SPDX-License-Identifier: MIT */
/* descriptor.c - the system calls on descriptors themselves: closing, duplicating, controlling; and pipes, which begin as two. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/file.h>
#include <fs/pipe.h>
#include <proc/process.h>
#include <sys/descriptor.h>
#include <sys/lock.h>
#include <sys/terminal.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/ioctls.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

static struct fdtable *own_files(void)
{
    return current_process()->files;
}

static struct file *own_file(uint64_t fd)
{
    return fdtable_get(own_files(), (int)fd);
}

SYSCALL_IS(close, fdtable_close(own_files(), (int)ARG0(frame)));
SYSCALL_IS(dup, fdtable_dup(own_files(), (int)ARG0(frame)));

static int64_t duplicate_to(uint64_t fd, uint64_t to, bool close_on_exec)
{
    struct file *file = own_file(fd);
    if (!file)
        return -EBADF;
    int result = fdtable_replace(own_files(), (int)to, file, close_on_exec);
    if (result < 0)
        file_put(file);
    return result;
}

int64_t sys_dup2(struct trapframe *frame)
{
    if ((int)ARG0(frame) != (int)ARG1(frame))
        return duplicate_to(ARG0(frame), ARG1(frame), false);
    struct file *file FILE_HELD = own_file(ARG0(frame));
    return file ? (int)ARG0(frame) : -EBADF;
}

int64_t sys_dup3(struct trapframe *frame)
{
    uint32_t flags = (uint32_t)ARG2(frame);

    if ((flags & ~(uint32_t)O_CLOEXEC) || (int)ARG0(frame) == (int)ARG1(frame))
        return -EINVAL;
    return duplicate_to(ARG0(frame), ARG1(frame), flags & O_CLOEXEC);
}

int64_t sys_close_range(struct trapframe *frame)
{
    uint32_t first = (uint32_t)ARG0(frame), last = (uint32_t)ARG1(frame), flags = (uint32_t)ARG2(frame);

    if (first > last || (flags & ~(uint32_t)(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)))
        return -EINVAL;
    if (flags & CLOSE_RANGE_UNSHARE) { /* threads have one table in any case */
        int error = current_process()->task_count > 1 ? -EINVAL : fdtable_unshare(&current_process()->files);
        if (error)
            return error;
    }
    for (int fd = first < FD_MAX ? fdtable_next(own_files(), (int)first) : -1;
         fd >= 0 && (uint32_t)fd <= last; fd = fdtable_next(own_files(), fd + 1)) {
        if (flags & CLOSE_RANGE_CLOEXEC)
            fdtable_set_cloexec(own_files(), fd, true);
        else
            fdtable_close(own_files(), fd);
    }
    return 0;
}

int descriptor_make_pair(struct file *const ends[2], bool close_on_exec, vaddr_t address)
{
    int fds[2];

    for (unsigned i = 0; i < 2; i++)
        fds[i] = descriptor_make(ends[i], close_on_exec);
    int error = MIN(MIN(fds[0], fds[1]), 0);
    if (!error)
        error = copy_to_user(address, fds, sizeof(fds));
    for (unsigned i = 0; i < 2 && error; i++) {
        if (fds[i] >= 0)
            fdtable_close(own_files(), fds[i]);
    }
    return error;
}

static int64_t make_pipe(vaddr_t address, uint32_t flags)
{
    struct file *ends[2];

    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    int error = pipe_create(flags & O_NONBLOCK, ends);
    return error ? error : descriptor_make_pair(ends, flags & O_CLOEXEC, address);
}

SYSCALL_IS(pipe, make_pipe(ARG0(frame), 0));
SYSCALL_IS(pipe2, make_pipe(ARG0(frame), (uint32_t)ARG1(frame)));

/* ---- control ------------------------------------------------------------------------------------------- */

#define SETTABLE_FLAGS ((uint32_t)(O_APPEND | O_NONBLOCK | O_NOATIME))

static int64_t control(struct file *file, int fd, uint32_t command, uint64_t argument)
{
    bool needs_file = command > F_GETFL && command != F_DUPFD_CLOEXEC;

    if (file->flags & O_PATH && needs_file)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (argument >= own_files()->limit)
            return -EINVAL;
        return fdtable_duplicate(own_files(), fd, (uint32_t)argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return fdtable_get_cloexec(own_files(), fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
        fdtable_set_cloexec(own_files(), fd, argument & FD_CLOEXEC);
        return 0;
    case F_GETFL:
        return file->flags;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return record_lock(file, fd, command, argument);
    case F_GETPIPE_SZ:
        return pipe_is(file) ? (int64_t)PIPE_SIZE : -EBADF;
    case F_SETPIPE_SZ: /* all pipes are equally large */
        if (!pipe_is(file))
            return -EBADF;
        return argument <= PIPE_SIZE ? (int64_t)PIPE_SIZE : -EPERM;
    case F_GET_SEALS:
        return file->node->sealable ? (int64_t)file->node->seals : -EINVAL;
    case F_ADD_SEALS:
        return (file->flags & O_ACCMODE) == O_RDONLY ? -EPERM : node_seal(file->node, (uint32_t)argument);
    case F_SETFL:
        file->flags = (file->flags & ~SETTABLE_FLAGS) | ((uint32_t)argument & SETTABLE_FLAGS);
        return 0;
    default:
        return -EINVAL;
    }
}

int64_t sys_fcntl(struct trapframe *frame)
{
    struct file *file FILE_HELD = own_file(ARG0(frame));

    return file ? control(file, (int)ARG0(frame), (uint32_t)ARG1(frame), ARG2(frame)) : -EBADF;
}

static int64_t set_nonblocking(struct file *file, vaddr_t argument)
{
    int on;

    if (copy_from_user(&on, argument, sizeof(on)) < 0)
        return -EFAULT;
    file->flags = on ? file->flags | O_NONBLOCK : file->flags & ~(uint32_t)O_NONBLOCK;
    return 0;
}


int64_t sys_ioctl(struct trapframe *frame)
{
    uint32_t request = (uint32_t)ARG1(frame);
    struct file *file FILE_HELD = fdtable_get_open(own_files(), (int)ARG0(frame));
    if (!file)
        return -EBADF;

    if (request == FIOCLEX || request == FIONCLEX) {
        fdtable_set_cloexec(own_files(), (int)ARG0(frame), request == FIOCLEX);
        return 0;
    }
    if (request == FIONBIO)
        return set_nonblocking(file, ARG2(frame));
    if (request == FIONREAD && node_is(file->node, S_IFREG))
        return ioctl_answer(ARG2(frame), (int)(file->node->size - file->position));
    if (terminal_is(file))
        return terminal_ioctl(file, request, ARG2(frame));
    return file->ops->ioctl ? file->ops->ioctl(file, request, ARG2(frame)) : -ENOTTY;
}
