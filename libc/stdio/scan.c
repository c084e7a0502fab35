/* SPDX-License-Identifier: MIT */
/* scan.c - the scanf language: d i u o x X p, a e f g, s c [ ], n, %.
 *
 *     "%" "*"? width? length? conversion
 *
 * One byte can be put back, as C demands of a stream; so a number is read as far as its grammar goes, and
 * fails when it stops in the middle ("0x", "1e+"), where its bytes are gone. 'm' (allocate) and wide
 * characters are not here. */
#include "scanf.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 512 /* characters of a number; more fail to match */

enum scan_length {
    SCAN_INT,
    SCAN_CHAR,
    SCAN_SHORT,
    SCAN_LONG,
    SCAN_LONG_DOUBLE,
};

struct scan {
    struct scan_source *source;
    long consumed;
    bool suppressed; /* '*' */
    int width;       /* INT_MAX without one */
    enum scan_length length;
    char conversion;
};

enum outcome {
    MATCHED,
    MISMATCHED,
    ENDED, /* the text ended before the first byte of it */
};

static int get(struct scan *scan)
{
    int c = scan->source->get(scan->source);

    if (c != EOF)
        scan->consumed++;
    return c;
}

static void unget(struct scan *scan, int c)
{
    if (c == EOF)
        return;
    scan->source->unget(scan->source, c);
    scan->consumed--;
}

static void skip_space(struct scan *scan)
{
    int c;

    do
        c = get(scan);
    while (c != EOF && isspace(c));
    unget(scan, c);
}

/* Characters of a number, taken while the width lasts. */
struct number_text {
    struct scan *scan;
    int left;
    size_t length;
    char text[NUMBER_SIZE];
};

/* Takes the next byte if it is one of `wanted` (lower case stands for both). */
static bool take(struct number_text *number, const char *wanted)
{
    if (number->left == 0 || number->length == NUMBER_SIZE - 1)
        return false;
    int c = get(number->scan);
    if (c == EOF || c == '\0' || strchr(wanted, tolower(c)) == NULL) {
        unget(number->scan, c);
        return false;
    }
    number->text[number->length++] = (char)c;
    number->text[number->length] = '\0';
    number->left--;
    return true;
}

static bool take_all(struct number_text *number, const char *wanted)
{
    bool any = false;

    while (take(number, wanted))
        any = true;
    return any;
}

static const char *digits_of(int base)
{
    switch (base) {
    case 8:
        return "01234567";
    case 10:
        return "0123456789";
    default:
        return "0123456789abcdef";
    }
}

static int base_of(char conversion)
{
    switch (conversion) {
    case 'i':
        return 0;
    case 'o':
        return 8;
    case 'x':
    case 'X':
    case 'p':
        return 16;
    default:
        return 10;
    }
}

/* [sign] [0x] digits. False when no digit is there, or none behind 0x. */
static bool take_integer(struct number_text *number, int base)
{
    bool any = false;

    take(number, "+-");
    if ((base == 0 || base == 16) && take(number, "0")) {
        any = true;
        if (take(number, "x")) {
            base = 16;
            any = false;
        } else if (base == 0) {
            base = 8;
        }
    }
    if (base == 0)
        base = 10;
    return take_all(number, digits_of(base)) || any;
}

/* [sign] inf | nan | [0x] digits [. digits] [exponent]. False when it stops in the middle. */
static bool take_floating(struct number_text *number)
{
    const char *digits = "0123456789", *exponent = "e";
    bool any = false;

    take(number, "+-");
    if (take(number, "n"))
        return take(number, "a") && take(number, "n");
    if (take(number, "i")) {
        if (!take(number, "n") || !take(number, "f"))
            return false;
        return !take(number, "i") ||
               (take(number, "n") && take(number, "i") && take(number, "t") && take(number, "y"));
    }
    if (take(number, "0")) {
        any = true;
        if (take(number, "x")) {
            digits = "0123456789abcdef";
            exponent = "p";
            any = false;
        }
    }
    any |= take_all(number, digits);
    if (take(number, "."))
        any |= take_all(number, digits);
    if (!any)
        return false;
    if (!take(number, exponent))
        return true;
    take(number, "+-");
    return take_all(number, "0123456789");
}

