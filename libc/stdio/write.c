/* SPDX-License-Identifier: MIT */
/* write.c - bytes into a stream: fwrite, putc, puts. When they leave the buffer is what C says of the three
 * modes. */
#include "write.h"

#include <errno.h>
#include <string.h>

/* Unbuffered, or more than a buffer: straight to the descriptor. Returns the bytes written. */
static size_t write_through(struct stream *stream, const unsigned char *from, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t count = backing_write(stream, from + done, size - done);
        if (count <= 0) {
            stream->failed = true;
            break;
        }
        done += (size_t)count;
    }
    return done;
}

/* Returns the bytes taken: fewer than size only on an error. */
static size_t write_full(struct stream *stream, const unsigned char *from, size_t size)
{
    if (size > stream->size - stream->end && stream_flush_written(stream) != 0)
        return 0;
    if (size >= stream->size)
        return write_through(stream, from, size);
    memcpy(stream->buffer + stream->end, from, size);
    stream->end += size;
    return size;
}

/* Everything up to the last newline leaves at once, the rest waits. */
static size_t write_lines(struct stream *stream, const unsigned char *from, size_t size)
{
    const unsigned char *newline = memrchr(from, '\n', size);
    size_t lines = newline != NULL ? (size_t)(newline - from) + 1 : 0;
    size_t done = write_full(stream, from, lines);

    if (done < lines || (lines > 0 && stream_flush_written(stream) != 0))
        return done;
    return done + write_full(stream, from + lines, size - lines);
}

size_t stream_write(struct stream *stream, const void *from, size_t size)
{
    if (!stream_begin_writing(stream))
        return 0;
    switch (stream->buffering) {
    case STREAM_UNBUFFERED:
        return write_through(stream, from, size);
    case STREAM_LINE:
        return write_lines(stream, from, size);
    default:
        return write_full(stream, from, size);
    }
}

/* Returns whole items. */
size_t fwrite_unlocked(const void *restrict from, size_t size, size_t count, FILE *restrict stream)
{
    size_t bytes;

    if (size == 0 || count == 0)
        return 0;
    if (__builtin_mul_overflow(size, count, &bytes)) {
        errno = EOVERFLOW;
        stream->failed = true;
        return 0;
    }
    return stream_write(stream, from, bytes) / size;
}

int putc_unlocked(int c, FILE *stream)
{
    unsigned char byte = (unsigned char)c;

    return stream_write(stream, &byte, 1) == 1 ? byte : EOF;
}

int fputs_unlocked(const char *restrict text, FILE *restrict stream)
{
    size_t length = strlen(text);

    return stream_write(stream, text, length) == length ? 1 : EOF;
}

size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict stream)
{
    STREAM_HOLD(stream);
    return fwrite_unlocked(from, size, count, stream);
}

int putc(int c, FILE *stream)
{
    STREAM_HOLD(stream);
    return putc_unlocked(c, stream);
}

int fputs(const char *restrict text, FILE *restrict stream)
{
    STREAM_HOLD(stream);
    return fputs_unlocked(text, stream);
}

int puts(const char *text)
{
    STREAM_HOLD(stdout);
    if (fputs_unlocked(text, stdout) == EOF || putc_unlocked('\n', stdout) == EOF)
        return EOF;
    return 1;
}

int fputc(int c, FILE *stream)
{
    return putc(c, stream);
}

int putchar(int c)
{
    return putc(c, stdout);
}

int fputc_unlocked(int c, FILE *stream)
{
    return putc_unlocked(c, stream);
}

int putchar_unlocked(int c)
{
    return putc_unlocked(c, stdout);
}
