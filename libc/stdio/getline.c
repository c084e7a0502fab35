/* SPDX-License-Identifier: MIT */
/* getline.c - lines of any length, in memory that grows by malloc. */
#include <errno.h>
#include <stdlib.h>

#include "stream.h"

#define FIRST_SIZE 120

/* Room for `needed` bytes in *line. False when out of memory; the old line stays valid. */
static int make_room(char **line, size_t *size, size_t needed)
{
    if (*line != NULL && *size >= needed)
        return 1;
    size_t wanted = *line != NULL && *size > 0 ? *size * 2 : FIRST_SIZE;
    char *larger = realloc(*line, wanted);
    if (larger == NULL)
        return 0;
    *line = larger;
    *size = wanted;
    return 1;
}

/* Returns the length with the delimiter; -1 at the end of the file and on an error. */
ssize_t getdelim(char **restrict line, size_t *restrict size, int delimiter, FILE *restrict stream)
{
    size_t length = 0;
    int c;

    if (line == NULL || size == NULL) {
        errno = EINVAL;
        return -1;
    }
    STREAM_HOLD(stream);
    do {
        c = getc_unlocked(stream);
        if (c == EOF)
            break;
        if (!make_room(line, size, length + 2))
            return -1;
        (*line)[length++] = (char)c;
    } while (c != delimiter);
    if (length == 0 || stream->failed)
        return -1;
    (*line)[length] = '\0';
    return (ssize_t)length;
}

ssize_t getline(char **restrict line, size_t *restrict size, FILE *restrict stream)
{
    return getdelim(line, size, '\n', stream);
}