static void store_integer(const struct scan *scan, uintmax_t value, va_list *arguments)
{
    void *to = va_arg(*arguments, void *);

    switch (scan->length) {
    case SCAN_CHAR:
        *(unsigned char *)to = (unsigned char)value;
        break;
    case SCAN_SHORT:
        *(unsigned short *)to = (unsigned short)value;
        break;
    case SCAN_INT:
        *(unsigned int *)to = (unsigned int)value;
        break;
    default:
        *(unsigned long *)to = value;
    }
}

static void store_floating(const struct scan *scan, const char *text, va_list *arguments)
{
    void *to = va_arg(*arguments, void *);

    switch (scan->length) {
    case SCAN_LONG:
        *(double *)to = strtod(text, NULL);
        break;
    case SCAN_LONG_DOUBLE:
        *(long double *)to = strtold(text, NULL);
        break;
    default:
        *(float *)to = strtof(text, NULL);
    }
}

static enum outcome nothing_taken(struct scan *scan)
{
    int c = get(scan);

    unget(scan, c);
    return c == EOF ? ENDED : MISMATCHED;
}

static enum outcome scan_integer(struct scan *scan, va_list *arguments)
{
    struct number_text number = {.scan = scan, .left = scan->width};
    int base = base_of(scan->conversion);
    bool is_signed = scan->conversion == 'd' || scan->conversion == 'i';

    if (scan->conversion == 'p')
        scan->length = SCAN_LONG;
    if (!take_integer(&number, base))
        return number.length == 0 ? nothing_taken(scan) : MISMATCHED;
    if (!scan->suppressed)
        store_integer(scan,
                      is_signed ? (uintmax_t)strtoimax(number.text, NULL, base)
                                : strtoumax(number.text, NULL, base),
                      arguments);
    return MATCHED;
}

static enum outcome scan_floating(struct scan *scan, va_list *arguments)
{
    struct number_text number = {.scan = scan, .left = scan->width};

    if (!take_floating(&number))
        return number.length == 0 ? nothing_taken(scan) : MISMATCHED;
    if (!scan->suppressed)
        store_floating(scan, number.text, arguments);
    return MATCHED;
}

/* One bit for each byte value. */
struct byte_set {
    unsigned char member[UCHAR_MAX + 1];
};

/* Reads a set behind '['; returns what follows its ']', or NULL when there is none. "]" first is a member. */
static const char *read_set(const char *at, struct byte_set *set)
{
    bool inverted = *at == '^';

    memset(set->member, inverted, sizeof(set->member));
    if (inverted)
        at++;
    for (const char *first = at; *at != ']' || at == first; at++) {
        if (*at == '\0')
            return NULL;
        int from = (unsigned char)*at, to = from;
        if (at[1] == '-' && at[2] != ']' && at[2] != '\0') {
            to = (unsigned char)at[2];
            at += 2;
        }
        for (int c = from; c <= to; c++)
            set->member[c] = !inverted;
    }
    return at + 1;
}

/* Bytes of the set, up to the width; terminated unless the conversion is 'c'. */
static enum outcome scan_bytes(struct scan *scan, const struct byte_set *set, va_list *arguments)
{
    char *to = scan->suppressed ? NULL : va_arg(*arguments, char *);
    int length = 0, c = 0;

    while (length < scan->width && (c = get(scan)) != EOF && set->member[c]) {
        if (to != NULL)
            to[length] = (char)c;
        length++;
    }
    if (length < scan->width)
        unget(scan, c);
    if (length == 0)
        return c == EOF ? ENDED : MISMATCHED;
    if (scan->conversion == 'c')
        return length == scan->width ? MATCHED : MISMATCHED;
    if (to != NULL)
        to[length] = '\0';
    return MATCHED;
}

