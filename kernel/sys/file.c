/* SPDX-License-Identifier: MIT */
/* file.c - the system calls that move bytes, and those that ask or change how many there are.
 *
 * Each finds the open file (EBADF), checks what Linux checks before it asks the file, and leaves the rest to
 * fs/. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/file.h>
#include <mm/kmem.h>
#include <mm/page.h>
#include <proc/process.h>
#include <sys/transfer.h>
#include <sys/userpath.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/resource.h>
#include <linux/stat.h>
#include <linux/uio.h>

static struct file *own_file(uint64_t fd)
{
    return fdtable_get_open(current_process()->files, (int)fd);
}

/* What a call does with the file of its first argument, which is held meanwhile. */
typedef int64_t file_verb(struct file *file, const struct trapframe *frame);

static int64_t with_file(const struct trapframe *frame, file_verb *verb)
{
    struct file *file FILE_HELD = own_file(ARG0(frame));

    return file ? verb(file, frame) : -EBADF;
}

/* ---- how large a file may become ----------------------------------------------------------------------- */

static uint64_t size_limit(void)
{
    return current_process()->limits[RLIMIT_FSIZE].rlim_cur;
}

/* RLIMIT_FSIZE: what begins at the limit is refused, what goes beyond it is cut; texts of /proc have no size. The signal comes
 * with the call's answer: a row of pieces that was cut is no error. */
static NOINLINE ssize_t write_within(struct file *file, struct io *io, uint64_t *position)
{
    uint64_t at = file->flags & O_APPEND ? file->node->size : position ? *position : file->position;
    bool limited = node_is(file->node, S_IFREG) && !file->node->fixed;

    if (limited && (file->flags & O_ACCMODE) != O_RDONLY && io->left > 0) {
        if (at >= size_limit())
            return -EFBIG;
        io->left = MIN(io->left, size_limit() - at);
    }
    return file_write(file, io, position);
}

static inline ssize_t write_limited(struct file *file, struct io *io, uint64_t *position)
{
    return likely(size_limit() == RLIM64_INFINITY) ? file_write(file, io, position)
                                                   : write_within(file, io, position);
}

static int64_t limit_told(int64_t result)
{
    if (unlikely(result == -EFBIG && size_limit() != RLIM64_INFINITY))
        transfer_raise(SIGXFSZ);
    return result;
}

/* ---- moving bytes -------------------------------------------------------------------------------------- */

static int64_t transfer_read(int64_t result)
{
    struct process_io *io = &current_process()->io;

    io->reads++;
    io->read_bytes += (uint64_t)MAX(result, 0);
    return result;
}

static int64_t transfer_written(int64_t result)
{
    struct process_io *io = &current_process()->io;

    io->writes++;
    io->written_bytes += (uint64_t)MAX(result, 0);
    return transfer_sigpipe(limit_told(result));
}

static inline int64_t transfer(struct trapframe *frame, transfer_function *function, uint64_t *position)
{
    struct file_use use = fdtable_use(current_process()->files, (int)ARG0(frame));
    if (unlikely(!use.file))
        return -EBADF;

    int64_t result = -EFAULT;
    if (likely(user_range_ok(ARG1(frame), ARG2(frame)))) {
        struct io io = io_user(ARG1(frame), MIN(ARG2(frame), RW_COUNT_MAX));
        result = function(use.file, &io, position);
    }
    file_done(use);
    return result;
}

SYSCALL_IS(read, transfer_read(transfer(frame, file_read, NULL)));
SYSCALL_IS(write, transfer_written(transfer(frame, write_limited, NULL)));

int64_t sys_pread64(struct trapframe *frame)
{
    uint64_t position = ARG3(frame);

    return (int64_t)position < 0 ? -EINVAL : transfer_read(transfer(frame, file_read, &position));
}

int64_t sys_pwrite64(struct trapframe *frame)
{
    uint64_t position = ARG3(frame);

    return (int64_t)position < 0 ? -EINVAL : transfer_written(transfer(frame, write_limited, &position));
}

static int64_t transfer_vectors(struct trapframe *frame, transfer_function *function, uint64_t *position)
{
    struct transfer_row row;
    struct file *file FILE_HELD = own_file(ARG0(frame));
    if (!file)
        return -EBADF;
    int64_t result = ARG2(frame) > UIO_MAXIOV ? -EINVAL : transfer_row_get(&row, ARG1(frame), ARG2(frame));
    if (result == 0) {
        result = transfer_pieces(file, row.vectors, ARG2(frame), function, position, false);
        transfer_row_put(&row);
    }
    return result;
}

SYSCALL_IS(readv, transfer_read(transfer_vectors(frame, file_read, NULL)));
SYSCALL_IS(writev, transfer_written(transfer_vectors(frame, write_limited, NULL)));

static int64_t transfer_vectors_at(struct trapframe *frame, transfer_function *function)
{
    uint64_t position = ARG3(frame); /* ARG4 is its upper half where longs are short */

    return (int64_t)position < 0 ? -EINVAL : transfer_vectors(frame, function, &position);
}

