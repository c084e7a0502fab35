/* SPDX-License-Identifier: MIT */
/* write.h - the one way into a stream's buffer. */
#pragma once

#include "stream.h"

/* Returns the bytes taken: fewer than size only on an error (errno and the error flag say which). */
size_t stream_write(struct stream *stream, const void *from, size_t size);
