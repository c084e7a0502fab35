/* SPDX-License-Identifier: MIT */
/* position.c - where a stream stands, and its state as the program may ask for it. */
#include <errno.h>
#include <unistd.h>

#include "stream.h"

off_t ftello(FILE *stream)
{
    bool appending = stream->state == STREAM_WRITING && stream->append && stream->end > 0;
    off_t position = lseek(stream->fd, 0, appending ? SEEK_END : SEEK_CUR);

    if (position < 0)
        return -1;
    if (stream->state == STREAM_WRITING)
        return position + (off_t)stream->end;
    return position - (off_t)(stream->end - stream->next) - stream->pushed_count;
}

int fseeko(FILE *stream, off_t offset, int whence)
{
    if (stream->state == STREAM_WRITING && stream_flush_written(stream) != 0)
        return -1;
    if (stream->state == STREAM_READING && whence == SEEK_CUR)
        offset -= (off_t)(stream->end - stream->next) + stream->pushed_count;
    if (lseek(stream->fd, offset, whence) < 0)
        return -1;
    stream->next = stream->end = 0;
    stream->pushed_count = 0;
    stream->at_end = false;
    stream->state = STREAM_IDLE;
    return 0;
}

long ftell(FILE *stream)
{
    return ftello(stream);
}

int fseek(FILE *stream, long offset, int whence)
{
    return fseeko(stream, offset, whence);
}

void rewind(FILE *stream)
{
    fseeko(stream, 0, SEEK_SET);
    stream->failed = false;
}

int fgetpos(FILE *restrict stream, fpos_t *restrict position)
{
    *position = ftello(stream);
    return *position < 0 ? -1 : 0;
}

int fsetpos(FILE *stream, const fpos_t *position)
{
    return fseeko(stream, *position, SEEK_SET);
}

int feof(FILE *stream)
{
    return stream->at_end;
}

int ferror(FILE *stream)
{
    return stream->failed;
}

void clearerr(FILE *stream)
{
    stream->at_end = stream->failed = false;
}

int fileno(FILE *stream)
{
    if (stream->fd < 0) {
        errno = EBADF;
        return -1;
    }
    return stream->fd;
}

/* One thread: there is nothing to lock against. */
void flockfile(FILE *stream)
{
    (void)stream;
}

void funlockfile(FILE *stream)
{
    (void)stream;
}

int ftrylockfile(FILE *stream)
{
    (void)stream;
    return 0;
}
