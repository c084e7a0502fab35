/* SPDX-License-Identifier: MIT */
/* report.c - the last words: what was wrong, in glibc's words and in plain ones, then abort. Nothing here allocates.
 *
 * First line: exactly what glibc 2.36 prints for the case, so that what one finds in the world about that line helps here. Then
 * what happened to which address, and what to try (words.def). glibc picks its words by the path that happened to notice. Here:
 *     double free     small enough for glibc's tcache: "free(): double free detected in tcache 2", a mapping of its own:
 *                     "munmap_chunk(): invalid pointer", now the start of the top: "double free or corruption (top)", else "... (!prev)"
 *     no block        "free(): invalid pointer", where a mapped block could start "munmap_chunk(): invalid pointer"
 *     header damaged  "free(): invalid size"
 */
#include <string.h>

#include "heap.h"
#include "malloc/words.h"

#define TCACHE_MAX ((size_t)1032) /* the largest request that glibc keeps in its tcache */

static bool is_free(const char *caller)
{
    return strcmp(caller, "free") == 0;
}

/* first: what glibc says where the caller is free; of others it says that the pointer is invalid. */
static struct text begin(const char *caller, const char *first)
{
    struct text t = {.length = 0};

    if (is_free(caller))
        text_say(&t, "%s", first);
    else
        text_say(&t, "%s(): invalid pointer", caller);
    return t;
}

/* What the conversions of `what` want follows it. */
static _Noreturn void die(const char *caller, const char *first, const char *advice, const char *what, ...)
{
    struct text t = begin(caller, first);
    va_list arguments;

    va_start(arguments, what);
    text_add(&t, what, arguments);
    va_end(arguments);
    text_say(&t, "%s", advice);
    text_die(&t);
}

void report_broken(const char *words, const void *p, const char *what)
{
    die("free", words, TEXT(try_checking), TEXT(damage), p, what);
}

/* A line that says where the block comes from. */
void report_sites(struct text *t, const char *what, const void *p, size_t bytes, uintptr_t made,
                  uintptr_t freed)
{
    char maker[160] = "", freer[160] = "";

    text_site(maker, sizeof(maker), made);
    if (freed)
        text_site(freer, sizeof(freer), freed);
    text_say(t, TEXT(sites), what, p, bytes, maker, freed ? TEXT(freed_at) : "", freer);
}

static const struct gone_block *gone_in(const struct gone *gone, const void *p)
{
    for (size_t ago = 1; ago <= GONE; ago++)
        if (gone->blocks[(gone->count - ago) % GONE].p == p)
            return &gone->blocks[(gone->count - ago) % GONE];
    return NULL;
}

/* What was freed at p, NULL: that is not known. first: what glibc says of a second free if the block is not small. */
static const struct gone_block *gone_find(const void *p, const char **first)
{
    const struct gone_block *found = gone_in(&large_gone, p);

    *first = found ? "munmap_chunk(): invalid pointer" : "double free or corruption (!prev)";
    for (const struct arena *a = arenas; a < arenas + ARENAS && !found; a++) {
        found = gone_in(&a->gone, p);
        if (chunk_of(p) == a->top)
            *first = "double free or corruption (top)";
    }
    return found;
}

static _Noreturn void die_double_free(const char *caller, const void *p, const char *first, const char *known,
                                      const struct gone_block *what)
{
    if (what->bytes <= TCACHE_MAX)
        first = "free(): double free detected in tcache 2";
    if (!what->made)
        die(caller, first, TEXT(try_owner), known, caller, p, what->bytes);

    struct text t = begin(caller, first);

    report_sites(&t, is_free(caller) ? TEXT(double_free_of) : TEXT(use_freed), p, what->bytes, what->made,
                 what->freed);
    text_say(&t, "%s", TEXT(try_owner));
    text_die(&t);
}

/* The chunk that p lies in, or the first one on the way there whose header is damaged; NULL: it lies in none. */
static const struct chunk *chunk_around(const void *p)
{
    const struct page *page = page_find(p);
    const struct segment *s = page ? arenas[page->arena].newest : NULL;
    const struct chunk *c = large_below(p);

    if (!page)
        return c && (uintptr_t)p - (uintptr_t)c < chunk_size(c) ? c : NULL;
    for (; s; s = s->older)
        if ((uintptr_t)p - s->start < s->end - s->start) {
            for (c = chunk_at(s->start);
                 chunk_sealed(c) && (uintptr_t)chunk_user(chunk_next(c)) <= (uintptr_t)p;)
                c = chunk_next(c);
            return c;
        }
    return NULL;
}

void report_pointer(const char *caller, const void *p)
{
    const struct page *page = page_find(p);
    const struct chunk *c = chunk_of(p), *around;
    const char *invalid = page || (uintptr_t)p % PAGE != HEADER ? "free(): invalid pointer"
                                                                : "munmap_chunk(): invalid pointer";
    const char *first, *known = TEXT(freed_size);
    const struct gone_block *what = gone_find(p, &first);
    struct gone_block here = {.p = p};

    if ((uintptr_t)p % ALIGN != 0)
        die(caller, invalid, TEXT(try_same), TEXT(not_aligned), caller, p);
    if (!page && large_below(p) == c)
        die(caller, invalid, TEXT(try_front), TEXT(mapped_header), caller, p);
    if (page && page->class) {
        size_t size = class_size(page), inside = (uintptr_t)p % PAGE % size;

        if (inside)
            die(caller, invalid, TEXT(try_same), TEXT(inside), caller, p, inside, (const char *)p - inside,
                TEXT(a_block), size);
        here.bytes = size;
        what = &here;
    } else if (page && !(page_find(c) && chunk_sealed(c))) {
        what = NULL;
    } else if (page && c->head & USED) {
        here.bytes = chunk_capacity(c);
        what = block_is_cached(p) ? &here : NULL;
    } else if (page && !what) {
        here.bytes = chunk_size(c);
        known = TEXT(freed_run);
        what = &here;
    }
    if (what) /* of a row that is gone, or if the break was lowered below the block, the note is all there is */
        die_double_free(caller, p, first, known, what);
    around = chunk_around(p);
    if (!around)
        die(caller, invalid, TEXT(try_malloced), TEXT(elsewhere), caller, p);
    if (around == c || !chunk_sealed(around))
        die(caller, "free(): invalid size", TEXT(try_before), TEXT(header_lost), caller, p, around,
            around == c ? "" : TEXT(heap_lost));
    die(caller, "free(): invalid pointer", TEXT(try_same), TEXT(inside), caller, p,
        (uintptr_t)p - (uintptr_t)chunk_user(around), chunk_user(around),
        around->head & USED ? TEXT(a_block) : TEXT(free_chunk), chunk_capacity(around));
}
