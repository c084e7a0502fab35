/* SPDX-License-Identifier: MIT */
/* transfer.c - see transfer.h. */
#include <sys/transfer.h>

#include <arch/x86/usercopy.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/errno.h>
#include <asm/siginfo.h>
#include <linux/stat.h>

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

int transfer_row_get(struct transfer_row *row, vaddr_t vectors, size_t count)
{
    row->vectors = count > FEW_VECTORS ? kmalloc(count * sizeof(struct iovec)) : row->few;
    if (!row->vectors)
        return -ENOMEM;
    int error = copy_from_user(row->vectors, vectors, count * sizeof(struct iovec));
    if (!error)
        error = check_vectors(row->vectors, count);
    if (error)
        transfer_row_put(row);
    return error;
}

void transfer_row_put(struct transfer_row *row)
{
    if (row->vectors != row->few)
        kfree(row->vectors);
}

int64_t transfer_pieces(struct file *file, const struct iovec *vectors, size_t count,
                        transfer_function *function, uint64_t *position, bool at_once)
{
    int64_t total = 0;
    size_t i = 0;

    do {
        size_t size = count > 0 ? vectors[i].iov_len : 0;
        struct io io = io_user(count > 0 ? (vaddr_t)vectors[i].iov_base : 0, size);
        io.at_once = at_once;
        ssize_t moved = function(file, &io, position);
        if (moved < 0)
            return total > 0 ? total : moved;
        total += moved;
        if ((size_t)moved < size)
            break;
        for (i++; i < count && vectors[i].iov_len == 0;)
            i++;
        if (moved == 0 || !file->ops->stream || function != file_read)
            continue;
        /* What there is now is enough: the next piece must not wait for more. A terminal gives one line. */
        if (node_is(file->node, S_IFCHR))
            break;
        at_once = true;
    } while (i < count);
    return total;
}

void transfer_raise(int number)
{
    const struct signal_info info = {.number = number, .code = SI_USER, .pid = current_process()->pid};

    signal_send_task(current_task(), &info);
}
