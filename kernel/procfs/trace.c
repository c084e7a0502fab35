/* SPDX-License-Identifier: MIT */
/* trace.c - the events that the ring holds, the oldest first. `cat /proc/trace` is the file `stream` of a recording.
 *
 * The ring goes on being written while it is read: what a reader has not come to may be overwritten, and then its position means
 * another place. Who wants a moment of it sets /proc/sys/kernel/trace to 0 first. */
#include <procfs/files.h>

#include <fs/file.h>
#include <trace/ring.h>

static ssize_t trace_read(struct file *, struct io *io, uint64_t *position)
{
    uint64_t skip = *position;
    ssize_t total = 0;

    for (uint64_t n = ring_oldest(); trace_ring.started && n <= trace_ring.current && io->left != 0; n++) {
        const struct packet *packet = &trace_ring.packets[n % RING_PACKETS];
        uint64_t size = packet->content_bits / 8;
        if (skip >= size) {
            skip -= size;
            continue;
        }
        ssize_t moved = io_put(io, (const char *)packet + skip, MIN(io->left, size - skip));
        if (moved <= 0)
            return total != 0 ? total : moved;
        *position += (uint64_t)moved;
        total += moved;
        skip = 0;
    }
    return total;
}

static const struct file_ops trace_file_ops = {.read = trace_read};
const struct node_ops proc_trace_ops = {
    .name = proc_name, .release = proc_release, .file_ops = &trace_file_ops};
