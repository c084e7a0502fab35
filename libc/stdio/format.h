/* SPDX-License-Identifier: MIT */
/* format.h - the printf language, without knowing where the text goes. The kernel compiles format.c too.
 *
 *     struct format_sink    where bytes go; embed it in a struct of your own, find that from the pointer
 *     struct format_spec    one conversion, read: "%-08.3lx" becomes flags, width 8, precision 3, long, 'x'
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum format_length {
    FORMAT_INT,
    FORMAT_CHAR,        /* hh */
    FORMAT_SHORT,       /* h */
    FORMAT_LONG,        /* l, ll, j, z, t: all 64 bits */
    FORMAT_LONG_DOUBLE, /* L */
};

struct format_spec {
    bool left;      /* '-' */
    bool plus;      /* '+' */
    bool space;     /* ' ' */
    bool alternate; /* '#' */
    bool zero;      /* '0' */
    int width;      /* 0: none */
    int precision;  /* -1: none */
    enum format_length length;
    char conversion;
};

#define FORMAT_GATHERED 60 /* a line of /proc, or of a log, in two or three pieces */

struct format_sink {
    /* Takes count bytes; must not fail (it may throw them away). Only format_put calls it, with many pieces at once. */
    void (*put)(struct format_sink *sink, const char *bytes, size_t count);

    /* Takes the double (or long double) from the arguments and prints it as %a %e %f %g and their capitals
     * say. Returns the bytes produced, or -1 when they are more than INT_MAX. NULL where there is no floating
     * point: `?` is printed. */
    int (*floating)(struct format_sink *sink, const struct format_spec *spec, va_list *arguments);

    unsigned int gathered; /* format_put's: pieces that wait for others */
    char bytes[FORMAT_GATHERED];
};

/* Returns the bytes produced, or -1 when the format ends inside a conversion or the text exceeds INT_MAX
 * bytes. */
int format_to(struct format_sink *sink, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* For a floating hook: its bytes, in order. */
void format_put(struct format_sink *sink, const char *bytes, size_t count);

/* For a floating hook: everything around the `body` bytes that it puts itself. With zero_fill the '0' flag
 * counts. format_before puts blanks, prefix (sign, 0x) and zeros; format_after the blanks of a left-justified
 * field. */
void format_before(struct format_sink *sink, const struct format_spec *spec, const char *prefix, size_t body,
                   bool zero_fill);
void format_after(struct format_sink *sink, const struct format_spec *spec, const char *prefix, size_t body);
void format_fill(struct format_sink *sink, char c, size_t count);
