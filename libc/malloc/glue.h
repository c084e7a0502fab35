/* SPDX-License-Identifier: MIT */
/* glue.h - the whole seam between the allocator and the world it runs in.
 *
 * The other files of this folder call nothing else from outside except memcpy, memset, strlen and errno. A
 * new home for the allocator is one new filling of this header: glue_libc.c is the one for programs in
 * ring 3, tests/host/malloc/glue_host.c simulates a machine whose n-th request fails.
 *
 * None of these functions may call malloc. Under malloc.c all but glue_lock are called with its lock held; the
 * product calls them from any thread at any time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../kernel/trace/events.h"
#include "names.h"

#define GLUE_PAGE ((size_t)4096)

/* Pages. `bytes` is a multiple of GLUE_PAGE.
 * map:   fresh pages, readable and writable, zero, page-aligned; NULL when refused.
 * unmap: gives back exactly what one map or remap returned.
 * remap: same contents at a new size (new bytes zero), possibly elsewhere. NULL: refused, the old pages
 *        are as they were (a kernel without mremap refuses always; the caller then copies). */
void *glue_pages_map(size_t bytes);
void glue_pages_unmap(void *pages, size_t bytes);
void *glue_pages_remap(void *pages, size_t old_bytes, size_t new_bytes);

/* reserve: addresses without access, which cost nothing; NULL when refused.
 * protect: gives or takes away access to pages that were mapped or reserved; false: refused.
 * discard: the contents are no longer needed: the pages stay and read zero. */
void *glue_pages_reserve(size_t bytes);
bool glue_pages_protect(void *pages, size_t bytes, bool access);
void glue_pages_discard(void *pages, size_t bytes);

/* The break. Others may move it too (sbrk in the program), so it is asked for before every use.
 * glue_break:     where it is now, byte-exact; 0 where there is none.
 * glue_break_set: moves it up or down; false: refused, nothing moved. Bytes that it gains read zero,
 *                 except the rest of a page that was already there. */
uintptr_t glue_break(void);
bool glue_break_set(uintptr_t address);

/* Locks are words that begin as 0. Not recursive. glue_lock and glue_unlock: one around everything. GLUE_HOLD: until the end of the
 * block that it stands in, however that is left. */
void glue_take(int *word);
bool glue_try(int *word);
void glue_drop(int *word);
void glue_lock(void);
void glue_unlock(void);
static inline int *glue_hold(int *word)
{
    glue_take(word);
    return word;
}
static inline void glue_leave(int **word)
{
    glue_drop(*word);
}
#define GLUE_HOLD(word) __attribute__((cleanup(glue_leave), unused)) int *held_lock = glue_hold(&(word))

/* Somebody watches (Faultline's event stream; never on Linux): told.h then tells each operation, by glue_tell. What an operation
 * did on its way is noted here as it happens, by the seam itself (brk, mmap) and by the allocators. */
struct glue_note {
    uint8_t path; /* enum trace_malloc_path */
    uint8_t act;  /* enum trace_free_act, trace_realloc_act */
    uint32_t searched;
};
extern _Thread_local struct glue_note glue_note __attribute__((tls_model("initial-exec")));
/* The first word counts; only the seam's own, that the kernel had to be asked, replaces it. */
static inline void glue_note_path(uint8_t path)
{
    if (!glue_note.path)
        glue_note.path = path;
}
extern bool glue_watched;
extern uint32_t glue_operations; /* so many have been told; marks count too */
void glue_tell(unsigned event, const void *payload, size_t size);

/* How many processors this process may use, and: this thread will soon have memory that malloc wants back at its end (by
 * a call of cache_leave). It may call malloc. */
unsigned glue_processors(void);
void glue_thread_begins(void);

/* The key of the header seals, asked for once, before the first chunk. Any value works, best a secret. */
uint64_t glue_random(void);

/* The value of an environment variable, NULL if unset (or if the program must not trust its environment). */
const char *glue_environment(const char *name);

/* Writes `length` bytes of finished lines to standard error; glue_die: and ends the program as abort() does. */
void glue_say(const char *lines, size_t length);
_Noreturn void glue_die(const char *lines, size_t length);
