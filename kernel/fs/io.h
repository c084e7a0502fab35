/* SPDX-License-Identifier: MIT */
/* io.h - where the bytes of a read go to, or the bytes of a write come from: user memory or kernel memory.
 *
 * A file system moves bytes with io_put and io_get and does not care which it is; so nothing is copied
 * twice. */
#ifndef FAULTLINE_FS_IO_H
#define FAULTLINE_FS_IO_H

#include <types.h>

struct io {
    vaddr_t user; /* used when kernel == NULL */
    void *kernel;
    size_t left; /* bytes still wanted, or still to be written */
};

static inline struct io io_user(vaddr_t address, size_t size)
{
    return (struct io){.user = address, .left = size};
}

static inline struct io io_kernel(void *memory, size_t size)
{
    return (struct io){.kernel = memory, .left = size};
}

/* Moves up to `size` bytes (at most io->left) and advances. => bytes moved, or -EFAULT. */
ssize_t io_put(struct io *io, const void *from, size_t size); /* towards the caller (read) */
ssize_t io_get(struct io *io, void *to, size_t size);         /* from the caller (write) */
ssize_t io_put_zeros(struct io *io, size_t size);

#endif
