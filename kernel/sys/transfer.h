/* SPDX-License-Identifier: MIT */
/* transfer.h - what the calls have in common that move bytes in one piece or in many. */
#pragma once

#include <fs/file.h>
#include <types.h>

#include <asm-generic/errno.h>
#include <asm/signal.h>
#include <linux/uio.h>

#define RW_COUNT_MAX 0x7ffff000UL /* Linux's MAX_RW_COUNT: INT_MAX in whole pages */
#define FEW_VECTORS 8             /* these have room on the stack */

typedef ssize_t transfer_function(struct file *file, struct io *io, uint64_t *position);

/* A row of pieces in user memory, copied in and checked. */
struct transfer_row {
    struct iovec few[FEW_VECTORS], *vectors;
};

/* At most UIO_MAXIOV of them. => 0; -EINVAL, -EFAULT, -ENOMEM: nothing to put. */
int transfer_row_get(struct transfer_row *row, vaddr_t vectors, size_t count);
void transfer_row_put(struct transfer_row *row);
/* function: file_read or file_write. at_once: nothing is waited for. One piece after the other, until one is not moved whole. An empty row still asks the file
 * once: it may refuse. => bytes, -errno */
int64_t transfer_pieces(struct file *file, const struct iovec *vectors, size_t count,
                        transfer_function *function, uint64_t *position, bool at_once);
/* A signal to the thread that wrote what it should not have. */
void transfer_raise(int number);

/* Writing where nobody reads any more is an error, and a signal (signal(7)). */
static inline int64_t transfer_sigpipe(int64_t result)
{
    if (unlikely(result == -EPIPE))
        transfer_raise(SIGPIPE);
    return result;
}
