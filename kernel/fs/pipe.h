/* SPDX-License-Identifier: MIT */
/* pipe.h - pipes. */
#pragma once

#include <fs/file.h>

#define PIPE_SIZE (16 * PAGE_SIZE)
#define PIPE_DEVICE 8U /* st_dev of all pipes, a number of its own */

/* Both ends of a new pipe: ends[0] is read from, ends[1] written to. flags: O_NONBLOCK or 0. => 0, -ENOMEM.
 * A write without a reader gives -EPIPE; the signal SIGPIPE is the caller's to send, who knows processes. */
int pipe_create(uint32_t flags, struct file *ends[2]);
/* Opens a named pipe, whose node has *slot for it (NULL at first). Without O_NONBLOCK it waits for the other end. => 0,
 * -ENXIO (nobody reads, and it may not wait), -EINTR, -ENOMEM. */
struct pipe;
int pipe_open_named(struct pipe **slot, struct file *file);
bool pipe_is(const struct file *file);
/* Nothing is written any more (-EPIPE), whichever end wants it so; what was written can be read, and then comes the end. For good. */
void pipe_shut(struct file *file);
