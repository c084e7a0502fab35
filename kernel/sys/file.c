/* SPDX-License-Identifier: MIT */
/* file.c - the system calls on descriptors: moving bytes, seeking, duplicating, controlling.
 *
 * Each finds the open file (EBADF), checks what Linux checks before it asks the file, and leaves the rest to
 * fs/. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/file.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm-generic/ioctls.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/uio.h>

#define RW_COUNT_MAX 0x7ffff000UL /* Linux's MAX_RW_COUNT: INT_MAX in whole pages */

typedef ssize_t transfer_function(struct file *file, struct io *io, uint64_t *position);

static struct fdtable *own_files(void)
{
    return current_process()->files;
}

static struct file *own_file(uint64_t fd)
{
    return fdtable_get(own_files(), (int)fd);
}

/* Writing to a pipe that nobody reads any more is an error, and a signal. */
static int64_t with_sigpipe(int64_t result)
{
    if (unlikely(result == -EPIPE)) {
        const struct signal_info info = {.number = SIGPIPE, .code = SI_USER, .pid = current_process()->pid};
        signal_send(current_process(), &info);
    }
    return result;
}

/* ---- moving bytes -------------------------------------------------------------------------------------- */

static int64_t transfer(struct trapframe *frame, transfer_function *function, uint64_t *position)
{
    struct file *file = own_file(ARG0(frame));
    if (unlikely(!file))
        return -EBADF;

    int64_t result = -EFAULT;
    if (likely(user_range_ok(ARG1(frame), ARG2(frame)))) {
        struct io io = io_user(ARG1(frame), MIN(ARG2(frame), RW_COUNT_MAX));
        result = function(file, &io, position);
    }
    file_put(file);
    return result;
}

int64_t sys_read(struct trapframe *frame)
{
    return transfer(frame, file_read, NULL);
}

int64_t sys_write(struct trapframe *frame)
{
    return with_sigpipe(transfer(frame, file_write, NULL));
}

int64_t sys_pread64(struct trapframe *frame)
{
    uint64_t position = ARG3(frame);

    return (int64_t)position < 0 ? -EINVAL : transfer(frame, file_read, &position);
}

int64_t sys_pwrite64(struct trapframe *frame)
{
    uint64_t position = ARG3(frame);

    return (int64_t)position < 0 ? -EINVAL : transfer(frame, file_write, &position);
}

#define FEW_VECTORS 8 /* these have room on the stack */

/* Checks the pieces and cuts their sum to RW_COUNT_MAX. => 0, -EINVAL, -EFAULT. */
static int check_vectors(struct iovec *vectors, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        if ((int64_t)vectors[i].iov_len < 0)
            return -EINVAL;
        if (!user_range_ok((vaddr_t)vectors[i].iov_base, vectors[i].iov_len))
            return -EFAULT;
        vectors[i].iov_len = MIN(vectors[i].iov_len, RW_COUNT_MAX - total);
        total += vectors[i].iov_len;
    }
    return 0;
}

/* One piece after the other, until one is not moved whole. An empty row still asks the file once: it may
 * refuse. */
static int64_t transfer_pieces(struct file *file, const struct iovec *vectors, size_t count,
                               transfer_function *function)
{
    int64_t total = 0;
    size_t i = 0;

    do {
        size_t size = count > 0 ? vectors[i].iov_len : 0;
        struct io io = io_user(count > 0 ? (vaddr_t)vectors[i].iov_base : 0, size);
        ssize_t moved = function(file, &io, NULL);
        if (moved < 0)
            return total > 0 ? total : moved;
        total += moved;
        if ((size_t)moved < size)
            break;
        /* What there is now is enough: the next piece must not wait for more. */
        for (i++; i < count && vectors[i].iov_len == 0;)
            i++;
        if (moved > 0 && file->ops->stream && function == file_read)
            break;
    } while (i < count);
    return total;
}

static int64_t transfer_vectors(struct trapframe *frame, transfer_function *function)
{
    struct iovec few[FEW_VECTORS], *vectors = few;
    size_t count = ARG2(frame);
    struct file *file = own_file(ARG0(frame));
    if (!file)
        return -EBADF;

    int64_t result = -EINVAL;
    if (count > UIO_MAXIOV)
        goto put_file;
    result = -ENOMEM;
    if (count > FEW_VECTORS && (vectors = kmalloc(count * sizeof(*vectors))) == NULL)
        goto put_file;
    result = copy_from_user(vectors, ARG1(frame), count * sizeof(*vectors));
    if (result == 0)
        result = check_vectors(vectors, count);
    if (result == 0)
        result = transfer_pieces(file, vectors, count, function);
    if (vectors != few)
        kfree(vectors);
put_file:
    file_put(file);
    return result;
}

int64_t sys_readv(struct trapframe *frame)
{
    return transfer_vectors(frame, file_read);
}

int64_t sys_writev(struct trapframe *frame)
{
    return with_sigpipe(transfer_vectors(frame, file_write));
}

