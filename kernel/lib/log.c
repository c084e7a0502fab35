/* SPDX-License-Identifier: MIT */
/* log.c - see log.h. Formats a line in pieces on the stack and hands each piece to every sink.
 *
 * There is no ring buffer to read later: what the sinks have taken is gone. Only text from before the first sink is
 * kept, in `early`; what does not fit there is lost and its count is said.
 * log_lock guards everything here, and keeps lines of several CPUs apart. It is no struct spinlock because that
 * belongs to a higher layer, and because a panic must be able to break it. */
#include <lib/log.h>

#include <format.h>
#include <string.h>
#include <x86/cpu.h>

#define EARLY_SIZE (8 * KIB)
#define PIECE_SIZE 256

static uint32_t log_lock;
static bool lock_broken;
static struct log_sink *sinks;
static char early[EARLY_SIZE];
static size_t early_used, early_lost;

struct log_line {
    struct format_sink sink; /* first: found again from the pointer */
    size_t used;
    char last;
    char piece[PIECE_SIZE];
};

static void lock(void)
{
    while (!lock_broken && __atomic_exchange_n(&log_lock, 1, __ATOMIC_ACQUIRE))
        cpu_pause();
}

static void unlock(void)
{
    __atomic_store_n(&log_lock, 0, __ATOMIC_RELEASE);
}

void log_break_lock(void)
{
    lock_broken = true;
}

static void keep_early(const char *bytes, size_t count)
{
    size_t taken = MIN(count, EARLY_SIZE - early_used);

    memcpy(early + early_used, bytes, taken);
    early_used += taken;
    early_lost += count - taken;
}

static void emit(const char *bytes, size_t count)
{
    if (sinks == NULL)
        keep_early(bytes, count);
    for (struct log_sink *sink = sinks; sink != NULL; sink = sink->next)
        sink->write(bytes, count);
}

static void line_flush(struct log_line *line)
{
    if (line->used != 0)
        emit(line->piece, line->used);
    line->used = 0;
}

static void line_put(struct format_sink *sink, const char *bytes, size_t count)
{
    struct log_line *line = CONTAINER_OF(sink, struct log_line, sink);

    while (count != 0) {
        size_t taken = MIN(count, PIECE_SIZE - line->used);
        memcpy(line->piece + line->used, bytes, taken);
        line->used += taken;
        line->last = bytes[taken - 1];
        bytes += taken;
        count -= taken;
        if (line->used == PIECE_SIZE)
            line_flush(line);
    }
}

void log_vline(const char *prefix, const char *format, va_list arguments)
{
    struct log_line line = {.sink.put = line_put};

    lock();
    line_put(&line.sink, prefix, strlen(prefix));
    format_to(&line.sink, format, arguments);
    if (line.last != '\n')
        line_put(&line.sink, "\n", 1);
    line_flush(&line);
    unlock();
}

void log_line(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_vline("", format, arguments);
    va_end(arguments);
}

void log_add_sink(struct log_sink *sink)
{
    lock();
    bool first = sinks == NULL;
    sink->next = sinks;
    sinks = sink;
    if (first) {
        sink->write(early, early_used);
        early_used = 0;
    }
    unlock();
    if (first && early_lost != 0)
        log_line("log: %zu early bytes did not fit and are lost", early_lost);
}

struct text {
    struct format_sink sink;
    char *buffer;
    size_t size, used; /* used: what the whole text needs */
};

static void text_put(struct format_sink *sink, const char *bytes, size_t count)
{
    struct text *text = CONTAINER_OF(sink, struct text, sink);

    if (text->used + 1 < text->size)
        memcpy(text->buffer + text->used, bytes, MIN(count, text->size - 1 - text->used));
    text->used += count;
}

int format_vtext(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct text text = {.sink.put = text_put, .buffer = buffer, .size = size};
    int length = format_to(&text.sink, format, arguments);

    if (size != 0)
        buffer[MIN(text.used, size - 1)] = '\0';
    return length;
}

int format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = format_vtext(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

void text_add(struct text_end *end, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = format_vtext(end->at, end->left, format, arguments);
    va_end(arguments);
    size_t taken = MIN((size_t)MAX(length, 0), end->left - 1);
    end->at += taken;
    end->left -= taken;
}
