/* SPDX-License-Identifier: MIT */
/* cookie.c - streams whose bytes come from functions of the program's. What it does not bring means: nothing to read, everything
 * written is dropped, no position, nothing to close. */
#include <errno.h>
#include <stdlib.h>

#include "stream.h"

struct cookie_stream {
    struct stream stream; /* first: it is what free gets */
    struct stream_cookie cookie;
    unsigned char buffer[BUFSIZ];
};

static ssize_t read_end(void *, char *, size_t)
{
    return 0;
}

static ssize_t write_nowhere(void *, const char *, size_t size)
{
    return (ssize_t)size;
}

static int seek_not(void *, off64_t *, int)
{
    errno = ENOTSUP;
    return -1;
}

static int close_nothing(void *)
{
    return 0;
}

/* The functions are called with the stream's lock held. */
FILE *fopencookie(void *argument, const char *mode, cookie_io_functions_t functions)
{
    int flags = stream_mode_flags(mode);

    if (flags < 0)
        return NULL;
    struct cookie_stream *made = malloc(sizeof(*made));
    if (made == NULL)
        return NULL;
    made->cookie.argument = argument;
    made->cookie.call = (cookie_io_functions_t){
        .read = functions.read != NULL ? functions.read : read_end,
        .write = functions.write != NULL ? functions.write : write_nowhere,
        .seek = functions.seek != NULL ? functions.seek : seek_not,
        .close = functions.close != NULL ? functions.close : close_nothing,
    };
    made->stream = (struct stream){
        .fd = -1,
        .cookie = &made->cookie,
        .give_back = free,
        .buffering = STREAM_FULL,
        .buffer = made->buffer,
        .size = BUFSIZ,
    };
    stream_set_direction(&made->stream, flags);
    stream_link(&made->stream);
    return &made->stream;
}
