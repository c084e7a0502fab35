/* SPDX-License-Identifier: MIT */
/* record.h - one record: header, context, payload. */
#pragma once

#include <types.h>

struct thread;

struct record {
    uint16_t event;
    uint64_t time;
    uint32_t pid, tid, cause;
    uint8_t payload[];
} __attribute__((packed));

/* In the context of `thread`. text: the event's STRING, or NULL. */
void trace_record(const struct thread *thread, unsigned event, uint64_t now, uint32_t cause,
                  const void *payload, size_t size, const char *text);
