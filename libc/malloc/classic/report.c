/* SPDX-License-Identifier: MIT */
/* report.c - the last words: what was wrong, in glibc's words and in plain ones, then abort.
 *
 * First line: exactly what glibc 2.36 prints for the case, so that what one finds in the world about that
 * line helps here. Then what happened to which address, and what to try (words.def).
 *
 * glibc picks its words by the path that happened to notice. Here the choice is:
 *     double free    small enough for glibc's tcache: "free(): double free detected in tcache 2",
 *                    now the start of the top: "double free or corruption (top)", else "... (!prev)"
 *     no block       "free(): invalid pointer", where a mapped block could start
 *                    "munmap_chunk(): invalid pointer"
 *     header damaged "free(): invalid size"
 * A ring of the last frees makes the difference between "never was a block" and "was freed before".
 *
 * Nothing here allocates. Guarded by the allocator's lock, which is never given back.
 */
#include "report.h"

#include <string.h>

#include "malloc/glue.h"
#include "malloc/words.h"
#include "guard.h"
#include "heap.h"
#include "map.h"

#define TCACHE_MAX ((size_t)1032) /* the largest request that glibc keeps in its tcache */
#define RECENT 64

static struct {
    const void *user;
    size_t capacity;
    bool mapped;
} recent[RECENT];
static size_t frees;

void report_remember(const struct chunk *c)
{
    size_t i = frees++ % RECENT;

    recent[i].user = chunk_user(c);
    recent[i].capacity = chunk_flags(c) & CHUNK_GUARDED ? guard_usable(c) : chunk_capacity(c);
    recent[i].mapped = chunk_flags(c) & CHUNK_MAPPED;
}

/* How many frees ago p was freed (1: by the last one), 0: not among the last ones. */
static size_t freed_ago(const void *p)
{
    for (size_t ago = 1; ago <= RECENT && ago <= frees; ago++)
        if (recent[(frees - ago) % RECENT].user == p)
            return ago;
    return 0;
}

/* The last chunk of the segment that starts at or before c and can be reached from the segment's start. */
static const struct chunk *chunk_around(const struct segment *s, const struct chunk *c)
{
    const struct chunk *at = chunk_at(s->start);

    while (chunk_sealed(at) && chunk_next(at) <= c && (uintptr_t)chunk_next(at) < s->end)
        at = chunk_next(at);
    return at;
}

static _Noreturn void die_double_free(struct text *t, const char *caller, const void *p, size_t ago)
{
    const struct chunk *c = chunk_of(p);
    size_t last = (frees - ago) % RECENT;
    bool mapped = ago && recent[last].mapped;
    size_t capacity = ago ? recent[last].capacity : chunk_capacity(c);

    if (strcmp(caller, "free") != 0)
        text_say(t, "%s(): invalid pointer", caller);
    else if (mapped)
        text_say(t, "munmap_chunk(): invalid pointer");
    else if (capacity <= TCACHE_MAX)
        text_say(t, "free(): double free detected in tcache 2");
    else
        text_say(t, "double free or corruption %s", c == heap.top ? "(top)" : "(!prev)");
    if (ago == 1)
        text_say(t, TEXT(freed_once), caller, p, capacity, mapped ? TEXT(mapping_gone) : "");
    else if (ago)
        text_say(t, TEXT(freed_ago), caller, p, capacity, ago, mapped ? TEXT(mapping_gone) : "");
    else
        text_say(t, TEXT(freed_before), caller, p, c == heap.top ? TEXT(the_top) : TEXT(free_chunk),
                 chunk_size(c));
    text_say(t, TEXT(try_owner));
    text_die(t);
}

static _Noreturn void die_inside(struct text *t, const char *caller, const void *p,
                                 const struct chunk *around)
{
    size_t offset = (uintptr_t)p - (uintptr_t)chunk_user(around);

    text_say(t, "%s(): invalid pointer", caller);
    text_say(t, TEXT(inside), caller, p, offset, chunk_user(around),
             chunk_is_used(around) ? TEXT(a_block) : TEXT(free_chunk), chunk_capacity(around));
    text_say(t, TEXT(try_same));
    text_die(t);
}

static _Noreturn void die_damaged(struct text *t, const char *caller, const void *p,
                                  const struct chunk *damaged)
{
    bool own = damaged == chunk_of(p);

    text_say(t, "%s(): invalid %s", caller, strcmp(caller, "free") == 0 ? "size" : "pointer");
    text_say(t, TEXT(header_lost), caller, p, (const void *)damaged, own ? "" : TEXT(heap_lost));
    text_say(t, TEXT(try_before));
    text_die(t);
}

static _Noreturn void die_elsewhere(struct text *t, const char *caller, const void *p)
{
    bool may_be_row = (uintptr_t)p % GLUE_PAGE == CHUNK_HEADER && strcmp(caller, "free") == 0;

    text_say(t, "%s(): invalid pointer", may_be_row ? "munmap_chunk" : caller);
    text_say(t, TEXT(elsewhere), caller, p);
    text_say(t, TEXT(try_malloced));
    text_die(t);
}

struct search {
    const void *p;
    const struct chunk *found;
};

static int is_around(const struct chunk *c, void *context)
{
    struct search *search = context;

    if ((uintptr_t)search->p < (uintptr_t)c || (uintptr_t)search->p - (uintptr_t)c >= chunk_size(c))
        return 0;
    search->found = c;
    return 1;
}

void report_bad_pointer(const char *caller, const void *p)
{
    struct text t = {.length = 0};
    struct search mapped = {p, NULL};
    const struct chunk *c = chunk_of(p);
    const struct segment *s = heap_segment(c);
    const struct chunk *around = s ? chunk_around(s, c) : NULL;
    size_t ago = freed_ago(p);

    if ((uintptr_t)p % CHUNK_ALIGN != 0) {
        text_say(&t, "%s(): invalid pointer", caller);
        text_say(&t, TEXT(not_aligned), caller, p);
        text_say(&t, TEXT(try_same));
        text_die(&t);
    }
    if (map_contains(c)) {
        text_say(&t, "munmap_chunk(): invalid pointer");
        text_say(&t, TEXT(mapped_header), caller, p);
        text_say(&t, TEXT(try_front));
        text_die(&t);
    }
    if (ago || (s && chunk_sealed(c) && !chunk_is_used(c)))
        die_double_free(&t, caller, p, ago);
    if (around && (around == c || !chunk_sealed(around)))
        die_damaged(&t, caller, p, around);
    if (around || map_each(is_around, &mapped))
        die_inside(&t, caller, p, around ? around : mapped.found);
    die_elsewhere(&t, caller, p);
}

void report_damage(const char *words, const struct chunk *c, const char *what)
{
    struct text t = {.length = 0};

    text_say(&t, "%s", words);
    text_say(&t, TEXT(damage), chunk_user(c), what);
    text_say(&t, TEXT(try_checking));
    text_die(&t);
}

void report_overflow(const char *caller, const struct chunk *c, size_t written)
{
    struct text t = {.length = 0};
    size_t usable = guard_usable(c);

    text_say(&t, "memory clobbered past end of allocated block");
    if (usable <= chunk_capacity(c))
        text_say(&t, TEXT(overflow), caller, chunk_user(c), usable, written - usable,
                 (const void *)((uintptr_t)chunk_user(c) + written - 1));
    else
        text_say(&t, TEXT(overflow_far), caller, chunk_user(c));
    text_say(&t, TEXT(try_string));
    text_die(&t);
}
