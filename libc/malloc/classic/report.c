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

/* words: what glibc says of a block that is not small. */
static const struct gone_block *gone_find(const void *p, const char **words)
{
    const struct gone_block *found = gone_in(&large_gone, p);

    *words = found ? "munmap_chunk(): invalid pointer" : "double free or corruption (!prev)";
    for (const struct arena *a = arenas; a < arenas + ARENAS && !found; a++)
        found = gone_in(&a->gone, p);
    return found;
}

/* The chunk that p lies in, or the first one on the way there whose header is damaged. => p lies in the arena, NULL: it does not */
static const struct chunk *chunk_around(const struct arena *a, const void *p)
{
    for (const struct segment *s = a->newest; s; s = s->older) {
        const struct chunk *c = chunk_at(s->start);

        if ((uintptr_t)p - s->start >= s->end - s->start)
            continue;
        while (chunk_sealed(c) && (uintptr_t)chunk_user(chunk_next(c)) <= (uintptr_t)p)
            c = chunk_next(c);
        return c;
    }
    return NULL;
}

static _Noreturn void die(struct text *t, const char *advice)
{
    text_say(t, "%s", advice);
    text_die(t);
}

/* words: what glibc says of a free where the block is not small. known: what is said of `bytes`. */
static _Noreturn void die_double_free(const char *caller, const void *p, const char *words, const char *known,
                                      const struct gone_block *what)
{
    bool is_free = strcmp(caller, "free") == 0;
    struct text t = {.length = 0};

    if (is_free)
        text_say(&t, "%s", what->bytes <= TCACHE_MAX ? "free(): double free detected in tcache 2" : words);
    else
        text_say(&t, "%s(): invalid pointer", caller);
    if (what->made)
        report_sites(&t, is_free ? TEXT(double_free_of) : TEXT(use_freed), p, what->bytes, what->made,
                     what->freed);
    else
        text_say(&t, known, caller, p, what->bytes);
    die(&t, TEXT(try_owner));
}

static _Noreturn void die_inside(const char *caller, const void *p, const void *start, size_t bytes,
                                 bool used)
{
    struct text t = {.length = 0};

    text_say(&t, "%s(): invalid pointer", caller);
    text_say(&t, TEXT(inside), caller, p, (uintptr_t)p - (uintptr_t)start, start,
             used ? TEXT(a_block) : TEXT(free_chunk), bytes);
    die(&t, TEXT(try_same));
}

static _Noreturn void die_damaged(const char *caller, const void *p, const struct chunk *damaged)
{
    struct text t = {.length = 0};

    text_say(&t, "%s(): invalid %s", caller, strcmp(caller, "free") == 0 ? "size" : "pointer");
    text_say(&t, TEXT(header_lost), caller, p, damaged, damaged == chunk_of(p) ? "" : TEXT(heap_lost));
    die(&t, TEXT(try_before));
}

static _Noreturn void die_simply(const char *caller, const void *p, const char *what, const char *advice)
{
    struct text t = {.length = 0};

    text_say(&t, "%s(): invalid pointer",
             strcmp(caller, "free") == 0 && !page_find(p) && (uintptr_t)p % PAGE == HEADER ? "munmap_chunk"
                                                                                           : caller);
    text_say(&t, what, caller, p);
    die(&t, advice);
}

static _Noreturn void report_in_slab(const char *caller, const struct page *page, const void *p)
{
    size_t size = class_size(page), inside = (uintptr_t)p % PAGE % size;

    if (inside)
        die_inside(caller, p, (const char *)p - inside, size, true);
    die_double_free(caller, p, "", TEXT(freed_size), &(struct gone_block){.bytes = size});
}

static _Noreturn void report_in_heap(const char *caller, const struct arena *a, const void *p)
{
    const struct chunk *c = chunk_of(p), *around = chunk_around(a, p);
    const char *words;
    const struct gone_block *what = gone_find(p, &words);
    bool sealed = page_find(c) && chunk_sealed(c);

    if (c == a->top)
        words = "double free or corruption (top)";
    if (sealed && c->head & USED && block_is_cached(p))
        die_double_free(caller, p, words, TEXT(freed_size), &(struct gone_block){.bytes = chunk_capacity(c)});
    if (sealed && !(c->head & USED) && what)
        die_double_free(caller, p, words, TEXT(freed_size), what);
    if (sealed && !(c->head & USED))
        die_double_free(caller, p, words, TEXT(freed_run), &(struct gone_block){.bytes = chunk_size(c)});
    if (!around)
        die_simply(caller, p, TEXT(elsewhere), TEXT(try_malloced));
    if (around == c || !chunk_sealed(around))
        die_damaged(caller, p, around);
    die_inside(caller, p, chunk_user(around), chunk_capacity(around), around->head & USED);
}

struct search {
    const void *p;
    const struct chunk *found;
};

static int is_around(const struct chunk *c, void *context)
{
    struct search *search = context;

    if ((uintptr_t)search->p - (uintptr_t)c < chunk_size(c))
        search->found = c;
    return search->found != NULL;
}

void report_pointer(const char *caller, const void *p)
{
    const struct page *page = page_find(p);
    const char *words;
    const struct gone_block *what = gone_find(p, &words);
    struct search row = {p, NULL};

    if ((uintptr_t)p % ALIGN != 0)
        die_simply(caller, p, TEXT(not_aligned), TEXT(try_same));
    if (page && page->class)
        report_in_slab(caller, page, p);
    if (page)
        report_in_heap(caller, &arenas[page->arena], p);
    if (large_contains(chunk_of(p)))
        die_simply(caller, p, TEXT(mapped_header), TEXT(try_front));
    if (what) /* the row is gone, or the break was lowered below the block */
        die_double_free(caller, p, words, TEXT(freed_size), what);
    if (large_each(is_around, &row))
        die_inside(caller, p, chunk_user(row.found), chunk_capacity(row.found), true);
    die_simply(caller, p, TEXT(elsewhere), TEXT(try_malloced));
}

void report_broken(const char *words, const void *p, const char *what)
{
    struct text t = {.length = 0};

    text_say(&t, "%s", words);
    text_say(&t, TEXT(damage), p, what);
    die(&t, TEXT(try_checking));
}
