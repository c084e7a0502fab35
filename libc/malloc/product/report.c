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
    text_say(t, "malloc: %s %p (%z bytes, allocated at %s%s%s)", what, p, bytes, maker,
             freed ? ", freed at " : "", freer);
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
    text_say(&t, "malloc: %s(%p): the block here was freed before%s; it had %z bytes.", caller, p,
             top ? " and is part of the top now" : "", size);
    text_say(&t, "malloc: try: look for the second owner of this pointer; set pointers to NULL after free.");
    text_die(&t);
}

static _Noreturn void die(const char *words, const char *caller, const void *p, const char *what)
{
    struct text t = {.length = 0};

    text_say(&t, "%s", words);
    text_say(&t, "malloc: %s(%p): %s.", caller, p, what);
    text_say(&t,
             "malloc: try: pass the very pointer that malloc returned, once; MALLOC_CHECK_=3 tells more.");
    text_die(&t);
}

void report_pointer(const char *caller, const void *p)
{
    const struct page *page = page_find(p);
    const struct chunk *c = chunk_of(p);
    bool sealed = page && (uintptr_t)p % ALIGN == 0 && page_find(c) && chunk_sealed(c);
    struct text words = {.length = 0};

    if (page && (uintptr_t)p % ALIGN == 0 && block_is_cached(p))
        die_double_free(caller, p, page->class ? class_size(page) : chunk_capacity(c), false);
    if (page && page->class && (uintptr_t)p % PAGE % class_size(page) == 0)
        die_double_free(caller, p, class_size(page), false);
    if (sealed && !page->class && !(c->head & USED))
        die_double_free(caller, p, chunk_capacity(c), c == arenas[page->arena].top);
    text_say(&words, "%s(): invalid pointer",
             !page && (uintptr_t)p % PAGE == HEADER ? "munmap_chunk" : caller);
    words.bytes[words.length - 1] = 0;
    die(words.bytes, caller, p,
        (uintptr_t)p % ALIGN != 0 ? "every block starts at a multiple of 16, this address is none"
        : page ? "no block starts here: it lies inside of one, or its header was overwritten"
               : "the address lies in no memory that malloc has handed out");
}

void report_broken(const char *words, const void *p, const char *what)
{
    die(words, "block ", p, what);
}

void report_cached(const void *p)
{
    die("malloc(): unaligned tcache chunk detected", "malloc", p,
        "this free block was written to: probably through a pointer after free(pointer)");
}
