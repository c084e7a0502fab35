/* SPDX-License-Identifier: MIT */
/* memstream.c - streams over memory: a piece of the program's that stays as large as it is (fmemopen), and text that grows by
 * malloc (open_memstream). Both are cookies: what the program writes waits in the stream's buffer, and is in the memory after fflush,
 * fclose or a seek.
 *
 *     0 ....... position ....... length ............ room
 *               next byte        a '\0' lies here   what there is
 *
 * In a piece that stays, the '\0' is written only where it fits; a stream that cannot be read gives its last byte for it.
 * In text that grows, room counts a place for it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

#define FIRST_ROOM 128

struct memory {
    char *bytes;
    size_t position;
    size_t length;
    size_t room;
};

struct fixed {
    struct memory memory;
    int flags; /* of stream_mode_flags */
};

struct growing {
    struct memory memory;
    char **text; /* the program's two variables */
    size_t *size;
};

/* Up to `limit`, which may lie behind the length. */
static int memory_seek(struct memory *memory, off_t *offset, int whence, size_t limit)
{
    off_t base = 0;

    if (whence == SEEK_CUR)
        base = (off_t)memory->position;
    else if (whence == SEEK_END)
        base = (off_t)memory->length;
    else if (whence != SEEK_SET)
        base = -1;
    if (base < 0 || *offset < -base || *offset > (off_t)limit - base) {
        errno = EINVAL;
        return -1;
    }
    *offset += base;
    memory->position = (size_t)*offset;
    return 0;
}

/* => there is room; what a seek left out between the length and the position is zeros. */
static void memory_put(struct memory *memory, const char *from, size_t size)
{
    if (memory->position > memory->length)
        memset(memory->bytes + memory->length, 0, memory->position - memory->length);
    memcpy(memory->bytes + memory->position, from, size);
    memory->position += size;
}

static ssize_t fixed_read(void *cookie, char *to, size_t size)
{
    struct memory *memory = &((struct fixed *)cookie)->memory;

    if (memory->position >= memory->length)
        return 0;
    if (size > memory->length - memory->position)
        size = memory->length - memory->position;
    memcpy(to, memory->bytes + memory->position, size);
    memory->position += size;
    return (ssize_t)size;
}

static ssize_t fixed_write(void *cookie, const char *from, size_t size)
{
    struct fixed *fixed = cookie;
    struct memory *memory = &fixed->memory;

    if ((fixed->flags & O_APPEND) != 0)
        memory->position = memory->length;
    if (size > memory->room - memory->position)
        size = memory->room - memory->position;
    if (size == 0) {
        errno = ENOSPC;
        return -1;
    }
    memory_put(memory, from, size);
    if (memory->position <= memory->length)
        return (ssize_t)size;
    memory->length = memory->position;
    if (memory->length < memory->room)
        memory->bytes[memory->length] = '\0';
    else if ((fixed->flags & O_ACCMODE) == O_WRONLY)
        memory->bytes[memory->room - 1] = '\0';
    return (ssize_t)size;
}

static int fixed_seek(void *cookie, off64_t *offset, int whence)
{
    struct memory *memory = &((struct fixed *)cookie)->memory;

    return memory_seek(memory, offset, whence, memory->room);
}

static int free_cookie(void *cookie)
{
    free(cookie);
    return 0;
}

/* Without memory of the program's it has some of its own, full of zeros, until fclose. */
static struct fixed *fixed_create(char *bytes, size_t size)
{
    if (size > SSIZE_MAX - sizeof(struct fixed)) {
        errno = ENOMEM;
        return NULL;
    }
    struct fixed *fixed = calloc(1, sizeof(*fixed) + (bytes == NULL ? size : 0));
    if (fixed == NULL)
        return NULL;
    fixed->memory.bytes = bytes != NULL ? bytes : (char *)(fixed + 1);
    fixed->memory.room = size;
    return fixed;
}

FILE *fmemopen(void *restrict bytes, size_t size, const char *restrict mode)
{
    int flags = stream_mode_flags(mode);

    if (flags < 0)
        return NULL;
    struct fixed *fixed = fixed_create(bytes, size);
    if (fixed == NULL)
        return NULL;
    fixed->flags = flags;
    if (*mode == 'r')
        fixed->memory.length = size;
    else if (*mode == 'a')
        fixed->memory.position = fixed->memory.length = strnlen(fixed->memory.bytes, size);
    else if ((flags & O_ACCMODE) == O_RDWR && size > 0)
        fixed->memory.bytes[0] = '\0';
    FILE *stream =
        fopencookie(fixed, mode, (cookie_io_functions_t){fixed_read, fixed_write, fixed_seek, free_cookie});
    if (stream == NULL)
        free(fixed);
    return stream;
}

/* Room for `needed` bytes. False when out of memory: what there was stays. */
static bool growing_make_room(struct growing *growing, size_t needed)
{
    struct memory *memory = &growing->memory;

    if (needed <= memory->room)
        return true;
    size_t room = needed > memory->room * 2 ? needed : memory->room * 2;
    char *larger = realloc(memory->bytes, room);
    if (larger == NULL)
        return false;
    memory->bytes = *growing->text = larger;
    memory->room = room;
    return true;
}

/* The program sees the text up to the position, if that is not behind its end. */
static void growing_tell(struct growing *growing)
{
    struct memory *memory = &growing->memory;

    *growing->text = memory->bytes;
    *growing->size = memory->position < memory->length ? memory->position : memory->length;
}

static ssize_t growing_write(void *cookie, const char *from, size_t size)
{
    struct growing *growing = cookie;
    struct memory *memory = &growing->memory;

    if (!growing_make_room(growing, memory->position + size + 1))
        return -1;
    memory_put(memory, from, size);
    if (memory->position > memory->length) {
        memory->length = memory->position;
        memory->bytes[memory->length] = '\0';
    }
    growing_tell(growing);
    return (ssize_t)size;
}

static int growing_seek(void *cookie, off64_t *offset, int whence)
{
    struct growing *growing = cookie;
    int result = memory_seek(&growing->memory, offset, whence, SSIZE_MAX / 2);

    growing_tell(growing);
    return result;
}

/* The text is the program's to free, after fclose. */
FILE *open_memstream(char **text, size_t *size)
{
    struct growing *growing = calloc(1, sizeof(*growing));
    char *bytes = malloc(FIRST_ROOM);
    FILE *stream = NULL;

    if (growing != NULL && bytes != NULL)
        stream = fopencookie(growing, "w",
                             (cookie_io_functions_t){NULL, growing_write, growing_seek, free_cookie});
    if (stream == NULL) {
        free(bytes);
        free(growing);
        return NULL;
    }
    bytes[0] = '\0';
    *growing = (struct growing){.memory = {.bytes = bytes, .room = FIRST_ROOM}, .text = text, .size = size};
    growing_tell(growing);
    return stream;
}
