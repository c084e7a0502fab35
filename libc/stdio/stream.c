/* SPDX-License-Identifier: MIT */
/* stream.c - the standard streams, the list of all, and turning a stream between reading and writing. */
#include "stream.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static unsigned char input_buffer[BUFSIZ];
static unsigned char output_buffer[BUFSIZ];

static struct stream standard_error = {.fd = 2, .writable = true, .buffering = STREAM_UNBUFFERED};
static struct stream standard_output = {
    .fd = 1,
    .writable = true,
    .buffering = STREAM_UNDECIDED,
    .buffer = output_buffer,
    .size = BUFSIZ,
    .following = &standard_error,
};
static struct stream standard_input = {
    .fd = 0,
    .readable = true,
    .buffering = STREAM_UNDECIDED,
    .buffer = input_buffer,
    .size = BUFSIZ,
    .following = &standard_output,
};

#undef stdin
#undef stdout
#undef stderr
FILE *stdin = &standard_input;
FILE *stdout = &standard_output;
FILE *stderr = &standard_error;

static struct stream *first_opened = &standard_input;

struct stream *stream_first_opened(void)
{
    return first_opened;
}

void stream_link(struct stream *stream)
{
    stream->following = first_opened;
    first_opened = stream;
}

void stream_unlink(struct stream *stream)
{
    struct stream **link = &first_opened;

    while (*link != NULL && *link != stream)
        link = &(*link)->following;
    if (*link != NULL)
        *link = stream->following;
}

/* One question, TCGETS, and no trace in errno. */
static bool is_terminal(int fd)
{
    struct termios settings;
    int saved = errno;
    bool answer = tcgetattr(fd, &settings) == 0;

    errno = saved;
    return answer;
}

static void decide_buffering(struct stream *stream)
{
    if (stream->buffering == STREAM_UNDECIDED)
        stream->buffering = is_terminal(stream->fd) ? STREAM_LINE : STREAM_FULL;
}

static bool refuse(struct stream *stream)
{
    errno = EBADF;
    stream->failed = true;
    return false;
}

bool stream_begin_reading(struct stream *stream)
{
    if (stream->state == STREAM_READING)
        return true;
    if (!stream->readable)
        return refuse(stream);
    if (stream->state == STREAM_WRITING && stream_flush_written(stream) != 0)
        return false;
    decide_buffering(stream);
    stream->next = stream->end = 0;
    stream->state = STREAM_READING;
    return true;
}

bool stream_begin_writing(struct stream *stream)
{
    if (stream->state == STREAM_WRITING)
        return true;
    if (!stream->writable)
        return refuse(stream);
    if (stream->state == STREAM_READING)
        stream_drop_read(stream);
    decide_buffering(stream);
    stream->at_end = false;
    stream->next = stream->end = 0;
    stream->state = STREAM_WRITING;
    return true;
}

int stream_flush_written(struct stream *stream)
{
    size_t done = 0;

    while (done < stream->end) {
        ssize_t count = write(stream->fd, stream->buffer + done, stream->end - done);
        if (count < 0) {
            stream->failed = true;
            stream->end = 0;
            return EOF;
        }
        done += (size_t)count;
    }
    stream->end = 0;
    return 0;
}

void stream_drop_read(struct stream *stream)
{
    off_t ahead = (off_t)(stream->end - stream->next) + stream->pushed_count;
    int saved = errno;

    if (ahead > 0)
        lseek(stream->fd, -ahead, SEEK_CUR); /* a pipe refuses: its bytes are lost to others in any case */
    errno = saved;
    stream->next = stream->end = 0;
    stream->pushed_count = 0;
    stream->state = STREAM_IDLE;
}

void stream_flush_all(void)
{
    for (struct stream *stream = first_opened; stream != NULL; stream = stream->following)
        fflush(stream);
}
