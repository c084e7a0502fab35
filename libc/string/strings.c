/* SPDX-License-Identifier: MIT */
/* strings.c - measuring, copying and joining strings. */
#include "plainloops.h"

#include <string.h>

size_t strlen(const char *text)
{
    const char *end = text;

    while (*end != '\0')
        end++;
    return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && text[length] != '\0')
        length++;
    return length;
}

/* Returns the end of the copy. */
char *stpcpy(char *restrict to, const char *restrict from)
{
    size_t length = strlen(from);

    memcpy(to, from, length + 1);
    return to + length;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    stpcpy(to, from);
    return to;
}

/* Fills all count bytes, with zeros after the text; no terminator when the text is too long. */
char *stpncpy(char *restrict to, const char *restrict from, size_t count)
{
    size_t length = strnlen(from, count);

    memcpy(to, from, length);
    memset(to + length, 0, count - length);
    return to + length;
}

char *strncpy(char *restrict to, const char *restrict from, size_t count)
{
    stpncpy(to, from, count);
    return to;
}

/* Cuts to size - 1 bytes, always terminates (unless size is 0), and returns the length that the text has. */
size_t strlcpy(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strlen(from);

    if (size == 0)
        return length;
    size_t copied = length < size ? length : size - 1;
    memcpy(to, from, copied);
    to[copied] = '\0';
    return length;
}

size_t strlcat(char *restrict to, const char *restrict from, size_t size)
{
    size_t used = strnlen(to, size);

    return used + strlcpy(to + used, from, size - used);
}

char *strcat(char *restrict to, const char *restrict from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t count)
{
    size_t length = strnlen(from, count);
    char *end = to + strlen(to);

    memcpy(end, from, length);
    end[length] = '\0';
    return to;
}
