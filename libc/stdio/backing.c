/* SPDX-License-Identifier: MIT */
/* backing.c - what is behind a stream's buffer: a descriptor, or the functions of a cookie. */
#include <unistd.h>

#include "stream.h"

ssize_t backing_read(struct stream *stream, void *to, size_t size)
{
    if (stream->cookie == NULL)
        return read(stream->fd, to, size);
    return stream->cookie->call.read(stream->cookie->argument, to, size);
}

ssize_t backing_write(struct stream *stream, const void *from, size_t size)
{
    if (stream->cookie == NULL)
        return write(stream->fd, from, size);
    return stream->cookie->call.write(stream->cookie->argument, from, size);
}

off_t backing_seek(struct stream *stream, off_t offset, int whence)
{
    if (stream->cookie == NULL)
        return lseek(stream->fd, offset, whence);
    return stream->cookie->call.seek(stream->cookie->argument, &offset, whence) == 0 ? offset : -1;
}

int backing_close(struct stream *stream)
{
    if (stream->cookie == NULL)
        return close(stream->fd);
    return stream->cookie->call.close(stream->cookie->argument);
}
