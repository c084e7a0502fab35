/* SPDX-License-Identifier: MIT */
/* heap.h - the state, and the heap's verbs: take, release, resize (heap.c), grow, trim (top.c). */
#pragma once

#include "chunk.h"

/* A contiguous stretch of chunks. Usually there is one: [heap], grown by brk. Another begins where somebody
 * else moved the break in between, or where brk failed and mmap served. All but the first carry this record
 * in front of their first chunk. */
struct segment {
    uintptr_t start; /* the first chunk */
    uintptr_t end;
    struct segment *older;
    size_t mapped_bytes; /* 0: made by brk */
};

struct heap {
    struct chunk *top; /* the free rest of the newest segment; in no bin */
    uintptr_t fresh;   /* bytes of the top from here on were never written: they read zero */
    struct segment *newest;
    struct segment first;

    /* mallopt's parameters */
    size_t mmap_threshold;
    size_t mmap_max;
    size_t trim_threshold;
    size_t top_pad;
    bool checking;
    bool ready;
};

struct heap_block;
extern struct heap heap;

/* A used chunk of `bytes` (see chunk_bytes), its user pointer a multiple of `alignment`; NULL: no memory.
 * The user's bytes from *clean on are known to be zero. */
struct chunk *heap_take(size_t bytes, size_t alignment, uintptr_t *clean);
/* => c is a used chunk of the heap, verified */
void heap_release(struct chunk *c);
/* Makes a used chunk `bytes` long without moving it; false: impossible, nothing changed. */
bool heap_resize(struct chunk *c, size_t bytes);
/* The segment in which a header at this address could stand, NULL: none. */
struct segment *heap_segment(const void *address);

/* Asked for every chunk and every link that is followed: nearly always it is the newest segment. */
static inline bool heap_contains(const struct chunk *c)
{
    const struct segment *s = heap.newest;

    if (!s || (uintptr_t)c % CHUNK_ALIGN != 0)
        return false;
    if ((uintptr_t)c - s->start <= s->end - CHUNK_HEADER - s->start)
        return true;
    return s->older && heap_segment(c);
}

/* Makes the top large enough to give `bytes`; false: neither brk nor mmap had memory. */
bool top_grow(size_t bytes);
/* Cuts `bytes` off the top. => the top keeps at least CHUNK_MIN */
struct chunk *top_take(size_t bytes, uintptr_t *clean);
/* Lowers the break so that `pad` bytes of the top stay; true if it moved. */
bool top_trim(size_t pad);
/* Unmaps a mapped segment that holds nothing but the free chunk c (which is in no bin); true if done. */
bool segment_release(struct chunk *c);

/* See inspect.h. */
int classic_walk(int (*visit)(const struct heap_block *block, void *context), void *context);
const char *classic_check(void);

/* Reads environment and key, once. */
void settings_start(void);
/* mallopt; false: no parameter of ours. */
bool settings_set(int parameter, int value);
