/* SPDX-License-Identifier: MIT */
/* mark.c - <sys/trace.h>. */
#include <malloc/glue.h>
#include <string.h>
#include <sys/trace.h>

#include "../../kernel/trace/events.h"

#define TEXT_MAX 255

void trace_mark_at(const char *text, const char *file, int line)
{
    struct {
        struct trace_mark mark;
        char text[TEXT_MAX + 1];
    } __attribute__((packed)) event;
    size_t length = strnlen(text, TEXT_MAX);
    const char *slash = strrchr(file, '/');

    if (!glue_watched)
        return;
    event.mark = (struct trace_mark){.op = __atomic_add_fetch(&glue_operations, 1, __ATOMIC_RELAXED),
                                     .line = (uint32_t)line};
    strlcpy(event.mark.file, slash ? slash + 1 : file, sizeof(event.mark.file));
    memcpy(event.text, text, length);
    event.text[length] = 0;
    glue_tell(TRACE_mark, &event, sizeof(event.mark) + length + 1);
}
