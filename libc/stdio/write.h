/* SPDX-License-Identifier: MIT */
/* write.h - the one way into a stream's buffer. */
#ifndef STDIO_WRITE_H
#define STDIO_WRITE_H

#include "stream.h"

/* Returns the bytes taken: fewer than size only on an error (errno and the error flag say which). */
size_t stream_write(struct stream *stream, const void *from, size_t size);

#endif
