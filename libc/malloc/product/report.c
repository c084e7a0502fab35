/* SPDX-License-Identifier: MIT */
/* report.c - the last words: what was wrong, in glibc's words and in plain ones, then abort. Nothing here allocates. */
#include <string.h>

#include "malloc/words.h"
#include "product.h"

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

struct gone gone[ARENAS + 1][GONE];
size_t gone_count[ARENAS + 1];

static const struct gone *gone_find(const void *p)
{
    for (size_t from = 0; from <= ARENAS; from++)
        for (size_t ago = 1; ago <= GONE; ago++)
            if (gone[from][(gone_count[from] - ago) % GONE].p == p)
                return &gone[from][(gone_count[from] - ago) % GONE];
    return NULL;
}

/* words: what glibc says of a free where the block is not small. */
static _Noreturn void die_double_free(const char *caller, const void *p, const char *words, const char *known,
                                      const struct gone *what)
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
    text_say(&t, TEXT(try_owner));
    text_die(&t);
}

void report_pointer(const char *caller, const void *p)
{
    const struct page *page = page_find(p);
    const struct chunk *c = chunk_of(p);
    bool sealed = page && (uintptr_t)p % ALIGN == 0 && page_find(c) && chunk_sealed(c);
    bool row = !page && large_contains(c);
    const struct gone *what = gone_find(p);
    const char *words = what && what >= gone[ARENAS]             ? "munmap_chunk(): invalid pointer"
                        : sealed && c == arenas[page->arena].top ? "double free or corruption (top)"
                                                                 : "double free or corruption (!prev)";
    struct text t = {.length = 0};

    if (page && page->class && (uintptr_t)p % PAGE % class_size(page) == 0)
        die_double_free(caller, p, words, TEXT(freed_size), &(struct gone){.bytes = class_size(page)});
    if (sealed && !page->class && c->head & USED && block_is_cached(p))
        die_double_free(caller, p, words, TEXT(freed_size), &(struct gone){.bytes = chunk_capacity(c)});
    if (what && (page ? sealed && !page->class && !(c->head & USED) : !row))
        die_double_free(caller, p, words, TEXT(freed_size), what);
    if (sealed && !page->class && !(c->head & USED))
        die_double_free(caller, p, words, TEXT(freed_run), &(struct gone){.bytes = chunk_size(c)});
    row = row && !chunk_sealed(c);
    text_say(&t, "%s(): invalid pointer", !page && (uintptr_t)p % PAGE == HEADER ? "munmap_chunk" : caller);
    text_say(&t,
             (uintptr_t)p % ALIGN != 0 ? TEXT(not_aligned)
             : page                    ? TEXT(no_block)
             : row                     ? TEXT(mapped_header)
                                       : TEXT(elsewhere),
             caller, p);
    text_say(&t, page ? TEXT(try_same) : row ? TEXT(try_front) : TEXT(try_malloced));
    text_die(&t);
}

void report_broken(const char *words, const void *p, const char *what)
{
    struct text t = {.length = 0};

    text_say(&t, "%s", words);
    text_say(&t, TEXT(damage), p, what);
    text_say(&t, TEXT(try_checking));
    text_die(&t);
}

void report_cached(const void *p)
{
    report_broken("malloc(): unaligned tcache chunk detected", p, TEXT(cached_links));
}
