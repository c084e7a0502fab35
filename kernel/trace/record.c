/* SPDX-License-Identifier: MIT */
/* record.c - see record.h. */
#include <trace/record.h>

#include <sched/thread.h>
#include <string.h>
#include <trace/ring.h>

#define TEXT_MAX 255

void trace_record(const struct thread *thread, unsigned event, uint64_t now, uint32_t cause,
                  const void *payload, size_t size, const char *text)
{
    size_t length = text ? MIN(strlen(text), TEXT_MAX) + 1 : 0;
    size_t whole = sizeof(struct record) + size + length;
    struct record *record = (struct record *)ring_room(whole, now);

    *record = (struct record){.event = (uint16_t)event,
                              .time = now,
                              .pid = (uint32_t)thread->pid,
                              .tid = (uint32_t)thread->tid,
                              .cause = cause};
    memcpy(record->payload, payload, size);
    if (text) {
        memcpy(record->payload + size, text, length - 1);
        record->payload[size + length - 1] = 0;
    }
    ring_put(whole, now);
}
