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

static _Noreturn void die_double_free(const char *caller, const void *p, size_t size, bool top)
{
    struct text t = {.length = 0};

    if (strcmp(caller, "free") != 0)
        text_say(&t, "%s(): invalid pointer", caller);
    else if (size <= TCACHE_MAX)
        text_say(&t, "free(): double free detected in tcache 2");
    else
        text_say(&t, "double free or corruption %s", top ? "(top)" : "(!prev)");
    text_say(&t, TEXT(freed_size), caller, p, size);
    text_say(&t, TEXT(try_owner));
    text_die(&t);
}

void report_pointer(const char *caller, const void *p)
{
    const struct page *page = page_find(p);
    const struct chunk *c = chunk_of(p);
    bool sealed = page && (uintptr_t)p % ALIGN == 0 && page_find(c) && chunk_sealed(c);
    struct text t = {.length = 0};

    if (page && (uintptr_t)p % ALIGN == 0 && block_is_cached(p))
        die_double_free(caller, p, page->class ? class_size(page) : chunk_capacity(c), false);
    if (page && page->class && (uintptr_t)p % PAGE % class_size(page) == 0)
        die_double_free(caller, p, class_size(page), false);
    if (sealed && !page->class && !(c->head & USED))
        die_double_free(caller, p, chunk_capacity(c), c == arenas[page->arena].top);
    text_say(&t, "%s(): invalid pointer", !page && (uintptr_t)p % PAGE == HEADER ? "munmap_chunk" : caller);
    text_say(&t,
             (uintptr_t)p % ALIGN != 0 ? TEXT(not_aligned)
             : page                    ? TEXT(no_block)
                                       : TEXT(elsewhere),
             caller, p);
    text_say(&t, page ? TEXT(try_same) : TEXT(try_malloced));
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
