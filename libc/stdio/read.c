/* SPDX-License-Identifier: MIT */
/* read.c - bytes out of a stream: fread, getc, ungetc, fgets. */
#include <errno.h>
#include <string.h>

#include "stream.h"

static size_t read_descriptor(struct stream *stream, void *to, size_t size)
{
    ssize_t count = backing_read(stream, to, size);

    if (count < 0)
        stream->failed = true;
    if (count == 0)
        stream->at_end = true;
    return count > 0 ? (size_t)count : 0;
}

/* A question that waits in a line-buffered stdout must be seen before the answer is awaited. Who prints there at this moment is
 * not waited for: he may wait for the stream that is to be read. */
static void show_prompt(void)
{
    if (!stream_is_writing(stdout) || !owned_try(&stdout->lock))
        return;
    if (stdout->state == STREAM_WRITING && stdout->buffering == STREAM_LINE)
        stream_flush_written(stdout);
    owned_drop(&stdout->lock);
}

/* The buffer is empty: reads once. False at the end and on an error. */
static bool fill(struct stream *stream)
{
    show_prompt();
    stream->next = 0;
    stream->end =
        read_descriptor(stream, stream->buffer, stream->buffering == STREAM_UNBUFFERED ? 1 : stream->size);
    return stream->end > 0;
}

int getc_unlocked(FILE *stream)
{
    if (!stream_begin_reading(stream))
        return EOF;
    if (stream->pushed_count > 0)
        return stream->pushed[--stream->pushed_count];
    if (stream->next == stream->end && (stream->at_end || !fill(stream)))
        return EOF;
    return stream->buffer[stream->next++];
}

/* Takes what is there (pushed back, then buffered), up to size bytes. */
static size_t take_buffered(struct stream *stream, unsigned char *to, size_t size)
{
    size_t done = 0;

    while (done < size && stream->pushed_count > 0)
        to[done++] = stream->pushed[--stream->pushed_count];

    size_t here = stream->end - stream->next;
    if (here > size - done)
        here = size - done;
    memcpy(to + done, stream->buffer + stream->next, here);
    stream->next += here;
    return done + here;
}

/* Pieces of at least a buffer's size go straight to the caller. */
static size_t read_bytes(struct stream *stream, unsigned char *to, size_t size)
{
    size_t done = take_buffered(stream, to, size);

    while (done < size && !stream->at_end) {
        size_t missing = size - done, count;
        if (missing >= stream->size) {
            show_prompt();
            count = read_descriptor(stream, to + done, missing);
        } else {
            fill(stream);
            count = take_buffered(stream, to + done, missing);
        }
        if (count == 0)
            break;
        done += count;
    }
    return done;
}

/* Returns whole items. */
size_t fread_unlocked(void *restrict to, size_t size, size_t count, FILE *restrict stream)
{
    size_t bytes;

    if (size == 0 || count == 0 || !stream_begin_reading(stream))
        return 0;
    if (__builtin_mul_overflow(size, count, &bytes)) {
        errno = EOVERFLOW;
        stream->failed = true;
        return 0;
    }
    return read_bytes(stream, to, bytes) / size;
}

int ungetc(int c, FILE *stream)
{
    STREAM_HOLD(stream);
    if (c == EOF || !stream_begin_reading(stream) || stream->pushed_count == STREAM_PUSHED_BACK_MAX)
        return EOF;
    stream->pushed[stream->pushed_count++] = (unsigned char)c;
    stream->at_end = false;
    return (unsigned char)c;
}

/* One line with its newline, or what fits. NULL when nothing was read, or on an error. */
char *fgets_unlocked(char *restrict line, int size, FILE *restrict stream)
{
    int length = 0, c = 0;

    if (size <= 0)
        return NULL;
    while (length < size - 1 && c != '\n') {
        c = getc_unlocked(stream);
        if (c == EOF)
            break;
        line[length++] = (char)c;
    }
    if (c == EOF && (length == 0 || stream->failed))
        return NULL;
    line[length] = '\0';
    return line;
}

char *fgets(char *restrict line, int size, FILE *restrict stream)
{
    STREAM_HOLD(stream);
    return fgets_unlocked(line, size, stream);
}

size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict stream)
{
    STREAM_HOLD(stream);
    return fread_unlocked(to, size, count, stream);
}

int getc(FILE *stream)
{
    STREAM_HOLD(stream);
    return getc_unlocked(stream);
}

int fgetc(FILE *stream)
{
    return getc(stream);
}

int getchar(void)
{
    return getc(stdin);
}

int fgetc_unlocked(FILE *stream)
{
    return getc_unlocked(stream);
}

int getchar_unlocked(void)
{
    return getc_unlocked(stdin);
}