SYSCALL_IS(preadv, transfer_read(transfer_vectors_at(frame, file_read)));
SYSCALL_IS(pwritev, transfer_written(transfer_vectors_at(frame, write_limited)));

/* As if the file had been opened with O_APPEND. A position that the caller named stays his. */
static ssize_t file_append(struct file *file, struct io *io, uint64_t *position)
{
    uint64_t end = file->node->size;

    if (file->ops->stream || file->ops->no_seek)
        return write_limited(file, io, position);
    ssize_t moved = write_limited(file, io, &end);
    if (moved > 0 && !position)
        file->position = end;
    return moved;
}

/* Files in memory are always in step and never make anybody wait, so most flags ask for what is so anyway. */
static int64_t transfer_vectors_flags(struct trapframe *frame, transfer_function *function)
{
    if ((uint32_t)ARG5(frame) & ~(uint32_t)(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND))
        return -EOPNOTSUPP;
    if ((uint32_t)ARG5(frame) & RWF_APPEND && function == write_limited)
        function = file_append;
    return (int64_t)ARG3(frame) == -1 ? transfer_vectors(frame, function, NULL)
                                      : transfer_vectors_at(frame, function);
}

SYSCALL_IS(preadv2, transfer_read(transfer_vectors_flags(frame, file_read)));
SYSCALL_IS(pwritev2, transfer_written(transfer_vectors_flags(frame, write_limited)));

/* ---- from file to file --------------------------------------------------------------------------------- */

/* Through one page of the kernel's. What could not be written counts as not read. => bytes, -errno. */
static int64_t copy_file(struct file *from, uint64_t *from_at, struct file *to, uint64_t *to_at, size_t size)
{
    struct page *page = page_alloc(PAGE_BUFFER);
    int64_t total = 0;
    if (!page)
        return -ENOMEM;

    while (size > 0) {
        struct io in = io_kernel(page_to_virt(page), MIN(size, PAGE_SIZE));
        uint64_t before = *from_at;
        ssize_t got = file_read(from, &in, from_at);
        ssize_t put = got;
        if (got > 0) {
            struct io out = io_kernel(page_to_virt(page), (size_t)got);
            put = write_limited(to, &out, to_at);
            *from_at = before + (uint64_t)MAX(put, 0);
        }
        if (put <= 0) {
            total = total > 0 ? total : put;
            break;
        }
        total += put;
        size -= (size_t)put;
        if (put < got)
            break;
    }
    page_put(page);
    return total;
}

/* A position that the caller keeps in its memory; NULL: the file's own. => 0, -EFAULT, -EINVAL. */
static int position_in(vaddr_t address, const struct file *file, uint64_t *position)
{
    *position = file->position;
    if (!address)
        return 0;
    if (copy_from_user(position, address, sizeof(*position)) < 0)
        return -EFAULT;
    return (int64_t)*position < 0 ? -EINVAL : 0;
}

static int position_out(vaddr_t address, struct file *file, uint64_t position)
{
    if (address)
        return copy_to_user(address, &position, sizeof(position));
    file->position = position;
    return 0;
}

typedef int64_t files_verb(struct file *from, struct file *to, const struct trapframe *frame);

static int64_t with_files(uint64_t from_fd, uint64_t to_fd, const struct trapframe *frame, files_verb *verb)
{
    struct file *from FILE_HELD = own_file(from_fd), *to FILE_HELD = own_file(to_fd);

    return from && to ? verb(from, to, frame) : -EBADF;
}

static int64_t send_file(struct file *from, struct file *to, const struct trapframe *frame)
{
    vaddr_t position_at = ARG2(frame);
    uint64_t position;

    if ((from->flags & O_ACCMODE) == O_WRONLY || (to->flags & O_ACCMODE) == O_RDONLY)
        return -EBADF;
    if (from->ops->stream || node_is(from->node, S_IFDIR))
        return position_at && from->ops->stream ? -ESPIPE : -EINVAL;
    if (to->flags & O_APPEND)
        return -EINVAL;
    int64_t result = position_in(position_at, from, &position);
    if (!result)
        result = copy_file(from, &position, to, NULL, MIN(ARG3(frame), RW_COUNT_MAX));
    if (result >= 0 && position_out(position_at, from, position) < 0)
        return -EFAULT;
    return result;
}

SYSCALL_IS(sendfile, transfer_written(with_files(ARG1(frame), ARG0(frame), frame, send_file)));

