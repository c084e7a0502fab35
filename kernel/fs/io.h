/* SPDX-License-Identifier: MIT */
/* io.h - where the bytes of a read go to, or the bytes of a write come from: user memory or kernel memory.
 *
 * A file system moves bytes with io_put and io_get and does not care which it is; so nothing is copied
 * twice. */
#pragma once

#include <arch/x86/usercopy.h>
#include <types.h>

struct io {
    vaddr_t user; /* used when kernel == NULL */
    void *kernel;
    size_t left; /* bytes still wanted, or still to be written */
    bool peek;   /* what is read stays (MSG_PEEK): sockets and their pipes only */
    bool
        at_once; /* what cannot be moved now is -EAGAIN; set for a file with O_NONBLOCK by file_read and file_write */
};

static inline struct io io_user(vaddr_t address, size_t size)
{
    return (struct io){.user = address, .left = size};
}

static inline struct io io_kernel(void *memory, size_t size)
{
    return (struct io){.kernel = memory, .left = size};
}

/* What the two below do when it is not plain user memory that takes all of it. */
ssize_t io_put_slowly(struct io *io, const void *from, size_t size);
ssize_t io_get_slowly(struct io *io, void *to, size_t size);

/* Of user memory. */
static inline ssize_t io_advance(struct io *io, size_t moved)
{
    io->left -= moved;
    io->user += moved;
    return (ssize_t)moved;
}

/* Moves up to `size` bytes (at most io->left) and advances. => bytes moved, or -EFAULT. Towards the caller (read). */
static inline ssize_t io_put(struct io *io, const void *from, size_t size)
{
    size = MIN(size, io->left);
    if (unlikely(io->kernel || copy_to_user(io->user, from, size) < 0))
        return io_put_slowly(io, from, size);
    return io_advance(io, size);
}

/* From the caller (write). */
static inline ssize_t io_get(struct io *io, void *to, size_t size)
{
    size = MIN(size, io->left);
    if (unlikely(io->kernel || copy_from_user(to, io->user, size) < 0))
        return io_get_slowly(io, to, size);
    return io_advance(io, size);
}

/* The same at once, up to a page: a spinlock may be held. => false: not that way; nothing counts as moved. */
static inline bool io_put_at_once(struct io *io, const void *from, size_t size)
{
    if (unlikely(io->kernel || !copy_to_user_at_once(io->user, from, size)))
        return false;
    io_advance(io, size);
    return true;
}

static inline bool io_get_at_once(struct io *io, void *to, size_t size)
{
    if (unlikely(io->kernel || !copy_from_user_at_once(to, io->user, size)))
        return false;
    io_advance(io, size);
    return true;
}

/* What most ioctls that ask answer with. => 0, -EFAULT */
static inline int64_t ioctl_answer(vaddr_t argument, int number)
{
    return copy_to_user(argument, &number, sizeof(number));
}

ssize_t io_put_zeros(struct io *io, size_t size);

/* Takes a piece of what a program writes. => bytes taken; the first one's error */
typedef ssize_t io_sink(void *to, const char *bytes, size_t count, bool at_once);
/* All of a write, piece by piece, until one is not taken whole. => bytes; the first piece's error */
ssize_t io_pour(struct io *io, io_sink *sink, void *to);
