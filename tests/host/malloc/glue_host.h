/* SPDX-License-Identifier: MIT */
/* glue_host.h - the seam's filling for host tests: a machine that can be told to refuse.
 *
 * The break moves inside an arena of its own, mappings are real ones. What lies above the break is not
 * accessible, what comes back by growing again reads zero: as with a kernel.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_BYTES ((size_t)256 << 20)

struct host {
    size_t requests;  /* for memory so far: break up, map, remap */
    size_t fail_at;   /* the request with this number is refused; 0: none */
    size_t fail_from; /* requests from this number on are refused; 0: none */
    bool refuse_break;
    bool refuse_map;
    bool refuse_remap;
    size_t break_moves;
    size_t discards; /* calls so far that gave pages back */
    size_t mappings; /* live ones */
    size_t mapped_bytes;
    const char *environment[8]; /* "NAME=VALUE", ends with NULL */
};

extern struct host host;

/* Call once, before the first malloc. `offset`: how far into its first page the break begins. */
void host_start(size_t offset);
uintptr_t host_arena(void);
uintptr_t host_break(void);
/* Moves the break as a program does that calls sbrk by itself. */
void host_sbrk(intptr_t bytes);
/* Pages of the arena that have a frame. */
size_t host_resident(void);
