/* SPDX-License-Identifier: MIT */
/* print.c - the last events in words: a panic's flight recorder.
 *
 *     0.067465 pid 2 malloc op#2 size=1073741824 align=16 ptr=0x7fffb7ff8010 ... path=mmap
 *
 * Records say how long they are only by their kind, so the packets are read from their beginning; the last ones are printed. Fields
 * that are 0 are left out. Nothing is trusted but what record.c has written. */
#include <trace/trace.h>

#include <arch/x86/clock.h>
#include <lib/log.h>
#include <string.h>
#include <trace/record.h>
#include <trace/ring.h>

#define LINE_SIZE 320
#define TAIL_MAX 64

enum kind { END, NUMBER, SIGNED, ADDRESS, CHOICE, CHARACTERS, STRING };

struct field {
    enum kind kind;
    unsigned size;
    const char *name;
    const char *const *labels; /* of a CHOICE */
    unsigned label_count;
};

struct event {
    const char *name;
    const struct field *fields;
};

#define LABEL(enumeration, label) #label,
#define ENUM(name, ...) static const char *const labels_##name[] = {EACH_LABEL(name, __VA_ARGS__)};
#define EVENT(number, name, level, ...)
#include "events.def"
#undef EVENT
#undef ENUM

#define ENUM(name, ...)
#define U8(field) {NUMBER, 1, #field, NULL, 0},
#define U16(field) {NUMBER, 2, #field, NULL, 0},
#define U32(field) {NUMBER, 4, #field, NULL, 0},
#define U64(field) {NUMBER, 8, #field, NULL, 0},
#define I64(field) {SIGNED, 8, #field, NULL, 0},
#define X64(field) {ADDRESS, 8, #field, NULL, 0},
#define E(type, field) {CHOICE, 1, #field, labels_##type, ARRAY_SIZE(labels_##type)},
#define TEXT(length, field) {CHARACTERS, (length), #field, NULL, 0},
#define STRING(field) {STRING, 0, #field, NULL, 0},
#define EVENT(number, name, level, ...)                                                                      \
    static const struct field fields_##name[] = {__VA_ARGS__{END, 0, NULL, NULL, 0}};
#include "events.def"
#undef EVENT
#define EVENT(number, name, level, ...) [number] = {#name, fields_##name},
static const struct event events[] = {
#include "events.def"
};

/* => bytes of the field; *text is what to say of it, "" for nothing. */
static size_t field_in_words(const struct field *field, const uint8_t *at, char *text, size_t size)
{
    uint64_t value = 0;

    text[0] = '\0';
    if (field->kind == STRING || field->kind == CHARACTERS) {
        format_text(text, size, " %s=%.*s", field->name, field->kind == STRING ? 255 : (int)field->size,
                    (const char *)at);
        return field->kind == STRING ? strlen((const char *)at) + 1 : field->size;
    }
    memcpy(&value, at, field->size);
    if (field->kind == CHOICE && value < field->label_count)
        format_text(text, size, " %s=%s", field->name, field->labels[value]);
    else if (value != 0)
        format_text(text, size, field->kind == ADDRESS ? " %s=0x%lx" : " %s=%ld", field->name, value);
    return field->size;
}

/* => bytes of the record, 0: it is none. line: NULL, or where its words go. */
static size_t record_read(const uint8_t *at, char *line)
{
    const struct record *record = (const struct record *)at;
    const uint8_t *payload = record->payload;
    char text[LINE_SIZE];
    size_t used = 0;

    if (record->event >= ARRAY_SIZE(events) || !events[record->event].name)
        return 0;
    if (line)
        used = (size_t)format_text(line, LINE_SIZE,
                                   record->cause ? "  %lu.%06lu pid %u %s op#%u" : "  %lu.%06lu pid %u %s",
                                   record->time / NS_PER_SECOND, record->time / 1000 % 1000000, record->pid,
                                   events[record->event].name, record->cause);
    for (const struct field *field = events[record->event].fields; field->kind != END; field++) {
        payload += field_in_words(field, payload, text, sizeof(text));
        if (line)
            used += strlcpy(line + MIN(used, LINE_SIZE - 1), text, LINE_SIZE - MIN(used, LINE_SIZE - 1));
    }
    return (size_t)(payload - at);
}

/* Notes where the records of a packet begin, the last TAIL_MAX of all that were noted. */
static void packet_scan(const struct packet *packet, const uint8_t *tail[TAIL_MAX], unsigned *count)
{
    const uint8_t *at = packet->records, *end = (const uint8_t *)packet + packet->content_bits / 8;

    for (size_t size; at < end && (size = record_read(at, NULL)) != 0; at += size)
        tail[(*count)++ % TAIL_MAX] = at;
}

void trace_print_tail(unsigned wanted)
{
    static const uint8_t *tail[TAIL_MAX];
    static char line[LINE_SIZE];
    unsigned count = 0;

    if (!trace_ring.started)
        return;
    if (trace_ring.current > 0)
        packet_scan(&trace_ring.packets[(trace_ring.current - 1) % RING_PACKETS], tail, &count);
    packet_scan(&trace_ring.packets[trace_ring.current % RING_PACKETS], tail, &count);
    unsigned shown = MIN(MIN(wanted, TAIL_MAX), count);
    log_line("the last %u events (docs/trace.md):", shown);
    for (unsigned i = count - shown; i < count; i++)
        if (record_read(tail[i % TAIL_MAX], line))
            log_line("%s", line);
}
