/* SPDX-License-Identifier: MIT */
/* map.h - chunks with a mapping of their own, from mmap_threshold bytes on. See map.c. */
#pragma once

#include "chunk.h"

/* A mapped chunk for `request` bytes, all zero; NULL: no memory. */
struct chunk *map_take(size_t request, size_t alignment);
/* Gives the mapping back to the kernel. => c is a mapped chunk, verified */
void map_release(struct chunk *c);
/* The chunk made large enough for `request`, perhaps elsewhere; NULL: refused, c is as it was. */
struct chunk *map_resize(struct chunk *c, size_t request);
/* Is there a mapped chunk at this address? Reads nothing at the address itself. */
bool map_contains(const struct chunk *c);
size_t map_count(void);
/* Calls visit for each mapped chunk; stops early with what visit returned, if not 0. */
int map_each(int (*visit)(const struct chunk *c, void *context), void *context);
