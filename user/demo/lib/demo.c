/* SPDX-License-Identifier: MIT */
/* demo.c - the voice of the experiments: title, numbers, and the three closing lines.
 *
 * Standard output gets a static buffer and is flushed line by line: a C library that has to allocate a buffer
 * for it would do so with malloc, in the middle of what is being watched. */
#include "demo.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "look.h"

#define WRAP_COLUMN 78
#define WORD_COLUMN 10

bool demo_exact;

static char output_buffer[4096];
static bool colour;

static void usage(const char *name, const char *options)
{
    fprintf(stderr, "usage: %s [-v] %s\n", name, options);
    exit(2);
}

/* An option is known when its name stands in the usage text after a bracket, as in "[-n MiB]". */
static bool option_known(const char *options, const char *argument)
{
    size_t length = strlen(argument);

    for (const char *at = strchr(options, '['); at; at = strchr(at + 1, '[')) {
        if (strncmp(at + 1, argument, length) == 0 && (at[1 + length] == ']' || at[1 + length] == ' '))
            return true;
    }
    return false;
}

void demo_start(int argc, char **argv, const char *title, const char *options)
{
    const char *name = strrchr(argv[0], '/');
    bool terminal = isatty(STDOUT_FILENO);

    name = name ? name + 1 : argv[0];
    setvbuf(stdout, output_buffer, _IOLBF, sizeof(output_buffer));
    demo_exact = terminal;
    colour = terminal && !getenv("NO_COLOR");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            demo_exact = true;
        else if (argv[i][0] == '-' && !option_known(options, argv[i]))
            usage(name, options);
    }
    look_warm_up();
    printf("%s%s: %s%s\n", colour ? "\033[1m" : "", name, title, colour ? "\033[0m" : "");
}

bool demo_option(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return true;
    }
    return false;
}

unsigned long demo_number(int argc, char **argv, const char *name, unsigned long otherwise)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return strtoul(argv[i + 1], NULL, 0);
    }
    return otherwise;
}

void demo_head_at(const char *file, int line, const char *format, ...)
{
    char text[128];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    trace_mark_at(text, file, line);
    printf("\n%s%s%s\n", colour ? "\033[1m" : "", text, colour ? "\033[0m" : "");
}

/* Prints `text` word by word, in a column of its own behind the label. */
static void print_wrapped(const char *label, const char *text)
{
    int column = printf("%s%-*s%s", colour ? "\033[1m" : "", WORD_COLUMN, label, colour ? "\033[0m" : "");

    column = WORD_COLUMN;
    while (*text) {
        int length = (int)strcspn(text, " ");

        if (column > WORD_COLUMN && column + length > WRAP_COLUMN) {
            printf("\n%*s", WORD_COLUMN, "");
            column = WORD_COLUMN;
        }
        printf("%.*s", length, text);
        column += length;
        text += length;
        if (*text == ' ') {
            text++;
            if (column + 1 + (int)strcspn(text, " ") <= WRAP_COLUMN)
                putchar(' ');
            column++;
        }
    }
    putchar('\n');
}

static void print_closing(const char *label, const char *format, va_list arguments)
{
    char text[768];

    vsnprintf(text, sizeof(text), format, arguments);
    print_wrapped(label, text);
}

void demo_article(const char *format, ...)
{
    va_list arguments;

    putchar('\n');
    va_start(arguments, format);
    print_closing("article:", format, arguments);
    va_end(arguments);
}

void demo_here(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_closing("here:", format, arguments);
    va_end(arguments);
}

void demo_why(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_closing("why:", format, arguments);
    va_end(arguments);
}

/* One of eight buffers in turn, so that one printf can hold several. */
static char *text_slot(void)
{
    static char slots[8][32];
    static unsigned next;

    return slots[next++ % 8];
}

const char *demo_address(const void *address)
{
    uintptr_t value = (uintptr_t)address;
    bool high = value >= 0x7f0000000000 && value < 0x800000000000;
    char *text = text_slot();

    if (high && !demo_exact)
        snprintf(text, 32, "0x%lx......", (unsigned long)(value >> 24));
    else
        snprintf(text, 32, "0x%lx", (unsigned long)value);
    return text;
}

const char *demo_size(unsigned long bytes)
{
    char *text = text_slot();

    if (bytes >= GIB && bytes % GIB == 0)
        snprintf(text, 32, "%lu GiB", bytes / GIB);
    else if (bytes >= MIB && bytes % MIB == 0)
        snprintf(text, 32, "%lu MiB", bytes / MIB);
    else if (bytes >= KIB && bytes % KIB == 0)
        snprintf(text, 32, "%lu KiB", bytes / KIB);
    else
        snprintf(text, 32, "%lu bytes", bytes);
    return text;
}