int64_t sys_lseek(struct trapframe *frame)
{
    struct file *file = own_file(ARG0(frame));
    if (!file)
        return -EBADF;
    int64_t result = file_seek(file, (int64_t)ARG1(frame), (int)ARG2(frame));
    file_put(file);
    return result;
}

int64_t sys_getdents64(struct trapframe *frame)
{
    struct file *file = own_file(ARG0(frame));
    if (!file)
        return -EBADF;
    int64_t result = file_list(file, ARG1(frame), (uint32_t)ARG2(frame));
    file_put(file);
    return result;
}

int64_t sys_ftruncate(struct trapframe *frame)
{
    struct file *file = own_file(ARG0(frame));
    if (!file)
        return -EBADF;

    int64_t result = -EINVAL;
    if (file->flags & O_PATH)
        result = -EBADF;
    else if ((int64_t)ARG1(frame) >= 0 && node_is(file->node, S_IFREG) &&
             (file->flags & O_ACCMODE) != O_RDONLY)
        result = file->node->ops->truncate ? file->node->ops->truncate(file->node, ARG1(frame)) : -EROFS;
    file_put(file);
    return result;
}

/* There is nothing that memory would have to be written back to. */
int64_t sys_fsync(struct trapframe *frame)
{
    struct file *file = own_file(ARG0(frame));
    if (!file)
        return -EBADF;
    int64_t result = node_is(file->node, S_IFREG) || node_is(file->node, S_IFDIR) ? 0 : -EINVAL;
    file_put(file);
    return result;
}

int64_t sys_sync(struct trapframe *frame)
{
    (void)frame;
    return 0;
}

/* ---- descriptors --------------------------------------------------------------------------------------- */

int64_t sys_close(struct trapframe *frame)
{
    return fdtable_close(own_files(), (int)ARG0(frame));
}

int64_t sys_dup(struct trapframe *frame)
{
    return fdtable_duplicate(own_files(), (int)ARG0(frame), 0, false);
}

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
    struct file *file = own_file(ARG0(frame));
    if (!file)
        return -EBADF;
    file_put(file);
    return (int)ARG0(frame);
}

int64_t sys_dup3(struct trapframe *frame)
{
    uint32_t flags = (uint32_t)ARG2(frame);

    if ((flags & ~(uint32_t)O_CLOEXEC) || (int)ARG0(frame) == (int)ARG1(frame))
        return -EINVAL;
    return duplicate_to(ARG0(frame), ARG1(frame), flags & O_CLOEXEC);
}

#define SETTABLE_FLAGS ((uint32_t)(O_APPEND | O_NONBLOCK | O_NOATIME))

static int64_t control(struct file *file, int fd, uint32_t command, uint64_t argument)
{
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (argument >= FD_MAX)
            return -EINVAL;
        return fdtable_duplicate(own_files(), fd, (int)argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return fdtable_get_cloexec(own_files(), fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
        fdtable_set_cloexec(own_files(), fd, argument & FD_CLOEXEC);
        return 0;
    case F_GETFL:
        return file->flags;
    case F_SETFL:
        file->flags = (file->flags & ~SETTABLE_FLAGS) | ((uint32_t)argument & SETTABLE_FLAGS);
        return 0;
    default:
        return -EINVAL;
    }
}

int64_t sys_fcntl(struct trapframe *frame)
{
    struct file *file = own_file(ARG0(frame));
    if (!file)
        return -EBADF;
    int64_t result = control(file, (int)ARG0(frame), (uint32_t)ARG1(frame), ARG2(frame));
    file_put(file);
    return result;
}

static int64_t set_nonblocking(struct file *file, vaddr_t argument)
{
    int on;

    if (copy_from_user(&on, argument, sizeof(on)) < 0)
        return -EFAULT;
    file->flags = on ? file->flags | O_NONBLOCK : file->flags & ~(uint32_t)O_NONBLOCK;
    return 0;
}

static int64_t regular_bytes_left(const struct file *file, vaddr_t argument)
{
    int left = (int)(file->node->size - file->position);

    return copy_to_user(argument, &left, sizeof(left));
}

int64_t sys_ioctl(struct trapframe *frame)
{
    uint32_t request = (uint32_t)ARG1(frame);
    struct file *file = own_file(ARG0(frame));
    if (!file)
        return -EBADF;

    int64_t result = 0;
    if (file->flags & O_PATH)
        result = -EBADF;
    else if (request == FIOCLEX || request == FIONCLEX)
        fdtable_set_cloexec(own_files(), (int)ARG0(frame), request == FIOCLEX);
    else if (request == FIONBIO)
        result = set_nonblocking(file, ARG2(frame));
    else if (request == FIONREAD && node_is(file->node, S_IFREG))
        result = regular_bytes_left(file, ARG2(frame));
    else
        result = file->ops->ioctl ? file->ops->ioctl(file, request, ARG2(frame)) : -ENOTTY;
    file_put(file);
    return result;
}
