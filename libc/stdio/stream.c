/* SPDX-License-Identifier: MIT */
/* stream.c - the standard streams, the list of all, and turning a stream between reading and writing. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "../thread/library.h"

#pragma weak free /* where no stream was ever opened, none is freed: printf alone does not link malloc */

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

void stream_link(struct stream *stream)
{
    LIBRARY_HOLD();
    stream->following = first_opened;
    first_opened = stream;
}

/* Takes it out of the list when it is closed and nobody has it pinned. True: its memory is to be freed. */
static bool unlink_unused(struct stream *stream)
{
    struct stream **link = &first_opened;

    if (!stream->closed || stream->pins > 0)
        return false;
    while (*link != NULL && *link != stream)
        link = &(*link)->following;
    if (*link != NULL)
        *link = stream->following;
    return stream->give_back != NULL;
}

static bool mark_closed(struct stream *stream)
{
    LIBRARY_HOLD();
    stream->closed = true;
    return unlink_unused(stream);
}

/* At the end nothing is given back: exit may come from a signal handler, in the midst of malloc. */
static bool ending;

static void give_back(struct stream *stream)
{
    if (!ending)
        stream->give_back(stream);
}

void stream_discard(struct stream *stream)
{
    if (mark_closed(stream))
        give_back(stream);
}

static struct stream *pin_next(struct stream *stream, bool *unused)
{
    LIBRARY_HOLD();
    struct stream *next = stream != NULL ? stream->following : first_opened;

    if (next != NULL)
        next->pins++;
    if (stream != NULL) {
        stream->pins--;
        *unused = unlink_unused(stream);
    }
    return next;
}

struct stream *stream_next(struct stream *stream)
{
    bool unused = false;
    struct stream *next = pin_next(stream, &unused);

    if (unused)
        give_back(stream);
    return next;
}

bool stream_is_writing(const struct stream *stream)
{
    return __atomic_load_n(&stream->state, __ATOMIC_RELAXED) == STREAM_WRITING;
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
        ssize_t count = backing_write(stream, stream->buffer + done, stream->end - done);
        if (count <= 0) {
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
        backing_seek(stream, -ahead, SEEK_CUR); /* a pipe refuses: its bytes are lost to others in any case */
    errno = saved;
    stream->next = stream->end = 0;
    stream->pushed_count = 0;
    stream->state = STREAM_IDLE;
}

/* At the end a stream is waited for only while another thread has bytes in it: who holds one that reads may sit in read() for
 * ever. False: leave it alone. */
static bool take_at_end(struct stream *stream)
{
    if (owned_try(&stream->lock))
        return true;
    if (!stream_is_writing(stream))
        return false;
    owned_take(&stream->lock);
    return true;
}

/* None is held longer than its flush takes: another thread may need a second one to be done with the first. What others print from
 * now on no flush will follow, so it is not kept. */
void stream_flush_all(void)
{
    ending = true;
    for (struct stream *stream = stream_next(NULL); stream != NULL; stream = stream_next(stream)) {
        if (!take_at_end(stream))
            continue;
        fflush_unlocked(stream);
        if (__thread_many)
            stream->buffering = STREAM_UNBUFFERED;
        owned_drop(&stream->lock);
    }
}

/* What lies in a stream that another thread was at work in is that thread's, which goes on with it in the parent. */
void stream_fork_child(void)
{
    for (struct stream *stream = first_opened; stream != NULL; stream = stream->following) {
        stream->pins = 0;
        if (owned_free_orphan(&stream->lock)) {
            stream->next = stream->end = 0;
            stream->pushed_count = 0;
            stream->state = STREAM_IDLE;
        }
    }
}
