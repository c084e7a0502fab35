/* SPDX-License-Identifier: MIT */
/* search.c - finding characters and strings in strings, and cutting strings up. */
#include "plainloops.h"

#include <string.h>

char *strchrnul(const char *text, int c)
{
    while (*text != '\0' && *text != (char)c)
        text++;
    return (char *)text;
}

char *strchr(const char *text, int c)
{
    char *at = strchrnul(text, c);

    return *at == (char)c ? at : NULL;
}

char *strrchr(const char *text, int c)
{
    const char *found = NULL;

    for (;; text++) {
        if (*text == (char)c)
            found = text;
        if (*text == '\0')
            return (char *)found;
    }
}

char *index(const char *text, int c)
{
    return strchr(text, c);
}

char *rindex(const char *text, int c)
{
    return strrchr(text, c);
}

char *strstr(const char *text, const char *needle)
{
    size_t length = strlen(needle);

    if (length == 0)
        return (char *)text;
    while ((text = strchr(text, *needle)) != NULL) {
        if (strncmp(text, needle, length) == 0)
            return (char *)text;
        text++;
    }
    return NULL;
}

char *strcasestr(const char *text, const char *needle)
{
    size_t length = strlen(needle);

    for (;; text++) {
        if (strncasecmp(text, needle, length) == 0)
            return (char *)text;
        if (*text == '\0')
            return NULL;
    }
}

size_t strspn(const char *text, const char *accept)
{
    size_t length = 0;

    while (text[length] != '\0' && strchr(accept, text[length]) != NULL)
        length++;
    return length;
}

size_t strcspn(const char *text, const char *reject)
{
    size_t length = 0;

    while (strchr(reject, text[length]) == NULL) /* strchr finds the terminator too, so this ends */
        length++;
    return length;
}

char *strpbrk(const char *text, const char *accept)
{
    text += strcspn(text, accept);
    return *text != '\0' ? (char *)text : NULL;
}

/* The next piece between separators, empty pieces included; *text moves behind it, to NULL after the last. */
char *strsep(char **restrict text, const char *restrict separators)
{
    char *piece = *text;

    if (piece == NULL)
        return NULL;
    char *end = piece + strcspn(piece, separators);
    *text = *end != '\0' ? end + 1 : NULL;
    *end = '\0';
    return piece;
}

/* The next piece that is not empty. */
char *strtok_r(char *restrict text, const char *restrict separators, char **restrict rest)
{
    if (text == NULL)
        text = *rest;
    text += strspn(text, separators);
    if (*text == '\0') {
        *rest = text;
        return NULL;
    }
    char *end = text + strcspn(text, separators);
    *rest = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return text;
}

/* One text at a time for all threads, as C has it. */
char *strtok(char *restrict text, const char *restrict separators)
{
    static char *rest;

    return strtok_r(text, separators, &rest);
}

/* GNU's: what follows the last slash; the path is not changed. */
char *basename(const char *path)
{
    char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : (char *)path;
}
