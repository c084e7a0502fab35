/* SPDX-License-Identifier: MIT */
/* printf.c - formatted text into streams and descriptors.
 *
 * An unbuffered stream (stderr) and a bare descriptor get the text of one call in one write, so that messages
 * of several processes do not mix: it is gathered on the stack. Longer texts leave in pieces of that size. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format_float.h"
#include "write.h"

#define GATHER_SIZE 512

struct stream_sink {
    struct format_sink sink;
    struct stream *stream;
    bool failed;
};

struct gather_sink {
    struct format_sink sink;
    int fd;
    bool failed;
    size_t length;
    char text[GATHER_SIZE];
};

static void put_stream(struct format_sink *sink, const char *bytes, size_t count)
{
    struct stream_sink *to = (struct stream_sink *)sink;

    if (!to->failed && stream_write(to->stream, bytes, count) != count)
        to->failed = true;
}

static void gather_send(struct gather_sink *gather)
{
    size_t done = 0;

    while (!gather->failed && done < gather->length) {
        ssize_t count = write(gather->fd, gather->text + done, gather->length - done);
        if (count < 0)
            gather->failed = true;
        else
            done += (size_t)count;
    }
    gather->length = 0;
}

static void put_gather(struct format_sink *sink, const char *bytes, size_t count)
{
    struct gather_sink *gather = (struct gather_sink *)sink;

    while (count > 0) {
        size_t piece = GATHER_SIZE - gather->length;
        if (piece > count)
            piece = count;
        memcpy(gather->text + gather->length, bytes, piece);
        gather->length += piece;
        bytes += piece;
        count -= piece;
        if (gather->length == GATHER_SIZE)
            gather_send(gather);
    }
}

/* Returns the length, or -1 when it did not all get out. */
int vdprintf(int fd, const char *restrict format, va_list arguments)
{
    struct gather_sink gather;

    gather.sink = (struct format_sink){.put = put_gather, .floating = format_floating};
    gather.fd = fd;
    gather.failed = false;
    gather.length = 0;
    int length = format_to(&gather.sink, format, arguments);
    gather_send(&gather);
    return gather.failed ? -1 : length;
}

int vfprintf(FILE *restrict stream, const char *restrict format, va_list arguments)
{
    struct stream_sink to = {
        .sink = {.put = put_stream, .floating = format_floating},
        .stream = stream,
    };

    STREAM_HOLD(stream);
    if (!stream_begin_writing(stream))
        return -1;
    if (stream->buffering == STREAM_UNBUFFERED && stream->cookie == NULL) {
        int length = vdprintf(stream->fd, format, arguments);
        stream->failed |= length < 0;
        return length;
    }
    int length = format_to(&to.sink, format, arguments);
    return to.failed ? -1 : length;
}

int vprintf(const char *restrict format, va_list arguments)
{
    return vfprintf(stdout, format, arguments);
}

int printf(const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vfprintf(stdout, format, arguments);
    va_end(arguments);
    return length;
}

int fprintf(FILE *restrict stream, const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vfprintf(stream, format, arguments);
    va_end(arguments);
    return length;
}

int dprintf(int fd, const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vdprintf(fd, format, arguments);
    va_end(arguments);
    return length;
}
