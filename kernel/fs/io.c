/* SPDX-License-Identifier: MIT */
/* io.c - moves bytes between a file system and whoever asked for them.
 *
 * When user memory ends in the middle of a piece, the bytes up to that page count as moved, as on Linux: a
 * read of 100 bytes into a buffer whose last 50 lie in an unmapped page gives 50. The whole piece is tried at
 * once, because that is nearly always good; only a piece that fails is done again page by page.
 *
 * A copy can fault, and the fault can lead back into the file system: no spinlock may be held around these
 * calls, but for those that work at once or not at all. */
#include <fs/io.h>

#include <arch/x86/usercopy.h>
#include <string.h>

#include <asm-generic/errno.h>

typedef int copy_function(vaddr_t user, void *kernel, size_t size);

static int copy_out(vaddr_t user, void *kernel, size_t size)
{
    return copy_to_user(user, kernel, size);
}

static int copy_in(vaddr_t user, void *kernel, size_t size)
{
    return copy_from_user(kernel, user, size);
}

static int copy_zeros(vaddr_t user, void *, size_t size)
{
    return clear_user(user, size);
}

/* The slow way, after the whole piece has failed. => bytes up to the first page that refuses. */
static size_t copy_by_page(copy_function *copy, vaddr_t user, char *kernel, size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t piece = MIN(size - done, PAGE_SIZE - ((user + done) & (PAGE_SIZE - 1)));
        if (copy(user + done, kernel ? kernel + done : NULL, piece) < 0)
            break;
        done += piece;
    }
    return done;
}

static ssize_t advance(struct io *io, size_t moved)
{
    io->left -= moved;
    if (io->kernel)
        io->kernel = (char *)io->kernel + moved;
    else
        io->user += moved;
    return (ssize_t)moved;
}

static ssize_t advance_partly(struct io *io, copy_function *copy, void *kernel, size_t size)
{
    size_t moved = copy_by_page(copy, io->user, kernel, size);

    return moved > 0 ? advance(io, moved) : -EFAULT;
}

ssize_t io_put_slowly(struct io *io, const void *from, size_t size)
{
    if (!io->kernel)
        return advance_partly(io, copy_out, (void *)from, size);
    memcpy(io->kernel, from, size);
    return advance(io, size);
}

ssize_t io_get_slowly(struct io *io, void *to, size_t size)
{
    if (!io->kernel)
        return advance_partly(io, copy_in, to, size);
    memcpy(to, io->kernel, size);
    return advance(io, size);
}

ssize_t io_put_zeros(struct io *io, size_t size)
{
    size = MIN(size, io->left);
    if (io->kernel)
        memset(io->kernel, 0, size);
    else if (unlikely(clear_user(io->user, size) < 0))
        return advance_partly(io, copy_zeros, NULL, size);
    return advance(io, size);
}

ssize_t io_pour(struct io *io, io_sink *sink, void *to)
{
    char bytes[512];
    ssize_t total = 0;

    while (io->left > 0) {
        ssize_t piece = io_get(io, bytes, sizeof(bytes));
        ssize_t taken = piece < 0 ? piece : sink(to, bytes, (size_t)piece, io->at_once);
        if (taken < 0)
            return total > 0 ? total : taken;
        total += taken;
        if (taken < piece)
            break;
    }
    return total;
}
