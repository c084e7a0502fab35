/* SPDX-License-Identifier: MIT */
/* flush.c - fflush, and what setvbuf chooses. */
#include <errno.h>

#include "stream.h"

static int flush_writer(struct stream *stream)
{
    STREAM_HOLD(stream);
    return stream->state == STREAM_WRITING ? stream_flush_written(stream) : 0;
}

/* All streams that hold written bytes; those that read are left where they are, and not waited for. */
static int flush_every_writer(void)
{
    int result = 0;

    for (struct stream *stream = stream_next(NULL); stream != NULL; stream = stream_next(stream))
        if (stream_is_writing(stream) && flush_writer(stream) != 0)
            result = EOF;
    return result;
}

int fflush_unlocked(FILE *stream)
{
    if (stream == NULL)
        return flush_every_writer();
    if (stream->state == STREAM_WRITING)
        return stream_flush_written(stream);
    if (stream->state == STREAM_READING)
        stream_drop_read(stream);
    return 0;
}

int fflush(FILE *stream)
{
    if (stream == NULL)
        return flush_every_writer();
    STREAM_HOLD(stream);
    return fflush_unlocked(stream);
}

/* Before the first read or write. Without a buffer of the caller's the present one stays, whatever the size
 * asked. */
int setvbuf(FILE *restrict stream, char *restrict buffer, int mode, size_t size)
{
    if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF) {
        errno = EINVAL;
        return -1;
    }
    STREAM_HOLD(stream);
    if (fflush_unlocked(stream) != 0)
        return -1;
    stream->state = STREAM_IDLE;
    stream->buffering = (enum stream_buffering)mode;
    if (mode != _IONBF && buffer != NULL && size > 0) {
        stream->buffer = (unsigned char *)buffer;
        stream->size = size;
    }
    if (stream->size == 0) /* stderr has no buffer to use */
        stream->buffering = STREAM_UNBUFFERED;
    return 0;
}

void setbuffer(FILE *restrict stream, char *restrict buffer, size_t size)
{
    setvbuf(stream, buffer, buffer != NULL ? _IOFBF : _IONBF, size);
}

void setbuf(FILE *restrict stream, char *restrict buffer)
{
    setbuffer(stream, buffer, BUFSIZ);
}

void setlinebuf(FILE *stream)
{
    setvbuf(stream, NULL, _IOLBF, 0);
}