static void set_of_conversion(struct byte_set *set, char conversion)
{
    for (int c = 0; c <= UCHAR_MAX; c++)
        set->member[c] = conversion == 'c' || !isspace(c);
}

static enum outcome scan_percent(struct scan *scan)
{
    int c = get(scan);

    if (c == '%')
        return MATCHED;
    unget(scan, c);
    return c == EOF ? ENDED : MISMATCHED;
}

static const char *read_length(const char *at, struct scan *scan)
{
    scan->length = SCAN_INT;
    switch (*at) {
    case 'h':
        scan->length = at[1] == 'h' ? SCAN_CHAR : SCAN_SHORT;
        return at[1] == 'h' ? at + 2 : at + 1;
    case 'l':
        scan->length = SCAN_LONG;
        return at[1] == 'l' ? at + 2 : at + 1;
    case 'j':
    case 'z':
    case 't':
    case 'q':
        scan->length = SCAN_LONG;
        return at + 1;
    case 'L':
        scan->length = SCAN_LONG_DOUBLE;
        return at + 1;
    }
    return at;
}

/* Reads what stands behind '%'; returns what follows, or NULL when it is no conversion. */
static const char *read_conversion(const char *at, struct scan *scan, struct byte_set *set)
{
    scan->suppressed = *at == '*';
    if (scan->suppressed)
        at++;
    scan->width = 0;
    for (; isdigit((unsigned char)*at); at++)
        if (scan->width < INT_MAX / 10)
            scan->width = scan->width * 10 + (*at - '0');
    at = read_length(at, scan);
    scan->conversion = *at;
    if (scan->width == 0)
        scan->width = scan->conversion == 'c' ? 1 : INT_MAX;
    if (*at == '[')
        return read_set(at + 1, set);
    if (*at == 'c' || *at == 's')
        set_of_conversion(set, *at);
    return *at == '\0' ? NULL : at + 1;
}

static enum outcome scan_conversion(struct scan *scan, const struct byte_set *set, va_list *arguments)
{
    switch (scan->conversion) {
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
    case 'p':
        return scan_integer(scan, arguments);
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        return scan_floating(scan, arguments);
    case 's':
    case 'c':
    case '[':
        return scan_bytes(scan, set, arguments);
    case '%':
        return scan_percent(scan);
    }
    return MISMATCHED;
}

/* A byte of the format that is neither blank nor '%'. */
static enum outcome scan_literal(struct scan *scan, char wanted)
{
    int c = get(scan);

    if (c == (unsigned char)wanted)
        return MATCHED;
    unget(scan, c);
    return c == EOF ? ENDED : MISMATCHED;
}

int scan_from(struct scan_source *source, const char *format, va_list arguments)
{
    struct scan scan = {.source = source};
    enum outcome outcome = MATCHED;
    struct byte_set set;
    int stored = 0;
    va_list rest;

    va_copy(rest, arguments);
    while (*format != '\0' && outcome == MATCHED) {
        if (isspace((unsigned char)*format)) {
            skip_space(&scan);
            format++;
            continue;
        }
        if (*format != '%') {
            outcome = scan_literal(&scan, *format++);
            continue;
        }
        format = read_conversion(format + 1, &scan, &set);
        if (format == NULL)
            break;
        if (scan.conversion == 'n') {
            if (!scan.suppressed)
                store_integer(&scan, (uintmax_t)scan.consumed, &rest);
            continue;
        }
        if (scan.conversion != 'c' && scan.conversion != '[')
            skip_space(&scan);
        outcome = scan_conversion(&scan, &set, &rest);
        if (outcome == MATCHED && !scan.suppressed && scan.conversion != '%')
            stored++;
    }
    va_end(rest);
    return outcome == ENDED && stored == 0 ? EOF : stored;
}
