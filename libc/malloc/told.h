/* SPDX-License-Identifier: MIT */
/* told.h - the operations of malloc as events, for whoever watches: begin, then what the kernel does for it, then the operation's own
 * record. All of it out of line: malloc itself pays one test of glue_watched. */
#ifndef MALLOC_TOLD_H
#define MALLOC_TOLD_H

#include <stdint.h>

#include "../../kernel/trace/events.h"
#include "allocator.h"
#include "glue.h"

#define TOLD __attribute__((noinline, unused)) static

/* => the operation's number. site: where the program called. */
TOLD uint32_t told_begin(uintptr_t site)
{
    struct trace_begin begin = {.op = __atomic_add_fetch(&glue_operations, 1, __ATOMIC_RELAXED), .pc = site};

    glue_note = (struct glue_note){0};
    glue_tell(TRACE_begin, &begin, sizeof(begin));
    return begin.op;
}

/* chunk and size of a block that the program has. */
TOLD struct heap_block told_look(const void *p)
{
    struct heap_block block = {.chunk = NULL};

    if (p && allocator_chosen->look)
        allocator_chosen->look(p, &block);
    return block;
}

TOLD void told_malloc(uint32_t op, uintptr_t site, size_t bytes, size_t alignment, const void *p)
{
    struct heap_block block = told_look(p);
    struct trace_malloc event = {.op = op,
                                 .size = bytes,
                                 .align = alignment,
                                 .ptr = (uintptr_t)p,
                                 .chunk = (uintptr_t)block.chunk,
                                 .chunk_size = block.size,
                                 .path = p ? glue_note.path : TRACE_malloc_path_none,
                                 .searched = glue_note.searched,
                                 .pc = site};

    glue_tell(TRACE_malloc, &event, sizeof(event));
}

/* block: what it was, looked at before it went. */
TOLD void told_free(uint32_t op, uintptr_t site, const void *p, const struct heap_block *block)
{
    struct trace_free event = {
        .op = op, .ptr = (uintptr_t)p, .chunk_size = block->size, .act = glue_note.act, .pc = site};

    glue_tell(TRACE_free, &event, sizeof(event));
}

TOLD void told_realloc(uint32_t op, uintptr_t site, const void *old, const struct heap_block *before,
                       const void *p, size_t bytes)
{
    struct heap_block after = told_look(p);
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

    glue_tell(TRACE_realloc, &event, sizeof(event));
}

#endif
