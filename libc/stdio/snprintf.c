/* SPDX-License-Identifier: MIT */
/* snprintf.c - formatted text into memory: cut to its size, always terminated. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "format_float.h"

struct memory_sink {
    struct format_sink sink;
    char *next;
    size_t room; /* bytes left, the terminator's place not counted */
};

static void put_memory(struct format_sink *sink, const char *bytes, size_t count)
{
    struct memory_sink *memory = (struct memory_sink *)sink;

    if (count > memory->room)
        count = memory->room;
    memcpy(memory->next, bytes, count);
    memory->next += count;
    memory->room -= count;
}

int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list arguments)
{
    char nowhere = '\0'; /* where the terminator goes when there is no room for it */
    struct memory_sink memory = {
        .sink = {.put = put_memory, .floating = format_floating},
        .next = size > 0 ? to : &nowhere,
        .room = size > 0 ? size - 1 : 0,
    };
    int length = format_to(&memory.sink, format, arguments);

    *memory.next = '\0';
    return length;
}

int vsprintf(char *restrict to, const char *restrict format, va_list arguments)
{
    return vsnprintf(to, INT_MAX, format, arguments);
}

int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return length;
}

int sprintf(char *restrict to, const char *restrict format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsprintf(to, format, arguments);
    va_end(arguments);
    return length;
}
