/* SPDX-License-Identifier: MIT */
/* stream.h - what a FILE is, for the files of this room only.
 *
 * A stream is idle, reading or writing. Its buffer serves one of the two at a time:
 *
 *     reading   [next, end) was read from the descriptor and not yet asked for
 *     writing   [0, end) was written by the program and not yet given to the descriptor
 *
 * What is called the descriptor here is for some streams a set of functions (fopencookie, and the streams over memory, which are made
 * of that). The rest of this room reads, writes, seeks and closes by the four functions of backing.c; only vfprintf looks for itself, as
 * it gathers text for a descriptor without a buffer.
 *
 * Bytes pushed back by ungetc are kept apart and come first. The buffer of the three standard streams is
 * static, so that a printf does not move the heap that an experiment watches; a stream that was opened holds
 * its own behind the struct, in one malloc.
 *
 * Locks. Each stream has one, which its holder may take again (flockfile). Every public function holds it for its whole call; the
 * _unlocked functions and all that is named stream_... here want it held. While one stream is held none is waited for, except by
 * the program. The list is under the library's lock (thread/library.h), for a few steps at a time: who walks it pins one stream
 * after the other, and waits for a stream's lock with nothing else in hand. So the order is: streams, then the list. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "../thread/owned.h"

#define STREAM_PUSHED_BACK_MAX 8

enum stream_state {
    STREAM_IDLE,
    STREAM_READING,
    STREAM_WRITING,
};

enum stream_buffering {
    STREAM_UNDECIDED = -1, /* line by line on a terminal, else full: asked at the first use */
    STREAM_FULL = _IOFBF,
    STREAM_LINE = _IOLBF,
    STREAM_UNBUFFERED = _IONBF,
};

/* Instead of a descriptor; no function is missing (cookie.c). */
struct stream_cookie {
    void *argument;
    cookie_io_functions_t call;
};

struct stream {
    struct owned_lock lock;
    int fd; /* is the same from fopen to fclose: fileno does not ask for the lock; -1: there is a cookie */
    bool readable;
    bool writable;
    bool append;
    bool at_end;
    bool failed;
    enum stream_state state;
    enum stream_buffering buffering;
    unsigned char *buffer;
    size_t size;
    size_t next;
    size_t end;
    unsigned int pushed_count;
    unsigned char pushed[STREAM_PUSHED_BACK_MAX]; /* the last one pushed comes first */
    int process;                                  /* popen: the child behind the pipe, else 0 */
    struct stream_cookie *cookie;                 /* else NULL; it goes with the struct */
    void (*give_back)(
        void *); /* the struct itself; NULL: it is static. A program that opens none needs no free. */

    /* The library's lock: */
    struct stream *following; /* list of opened streams */
    unsigned int pins;        /* of threads that walk the list: it stays where it is */
    bool closed;              /* the last who has it pinned takes it out of the list, and frees it */
};

#define STREAM_HOLD(stream) OWNED_HOLD(&(stream)->lock)

/* Into the list; out of it, and the memory goes, at once or when nobody has it pinned. The lock must not be held. */
void stream_link(struct stream *stream);
void stream_discard(struct stream *stream);

/* A walk over all: those of fopen, the last one first, then the three standard ones. NULL begins and ends it. What it returns is pinned until
 * it is asked for the next. */
struct stream *stream_next(struct stream *stream);

/* Does it hold bytes to write? To be asked without its lock, too: the answer may then be a former one. */
bool stream_is_writing(const struct stream *stream);

/* Makes it read or write; false (errno, error flag) when the stream was not opened for that. */
bool stream_begin_reading(struct stream *stream);
bool stream_begin_writing(struct stream *stream);

/* As read, write, lseek and close of the stream's descriptor. Who writes nothing has failed. */
ssize_t backing_read(struct stream *stream, void *to, size_t size);
ssize_t backing_write(struct stream *stream, const void *from, size_t size);
off_t backing_seek(struct stream *stream, off_t offset, int whence);
int backing_close(struct stream *stream);

/* Gives everything written to the descriptor. 0, or EOF with errno and the error flag set. */
int stream_flush_written(struct stream *stream);

/* Forgets what was read ahead, and moves the descriptor's position back to where the program is. */
void stream_drop_read(struct stream *stream);

/* Flushes every stream; what is written later goes out at once. Called by exit. */
void stream_flush_all(void);

/* In a child of fork, under the library's lock. */
void stream_fork_child(void);

/* "r", "w+", "ab", "wxe": the flags for open, or -1 with EINVAL. */
int stream_mode_flags(const char *mode);

/* Readable, writable and append, by what stream_mode_flags said. */
void stream_set_direction(struct stream *stream, int flags);

/* A stream over fd with a buffer of its own; NULL with errno when out of memory. fd stays the caller's on
 * failure. */
struct stream *stream_create(int fd, int flags);
