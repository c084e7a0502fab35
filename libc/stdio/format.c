/* SPDX-License-Identifier: MIT */
/* format.c - the printf language: text, integers, characters, strings and pointers.
 *
 *     "%" flags* width? ("." precision)? length? conversion        flags: - + space # 0 '
 *
 * Freestanding and without floating point, because the kernel compiles this file as well; format_float.c has
 * the rest. As glibc does: a NULL string prints (null), a NULL pointer (nil), and an unknown conversion
 * prints itself. Not here: positional arguments (%1$d), wide characters, %m. */
#include "format.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#define MOST_DIGITS 22 /* 64 bits in octal */

static void flush(struct format_sink *sink)
{
    unsigned int count = sink->gathered;

    sink->gathered = 0;
    if (count > 0)
        sink->put(sink, sink->bytes, count);
}

void format_put(struct format_sink *sink, const char *bytes, size_t count)
{
    if (count > sizeof(sink->bytes) - sink->gathered)
        flush(sink);
    if (count > sizeof(sink->bytes)) {
        sink->put(sink, bytes, count);
        return;
    }
    memcpy(sink->bytes + sink->gathered, bytes, count);
    sink->gathered += (unsigned int)count;
}

/* Most pieces are empty or a byte. */
static inline void put(struct format_sink *sink, const char *bytes, size_t count)
{
    if (count == 1 && sink->gathered < sizeof(sink->bytes))
        sink->bytes[sink->gathered++] = *bytes;
    else if (count > 0)
        format_put(sink, bytes, count);
}

void format_fill(struct format_sink *sink, char c, size_t count)
{
    char piece[32];

    if (count == 0) /* nearly always */
        return;
    memset(piece, c, sizeof(piece));
    for (; count > sizeof(piece); count -= sizeof(piece))
        put(sink, piece, sizeof(piece));
    put(sink, piece, count);
}

/* What the width asks for beyond `length` bytes. */
static size_t padding(const struct format_spec *spec, size_t length)
{
    return (size_t)spec->width > length ? (size_t)spec->width - length : 0;
}

void format_before(struct format_sink *sink, const struct format_spec *spec, const char *prefix, size_t body,
                   bool zero_fill)
{
    size_t missing = spec->left ? 0 : padding(spec, strlen(prefix) + body);
    bool zeros = zero_fill && spec->zero;

    format_fill(sink, ' ', zeros ? 0 : missing);
    put(sink, prefix, strlen(prefix));
    format_fill(sink, '0', zeros ? missing : 0);
}

void format_after(struct format_sink *sink, const struct format_spec *spec, const char *prefix, size_t body)
{
    if (spec->left)
        format_fill(sink, ' ', padding(spec, strlen(prefix) + body));
}

/* One whole field: prefix, zeros, text, justified. Returns its length. */
static size_t put_field(struct format_sink *sink, const struct format_spec *spec, const char *prefix,
                        size_t zeros, const char *text, size_t length, bool zero_fill)
{
    size_t body = zeros + length, whole = strlen(prefix) + body, missing = padding(spec, whole);

    if (missing == 0) {
        put(sink, prefix, whole - body);
        format_fill(sink, '0', zeros);
        put(sink, text, length);
        return whole;
    }
    format_before(sink, spec, prefix, body, zero_fill);
    format_fill(sink, '0', zeros);
    put(sink, text, length);
    format_after(sink, spec, prefix, body);
    return whole + missing;
}

static intmax_t signed_argument(const struct format_spec *spec, va_list *arguments)
{
    switch (spec->length) {
    case FORMAT_CHAR:
        return (signed char)va_arg(*arguments, int);
    case FORMAT_SHORT:
        return (short)va_arg(*arguments, int);
    case FORMAT_LONG:
    case FORMAT_LONG_DOUBLE:
        return va_arg(*arguments, long);
    default:
        return va_arg(*arguments, int);
    }
}

static uintmax_t unsigned_argument(const struct format_spec *spec, va_list *arguments)
{
    switch (spec->length) {
    case FORMAT_CHAR:
        return (unsigned char)va_arg(*arguments, unsigned int);
    case FORMAT_SHORT:
        return (unsigned short)va_arg(*arguments, unsigned int);
    case FORMAT_LONG:
    case FORMAT_LONG_DOUBLE:
        return va_arg(*arguments, unsigned long);
    default:
        return va_arg(*arguments, unsigned int);
    }
}

