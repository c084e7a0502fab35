/* SPDX-License-Identifier: MIT */
/* asprintf.c - formatted text into memory of its own: measured first, then written. */
#include <stdio.h>
#include <stdlib.h>

int vasprintf(char **restrict to, const char *restrict format, va_list arguments)
{
    va_list measured;

    va_copy(measured, arguments);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (length < 0)
        return -1;
    *to = malloc((size_t)length + 1);
    if (*to == NULL)
        return -1;
    return vsnprintf(*to, (size_t)length + 1, format, arguments);
}

int asprintf(char **restrict to, const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(to, format, arguments);
    va_end(arguments);
    return length;
}
