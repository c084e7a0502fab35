/* SPDX-License-Identifier: MIT */
/* open.c - making and closing streams. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

int stream_mode_flags(const char *mode)
{
    int flags;

    switch (*mode) {
    case 'r':
        flags = O_RDONLY;
        break;
    case 'w':
        flags = O_WRONLY | O_CREAT | O_TRUNC;
        break;
    case 'a':
        flags = O_WRONLY | O_CREAT | O_APPEND;
        break;
    default:
        errno = EINVAL;
        return -1;
    }
    if (strchr(mode, '+') != NULL)
        flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (strchr(mode, 'x') != NULL)
        flags |= O_EXCL;
    if (strchr(mode, 'e') != NULL)
        flags |= O_CLOEXEC;
    return flags;
}

void stream_set_direction(struct stream *stream, int flags)
{
    stream->readable = (flags & O_ACCMODE) != O_WRONLY;
    stream->writable = (flags & O_ACCMODE) != O_RDONLY;
    stream->append = (flags & O_APPEND) != 0;
}

struct stream *stream_create(int fd, int flags)
{
    struct stream *stream = malloc(sizeof(*stream) + BUFSIZ);

    if (stream == NULL)
        return NULL;
    *stream = (struct stream){
        .fd = fd,
        .give_back = free,
        .buffering = STREAM_UNDECIDED,
        .buffer = (unsigned char *)(stream + 1),
        .size = BUFSIZ,
    };
    stream_set_direction(stream, flags);
    stream_link(stream);
    return stream;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    int flags = stream_mode_flags(mode);

    if (flags < 0)
        return NULL;
    int fd = open(path, flags, 0666);
    if (fd < 0)
        return NULL;
    struct stream *stream = stream_create(fd, flags);
    if (stream == NULL)
        close(fd);
    return stream;
}

FILE *fdopen(int fd, const char *mode)
{
    int flags = stream_mode_flags(mode);

    if (flags < 0)
        return NULL;
    int present = fcntl(fd, F_GETFL);
    if (present < 0)
        return NULL;
    if ((flags & O_APPEND) != 0 && (present & O_APPEND) == 0)
        fcntl(fd, F_SETFL, present | O_APPEND);
    return stream_create(fd, flags);
}

/* Flushes and lets go of the descriptor; the struct stays. */
static int detach(struct stream *stream)
{
    STREAM_HOLD(stream);
    int result = fflush_unlocked(stream);

    if (backing_close(stream) != 0)
        result = EOF;
    stream->fd = -1;
    stream->state = STREAM_IDLE;
    return result;
}

int fclose(FILE *stream)
{
    int result = detach(stream);

    stream_discard(stream);
    return result;
}

/* Opens the path under the stream's descriptor number. Without one only the mode would change, which Linux cannot do to an
 * open file: EBADF. */
static bool reopen(struct stream *stream, const char *path, const char *mode)
{
    STREAM_HOLD(stream);
    int flags = stream_mode_flags(mode);

    fflush_unlocked(stream);
    if (flags < 0 || path == NULL) {
        errno = path == NULL ? EBADF : EINVAL;
        return false;
    }
    int fd = open(path, flags, 0666);
    if (fd < 0)
        return false;
    if (fd != stream->fd) {
        int moved = dup3(fd, stream->fd, flags & O_CLOEXEC);
        close(fd);
        if (moved < 0)
            return false;
    }
    stream_set_direction(stream, flags);
    stream->state = STREAM_IDLE;
    stream->at_end = stream->failed = false;
    if (stream->size > 0)
        stream->buffering = STREAM_UNDECIDED;
    return true;
}

/* The same FILE on another file; when that fails, closed. */
FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream)
{
    if (reopen(stream, path, mode))
        return stream;
    fclose(stream);
    return NULL;
}
