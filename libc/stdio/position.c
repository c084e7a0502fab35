/* SPDX-License-Identifier: MIT */
/* position.c - where a stream stands, its state as the program may ask for it, and its lock. */
#include <errno.h>

#include "stream.h"

off_t ftello(FILE *stream)
{
    STREAM_HOLD(stream);
    bool appending = stream->state == STREAM_WRITING && stream->append && stream->end > 0;
    off_t position = backing_seek(stream, 0, appending ? SEEK_END : SEEK_CUR);

    if (position < 0)
        return -1;
    if (stream->state == STREAM_WRITING)
        return position + (off_t)stream->end;
    return position - (off_t)(stream->end - stream->next) - stream->pushed_count;
}

int fseeko(FILE *stream, off_t offset, int whence)
{
    STREAM_HOLD(stream);
    if (stream->state == STREAM_WRITING && stream_flush_written(stream) != 0)
        return -1;
    if (stream->state == STREAM_READING && whence == SEEK_CUR)
        offset -= (off_t)(stream->end - stream->next) + stream->pushed_count;
    if (backing_seek(stream, offset, whence) < 0)
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
    STREAM_HOLD(stream);
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

int feof_unlocked(FILE *stream)
{
    return stream->at_end;
}

int feof(FILE *stream)
{
    STREAM_HOLD(stream);
    return feof_unlocked(stream);
}

int ferror_unlocked(FILE *stream)
{
    return stream->failed;
}

int ferror(FILE *stream)
{
    STREAM_HOLD(stream);
    return ferror_unlocked(stream);
}

void clearerr_unlocked(FILE *stream)
{
    stream->at_end = stream->failed = false;
}

void clearerr(FILE *stream)
{
    STREAM_HOLD(stream);
    clearerr_unlocked(stream);
}

/* Who wants to poll a stream's descriptor must not wait for the thread that reads it. */
int fileno(FILE *stream)
{
    if (stream->fd < 0) {
        errno = EBADF;
        return -1;
    }
    return stream->fd;
}

int fileno_unlocked(FILE *stream)
{
    return fileno(stream);
}

/* These three take the lock in any case: what begins while there is one thread may go on when there are more. */
void flockfile(FILE *stream)
{
    owned_take(&stream->lock);
}

void funlockfile(FILE *stream)
{
    owned_drop(&stream->lock);
}

int ftrylockfile(FILE *stream)
{
    return owned_try(&stream->lock) ? 0 : -1;
}
