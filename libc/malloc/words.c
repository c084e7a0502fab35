/* SPDX-License-Identifier: MIT */
/* words.c - lines of text without stdio and without memory, for the last words of a program. See words.h. */
#include "words.h"

#include <stdint.h>
#include <string.h>

#include "glue.h"

static void add(struct text *t, const char *bytes, size_t length)
{
    if (length > sizeof(t->bytes) - t->length)
        length = sizeof(t->bytes) - t->length;
    memcpy(t->bytes + t->length, bytes, length);
    t->length += length;
}

static void add_number(struct text *t, size_t value, unsigned base)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    add(t, digits + at, sizeof(digits) - at);
}

const char *text_choose(const char *english, const char *chinese)
{
    const char *language = glue_environment("LANG");

    return language && strncmp(language, "zh", 2) == 0 ? chinese : english;
}

void text_add(struct text *t, const char *format, va_list arguments)
{
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            add(t, at, 1);
        } else if (*++at == 's') {
            const char *string = va_arg(arguments, const char *);

            add(t, string, strlen(string));
        } else if (*at == 'z') {
            add_number(t, va_arg(arguments, size_t), 10);
        } else {
            add(t, "0x", 2);
            add_number(t, (uintptr_t)va_arg(arguments, const void *), 16);
        }
    }
    add(t, "\n", 1);
}

void text_say(struct text *t, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_add(t, format, arguments);
    va_end(arguments);
}

void text_die(const struct text *t)
{
    glue_die(t->bytes, t->length);
}
