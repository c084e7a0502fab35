/* SPDX-License-Identifier: MIT */
/* devnull.c - the devices without a device: null, zero, full, random, urandom. All of them are always ready,
 * so nothing here waits; a read of any size is served in one go and is interrupted by nobody. */
#include <fs/device.h>

#include <dev/random.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

#define MEMORY_MAJOR 1

static ssize_t read_nothing(struct file *, struct io *, uint64_t *)
{
    return 0;
}

static ssize_t read_zeros(struct file *, struct io *io, uint64_t *)
{
    ssize_t total = 0;

    while (io->left > 0) {
        ssize_t moved = io_put_zeros(io, PAGE_SIZE);
        if (moved < 0)
            return total > 0 ? total : moved;
        total += moved;
    }
    return total;
}

static ssize_t read_random(struct file *, struct io *io, uint64_t *)
{
    char bytes[256];
    ssize_t total = 0;

    while (io->left > 0) {
        size_t piece = MIN(io->left, sizeof(bytes));
        random_bytes(bytes, piece);
        ssize_t moved = io_put(io, bytes, piece);
        if (moved < 0)
            return total > 0 ? total : moved;
        total += moved;
    }
    return total;
}

static ssize_t write_away(struct file *, struct io *io, uint64_t *)
{
    size_t count = io->left;

    io->left = 0;
    return (ssize_t)count;
}

static ssize_t write_refused(struct file *, struct io *, uint64_t *)
{
    return -ENOSPC;
}

static const struct file_ops null_ops = {.read = read_nothing, .write = write_away, .no_seek = true};
static const struct file_ops zero_ops = {.read = read_zeros, .write = write_away, .no_seek = true};
static const struct file_ops full_ops = {.read = read_zeros, .write = write_refused, .no_seek = true};
static const struct file_ops random_ops = {.read = read_random, .write = write_away, .no_seek = true};

#define MEMORY_DEVICE(node_name, minor, file_ops)                                                            \
    {                                                                                                        \
        .name = (node_name), .mode = S_IFCHR | 0666, .number = DEVICE_NUMBER(MEMORY_MAJOR, (minor)),         \
        .ops = &(file_ops)                                                                                   \
    }

const struct device device_null = MEMORY_DEVICE("null", 3, null_ops);
const struct device device_zero = MEMORY_DEVICE("zero", 5, zero_ops);
const struct device device_full = MEMORY_DEVICE("full", 7, full_ops);
const struct device device_random = MEMORY_DEVICE("random", 8, random_ops);
const struct device device_urandom = MEMORY_DEVICE("urandom", 9, random_ops);
