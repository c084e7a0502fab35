/* SPDX-License-Identifier: MIT */
/* strdup.c - strings copied into malloc's memory: the part of <string.h> that the kernel does not have. */
#include <stdlib.h>
#include <string.h>

char *strndup(const char *text, size_t limit)
{
    size_t length = strnlen(text, limit);
    char *copy = malloc(length + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *strdup(const char *text)
{
    return strndup(text, (size_t)-1);
}
