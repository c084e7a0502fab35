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

static void set_direction(struct stream *stream, int fd, int flags)
{
    stream->fd = fd;
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
        .allocated = true,
        .buffering = STREAM_UNDECIDED,
        .buffer = (unsigned char *)(stream + 1),
        .size = BUFSIZ,
    };
    set_direction(stream, fd, flags);
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
    int result = fflush(stream);

    if (close(stream->fd) != 0)
        result = EOF;
    stream->state = STREAM_IDLE;
    return result;
}

int fclose(FILE *stream)
{
    int result = detach(stream);

    stream_unlink(stream);
    stream->fd = -1;
    if (stream->allocated)
        free(stream);
    return result;
}

/* The same FILE on another file, under the same descriptor number. Without a path only the mode would change,
 * which Linux cannot do to an open file: EBADF. */
FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream)
{
    int flags = stream_mode_flags(mode);

    fflush(stream);
    if (flags < 0 || path == NULL) {
        errno = path == NULL ? EBADF : EINVAL;
        goto fail;
    }
    int fd = open(path, flags, 0666);
    if (fd < 0)
        goto fail;
    if (fd != stream->fd) {
        int moved = dup3(fd, stream->fd, flags & O_CLOEXEC);
        close(fd);
        if (moved < 0)
            goto fail;
    }
    set_direction(stream, stream->fd, flags);
    stream->state = STREAM_IDLE;
    stream->at_end = stream->failed = false;
    if (stream->size > 0)
        stream->buffering = STREAM_UNDECIDED;
    return stream;
fail:
    fclose(stream);
    return NULL;
}