static int64_t copy_range(struct file *from, struct file *to, const struct trapframe *frame)
{
    size_t size = MIN(ARG4(frame), RW_COUNT_MAX);
    uint64_t from_at, to_at;

    if ((uint32_t)ARG5(frame))
        return -EINVAL;
    int64_t result = position_in(ARG1(frame), from, &from_at);
    if (!result)
        result = position_in(ARG3(frame), to, &to_at);
    if (result)
        return result;
    if (node_is(from->node, S_IFDIR) || node_is(to->node, S_IFDIR))
        return -EISDIR;
    if (!node_is(from->node, S_IFREG) || !node_is(to->node, S_IFREG))
        return -EINVAL;
    if (to->flags & O_APPEND || (to->flags & O_ACCMODE) == O_RDONLY || (from->flags & O_ACCMODE) == O_WRONLY)
        return -EBADF;
    if (from->node == to->node && from_at < to_at + size && to_at < from_at + size)
        return -EINVAL;
    result = copy_file(from, &from_at, to, &to_at, size);
    if (result >= 0 &&
        (position_out(ARG1(frame), from, from_at) < 0 || position_out(ARG3(frame), to, to_at) < 0))
        return -EFAULT;
    return result;
}

SYSCALL_IS(copy_file_range, limit_told(with_files(ARG0(frame), ARG2(frame), frame, copy_range)));

/* ---- position and size --------------------------------------------------------------------------------- */

static int64_t seek(struct file *file, const struct trapframe *frame)
{
    return file_seek(file, (int64_t)ARG1(frame), (int)ARG2(frame));
}

SYSCALL_IS(lseek, with_file(frame, seek));

static int64_t list(struct file *file, const struct trapframe *frame)
{
    return file_list(file, ARG1(frame), (uint32_t)ARG2(frame));
}

SYSCALL_IS(getdents64, with_file(frame, list));

static int64_t truncate(struct node *node, uint64_t size, uint64_t)
{
    if (node_is(node, S_IFREG) && size > node->size && size > size_limit())
        return limit_told(-EFBIG);
    return node_truncate(node, size);
}

static int64_t truncate_open(struct file *file, const struct trapframe *frame)
{
    if ((int64_t)ARG1(frame) < 0 || (file->flags & O_ACCMODE) == O_RDONLY)
        return -EINVAL;
    return truncate(file->node, ARG1(frame), 0);
}

SYSCALL_IS(truncate,
           (int64_t)ARG1(frame) < 0 ? -EINVAL : at_path(AT_FDCWD, ARG0(frame), 0, truncate, ARG1(frame), 0));
SYSCALL_IS(ftruncate, with_file(frame, truncate_open));

/* The frames of [offset, offset + size), so that no later write finds memory full. */
static int64_t reserve(struct node *node, uint64_t first, uint64_t end)
{
    for (uint64_t index = first >> PAGE_SHIFT; index < page_ceil(end) >> PAGE_SHIFT; index++) {
        struct page *page;
        int error = node->source->ops->page(node->source, index, &page);
        if (error)
            return -ENOSPC;
        page_put(page);
    }
    return 0;
}

/* The file grows unless FALLOC_FL_KEEP_SIZE says no: then what lies behind its end is not kept free. Punching holes
 * and the rest are not there. */
static int64_t allocate(struct file *file, const struct trapframe *frame)
{
    uint32_t mode = (uint32_t)ARG1(frame);
    int64_t offset = (int64_t)ARG2(frame), size = (int64_t)ARG3(frame), end;
    struct node *node = file->node;

    if (offset < 0 || size <= 0)
        return -EINVAL;
    if (mode & ~(uint32_t)FALLOC_FL_KEEP_SIZE)
        return -EOPNOTSUPP;
    if ((file->flags & O_ACCMODE) == O_RDONLY)
        return -EBADF;
    if (!node_is(node, S_IFREG))
        return file->ops->stream ? -ESPIPE : -ENODEV;
    if (__builtin_add_overflow(offset, size, &end))
        return -EFBIG;
    if (!node->source || !node->ops->truncate)
        return -EOPNOTSUPP;
    uint64_t before = node->size;
    if (!mode && (uint64_t)end > before) {
        int64_t error = truncate(node, (uint64_t)end, 0);
        if (error)
            return error;
    }
    int64_t result = reserve(node, (uint64_t)offset, MIN((uint64_t)end, node->size));
    if (result && node->size > before)
        node->ops->truncate(node, before);
    return result;
}

SYSCALL_IS(fallocate, with_file(frame, allocate));

/* Advice about files that are in memory anyway. */
static int64_t advise(struct file *file, const struct trapframe *frame)
{
    int advice = (int)ARG3(frame);

    if (file->ops->stream)
        return -ESPIPE;
    return advice < 0 || advice > POSIX_FADV_NOREUSE || (int64_t)ARG2(frame) < 0 ? -EINVAL : 0;
}

SYSCALL_IS(fadvise64, with_file(frame, advise));

/* There is nothing that memory would have to be written back to. */
static int64_t write_back(struct file *file, const struct trapframe *)
{
    return node_is(file->node, S_IFREG) || node_is(file->node, S_IFDIR) ? 0 : -EINVAL;
}

SYSCALL_IS(fsync, with_file(frame, write_back));
SYSCALL_IS(fdatasync, sys_fsync(frame));

static int64_t nothing(struct file *, const struct trapframe *)
{
    return 0;
}

SYSCALL_IS(syncfs, with_file(frame, nothing));
SYSCALL_IS(sync, 0);