static unsigned int base_of(char conversion)
{
    switch (conversion) {
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

/* Writes the digits so that they end at `end`; returns their first. Zero has none: the precision gives it
 * one. */
static char *digits_before(char *end, uintmax_t value, const struct format_spec *spec)
{
    const char *digits = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned int base = base_of(spec->conversion);

    for (; value > 0; value /= base)
        *--end = digits[value % base];
    return end;
}

static size_t put_integer(struct format_sink *sink, const struct format_spec *spec, const char *prefix,
                          uintmax_t value)
{
    char buffer[MOST_DIGITS];
    char *end = buffer + sizeof(buffer);
    char *first = digits_before(end, value, spec);
    size_t length = (size_t)(end - first);
    size_t wanted = spec->precision < 0 ? 1 : (size_t)spec->precision;

    if (spec->alternate && spec->conversion == 'o' && wanted <= length)
        wanted = length + 1; /* '#': an octal number begins with 0 */
    size_t zeros = wanted > length ? wanted - length : 0;
    return put_field(sink, spec, prefix, zeros, first, length, spec->precision < 0);
}

static const char *sign_prefix(const struct format_spec *spec, bool negative)
{
    if (negative)
        return "-";
    if (spec->plus)
        return "+";
    return spec->space ? " " : "";
}

static size_t put_signed(struct format_sink *sink, const struct format_spec *spec, va_list *arguments)
{
    intmax_t value = signed_argument(spec, arguments);
    uintmax_t magnitude = value < 0 ? -(uintmax_t)value : (uintmax_t)value;

    return put_integer(sink, spec, sign_prefix(spec, value < 0), magnitude);
}

static size_t put_unsigned(struct format_sink *sink, const struct format_spec *spec, va_list *arguments)
{
    uintmax_t value = unsigned_argument(spec, arguments);
    const char *prefix = "";

    if (spec->alternate && value != 0 && spec->conversion == 'x')
        prefix = "0x";
    if (spec->alternate && value != 0 && spec->conversion == 'X')
        prefix = "0X";
    return put_integer(sink, spec, prefix, value);
}

static size_t put_string(struct format_sink *sink, const struct format_spec *spec, const char *text)
{
    if (text == NULL) /* "(null)" whole or not at all */
        text = spec->precision >= 0 && spec->precision < 6 ? "" : "(null)";
    size_t length = spec->precision < 0 ? strlen(text) : strnlen(text, (size_t)spec->precision);
    return put_field(sink, spec, "", 0, text, length, false);
}

static size_t put_pointer(struct format_sink *sink, const struct format_spec *spec, va_list *arguments)
{
    uintptr_t value = (uintptr_t)va_arg(*arguments, void *);

    if (value == 0)
        return put_field(sink, spec, "", 0, "(nil)", 5, false);
    return put_integer(sink, spec, "0x", value);
}

static size_t put_character(struct format_sink *sink, const struct format_spec *spec, va_list *arguments)
{
    char c = (char)va_arg(*arguments, int);

    return put_field(sink, spec, "", 0, &c, 1, false);
}

static void store_count(const struct format_spec *spec, size_t count, va_list *arguments)
{
    void *to = va_arg(*arguments, void *);

    switch (spec->length) {
    case FORMAT_CHAR:
        *(signed char *)to = (signed char)count;
        break;
    case FORMAT_SHORT:
        *(short *)to = (short)count;
        break;
    case FORMAT_LONG:
        *(long *)to = (long)count;
        break;
    default:
        *(int *)to = (int)count;
    }
}

static bool read_flag(struct format_spec *spec, char c)
{
    switch (c) {
    case '-':
        spec->left = true;
        return true;
    case '+':
        spec->plus = true;
        return true;
    case ' ':
        spec->space = true;
        return true;
    case '#':
        spec->alternate = true;
        return true;
    case '0':
        spec->zero = true;
        return true;
    case '\'': /* groups of digits: the C locale has none */
        return true;
    }
    return false;
}

/* A number or '*'. Returns what follows; *number is -1 when it exceeds INT_MAX. */
static const char *read_number(const char *at, int *number, va_list *arguments)
{
    if (*at == '*') {
        *number = va_arg(*arguments, int);
        return at + 1;
    }
    long value = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        if (value <= INT_MAX)
            value = value * 10 + (*at - '0');
    *number = value <= INT_MAX ? (int)value : -1;
    return at;
}

static const char *read_length(const char *at, struct format_spec *spec)
{
    switch (*at) {
    case 'h':
        spec->length = at[1] == 'h' ? FORMAT_CHAR : FORMAT_SHORT;
        return at[1] == 'h' ? at + 2 : at + 1;
    case 'l':
        spec->length = FORMAT_LONG;
        return at[1] == 'l' ? at + 2 : at + 1;
    case 'j':
    case 'z':
    case 't':
    case 'q':
        spec->length = FORMAT_LONG;
        return at + 1;
    case 'L':
        spec->length = FORMAT_LONG_DOUBLE;
        return at + 1;
    }
    spec->length = FORMAT_INT;
    return at;
}

/* Flags, width and precision. Returns what follows, or NULL when a number is no int. */
static const char *read_size(const char *at, struct format_spec *spec, va_list *arguments)
{
    while (read_flag(spec, *at))
        at++;

    bool from_argument = *at == '*';
    at = read_number(at, &spec->width, arguments);
    if (spec->width < 0) {
        if (!from_argument || spec->width == INT_MIN)
            return NULL;
        spec->left = true; /* a negative width is the '-' flag and a width */
        spec->width = -spec->width;
    }
    if (*at == '.') {
        from_argument = at[1] == '*';
        at = read_number(at + 1, &spec->precision, arguments);
        if (spec->precision < 0 && !from_argument)
            return NULL;
        if (spec->precision < 0)
            spec->precision = -1; /* a negative precision is none */
    }
    return at;
}

/* Reads what stands behind '%'. Returns what follows the conversion, or NULL when the format ends before it
 * or the width is no int. */
static const char *read_spec(const char *at, struct format_spec *spec, va_list *arguments)
{
    *spec = (struct format_spec){.precision = -1};
    if (*at < 'a' && (at = read_size(at, spec, arguments)) == NULL) /* a small letter begins none of these */
        return NULL;
    at = read_length(at, spec);
    spec->conversion = *at;
    return *at == '\0' ? NULL : at + 1;
}

/* Prints one conversion; text is where it stands in the format. Returns its length, or -1. */
static long put_conversion(struct format_sink *sink, const struct format_spec *spec, va_list *arguments,
                           size_t so_far, const char *text, const char *text_end)
{
    switch (spec->conversion) {
    case 'd':
    case 'i':
        return (long)put_signed(sink, spec, arguments);
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        return (long)put_unsigned(sink, spec, arguments);
    case 'c':
        return (long)put_character(sink, spec, arguments);
    case 's':
        return (long)put_string(sink, spec, va_arg(*arguments, const char *));
    case 'p':
        return (long)put_pointer(sink, spec, arguments);
    case 'n':
        store_count(spec, so_far, arguments);
        return 0;
    case '%':
        put(sink, "%", 1);
        return 1;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        if (sink->floating != NULL)
            return sink->floating(sink, spec, arguments);
        put(sink, "?", 1);
        return 1;
    }
    put(sink, text, (size_t)(text_end - text));
    return text_end - text;
}

int format_to(struct format_sink *sink, const char *format, va_list arguments)
{
    va_list rest; /* an array type: only a copy of our own can be passed on by address */
    size_t total = 0;
    int result = -1;

    va_copy(rest, arguments);
    while (*format != '\0') {
        const char *percent = format;
        while (*percent != '\0' && *percent != '%')
            percent++;
        put(sink, format, (size_t)(percent - format));
        total += (size_t)(percent - format);
        format = percent;
        if (*percent == '\0')
            break;

        struct format_spec spec;
        format = read_spec(percent + 1, &spec, &rest);
        if (format == NULL)
            goto done;
        long count = put_conversion(sink, &spec, &rest, total, percent, format);
        if (count < 0 || (total += (size_t)count) > INT_MAX)
            goto done;
    }
    if (total <= INT_MAX)
        result = (int)total;
done:
    flush(sink);
    va_end(rest);
    return result;
}
