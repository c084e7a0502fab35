/* SPDX-License-Identifier: MIT */
/* told.h - the operations of malloc as events, for whoever watches: begin, then what the kernel does for it, then the operation's own
 * record. All of it out of line: malloc itself pays one test of glue_watched. */
#pragma once

#include <stdint.h>

#include "../../kernel/trace/events.h"
#include "blocks.h"
#include "glue.h"

#define TOLD __attribute__((noinline, unused)) static

/* One operation may use another: only the outer one is told. */
static _Thread_local bool told_open;

/* => the operation's number, 0: it is part of another. site: where the program called. */
TOLD uint32_t told_begin(uintptr_t site)
{
    if (told_open)
        return 0;
    told_open = true;

    struct trace_begin begin = {.op = __atomic_add_fetch(&glue_operations, 1, __ATOMIC_RELAXED), .pc = site};

    glue_note = (struct glue_note){0};
    glue_tell(TRACE_begin, &begin, sizeof(begin));
    return begin.op;
}

TOLD struct heap_block told_block(const void *p)
{
    return p ? block_look("malloc", p) : (struct heap_block){.chunk = NULL};
}

TOLD void told_end(unsigned event, const void *payload, size_t size)
{
    glue_tell(event, payload, size);
    told_open = false;
}

TOLD void told_malloc(uint32_t op, uintptr_t site, size_t bytes, size_t alignment, const void *p)
{
    if (!op)
        return;

    struct heap_block block = told_block(p);
    struct trace_malloc event = {.op = op,
                                 .size = bytes,
                                 .align = alignment,
                                 .ptr = (uintptr_t)p,
                                 .chunk = (uintptr_t)block.chunk,
                                 .chunk_size = block.size,
                                 .path = p ? glue_note.path : TRACE_malloc_path_none,
                                 .searched = glue_note.searched,
                                 .pc = site};

    told_end(TRACE_malloc, &event, sizeof(event));
}

/* block: what it was, looked at before it went. */
TOLD void told_free(uint32_t op, uintptr_t site, const void *p, const struct heap_block *block)
{
    if (!op)
        return;

    struct trace_free event = {
        .op = op, .ptr = (uintptr_t)p, .chunk_size = block->size, .act = glue_note.act, .pc = site};

    told_end(TRACE_free, &event, sizeof(event));
}

TOLD void told_realloc(uint32_t op, uintptr_t site, const void *old, const struct heap_block *before,
                       const void *p, size_t bytes)
{
    if (!op)
        return;

    struct heap_block after = told_block(p);
    bool stays = p == old;
    uint8_t act = !p                                         ? TRACE_realloc_act_none
                  : glue_note.act == TRACE_realloc_act_remap ? TRACE_realloc_act_remap
                  : stays && after.size > before->size       ? TRACE_realloc_act_grow
                  : stays                                    ? TRACE_realloc_act_in_place
                                                             : TRACE_realloc_act_move;
    struct trace_realloc event = {.op = op,
                                  .old_ptr = (uintptr_t)old,
                                  .ptr = (uintptr_t)p,
                                  .old_size = before->size,
                                  .size = bytes,
                                  .chunk = (uintptr_t)after.chunk,
                                  .chunk_size = after.size,
                                  .act = act,
                                  .pc = site};

    told_end(TRACE_realloc, &event, sizeof(event));
}
