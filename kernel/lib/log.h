/* SPDX-License-Identifier: MIT */
/* log.h - the kernel log: lines for people, written at once to the sinks that drivers have registered. */
#pragma once

#include <stdarg.h>
#include <types.h>

/* printf without floating point (libc/stdio/format.c). One call, one line: a newline is added where it is missing. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same after a fixed prefix. */
void log_vline(const char *prefix, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* snprintf for the kernel: always NUL-terminated when size > 0.
 * => the bytes that the whole text would have needed, without the NUL. */
int format_text(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int format_vtext(char *buffer, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* The end of a text that grows in a buffer, and the room left behind it (the NUL's included). */
struct text_end {
    char *at;
    size_t left;
};
/* Appends as much as has room. */
void text_add(struct text_end *end, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A place where log bytes go (serial line, debug console). */
struct log_sink {
    void (*write)(const char *bytes, size_t count);
    struct log_sink *next;
};

/* Early text is kept (8 KiB) and given to the first sink that comes. `sink` stays the caller's, for ever. */
void log_add_sink(struct log_sink *sink);

/* For a panic: from now on nobody waits for the log, because its holder may be the one who died. */
void log_break_lock(void);
