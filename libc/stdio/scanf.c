/* SPDX-License-Identifier: MIT */
/* scanf.c - the scanf family: the language of scan.c, read from streams and from strings. */
#include "scanf.h"

#include "stream.h"

struct stream_source {
    struct scan_source source;
    FILE *stream;
};

struct string_source {
    struct scan_source source;
    const char *next;
};

static int get_stream(struct scan_source *source)
{
    return getc_unlocked(((struct stream_source *)source)->stream);
}

static void unget_stream(struct scan_source *source, int c)
{
    ungetc(c, ((struct stream_source *)source)->stream);
}

static int get_string(struct scan_source *source)
{
    struct string_source *string = (struct string_source *)source;

    return *string->next != '\0' ? (unsigned char)*string->next++ : EOF;
}

static void unget_string(struct scan_source *source, int c)
{
    (void)c;
    ((struct string_source *)source)->next--;
}

int vfscanf(FILE *restrict stream, const char *restrict format, va_list arguments)
{
    struct stream_source from = {.source = {get_stream, unget_stream}, .stream = stream};

    STREAM_HOLD(stream);
    return scan_from(&from.source, format, arguments);
}

int vsscanf(const char *restrict text, const char *restrict format, va_list arguments)
{
    struct string_source from = {.source = {get_string, unget_string}, .next = text};

    return scan_from(&from.source, format, arguments);
}

int vscanf(const char *restrict format, va_list arguments)
{
    return vfscanf(stdin, format, arguments);
}

int scanf(const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int stored = vfscanf(stdin, format, arguments);
    va_end(arguments);
    return stored;
}

int fscanf(FILE *restrict stream, const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int stored = vfscanf(stream, format, arguments);
    va_end(arguments);
    return stored;
}

int sscanf(const char *restrict text, const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int stored = vsscanf(text, format, arguments);
    va_end(arguments);
    return stored;
}
