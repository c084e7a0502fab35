/* SPDX-License-Identifier: MIT */
/* err.c - "program: what: why" on standard error, all of it at one time, and leaving with it. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vwarn(const char *format, va_list arguments)
{
    int number = errno;

    flockfile(stderr);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    if (format != NULL) {
        vfprintf(stderr, format, arguments);
        fputs(": ", stderr);
    }
    fprintf(stderr, "%s\n", strerror(number));
    funlockfile(stderr);
}

void vwarnx(const char *format, va_list arguments)
{
    flockfile(stderr);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    if (format != NULL)
        vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vwarn(format, arguments);
    va_end(arguments);
}

void warnx(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vwarnx(format, arguments);
    va_end(arguments);
}

void err(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vwarn(format, arguments);
    va_end(arguments);
    exit(status);
}

void errx(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vwarnx(format, arguments);
    va_end(arguments);
    exit(status);
}
